from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import textwrap
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.model import Response
from gate.core.secrets import Secrets
from gate.errors import IncompleteError, RecordingError
from gate.store.recordings import Recordings

NO_SECRETS = Secrets({})
SECRET = 'sk-made/up+"key"-1234567'
FULL = Response(
    text="yes\n\0 ü 🙂",
    finish_reason="stop",
    latency_ms=12.5,
    input_tokens=3,
    output_tokens=0,
    logprobs=(-0.5, -1.25),
    vendor_model="m-2026",
    cost_usd=0.001,
    attempts=2,
)
BARE = Response(text="", finish_reason="length", latency_ms=0.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".gate/recordings.db"


@pytest.fixture
def recordings(path):
    opened = Recordings(path, secrets=NO_SECRETS)
    yield opened
    opened.close()


def test_what_is_put_is_fetched_equal(recordings: Recordings) -> None:
    recordings.put("d", 0, FULL, now=10.0)
    recordings.put("d", 1, BARE, now=20.0)
    recordings.put("e", 0, BARE, now=30.0)
    assert dict(recordings.fetch(["d", "d", "none"])) == {("d", 0): FULL, ("d", 1): BARE}
    assert dict(recordings.fetch(["d", "e"], since=20.0)) == {("d", 1): BARE, ("e", 0): BARE}
    assert dict(recordings.fetch([])) == {}


def test_the_newest_answer_counts(recordings: Recordings) -> None:
    recordings.put("d", 0, BARE, now=1.0)
    recordings.put("d", 0, FULL, now=2.0)
    assert dict(recordings.fetch(["d"])) == {("d", 0): FULL}


def test_more_digests_than_a_query_takes_are_all_found(recordings: Recordings) -> None:
    digests = [str(number) for number in range(1201)]
    for digest in digests:
        recordings.put(digest, 0, BARE, now=1.0)
    assert len(dict(recordings.fetch(digests))) == 1201


RESPONSES = st.builds(
    Response,
    text=st.text(),
    finish_reason=st.text(max_size=10),
    latency_ms=st.floats(min_value=0, max_value=1e9),
    input_tokens=st.none() | st.integers(min_value=0, max_value=2**63 - 1),
    logprobs=st.none() | st.lists(st.floats(max_value=0, allow_infinity=False)).map(tuple),
    vendor_model=st.none() | st.text(),
)


@given(RESPONSES)
def test_any_response_reads_back_equal(tmp_path_factory, response: Response) -> None:
    opened = Recordings(tmp_path_factory.getbasetemp() / "any-response.db", secrets=NO_SECRETS)
    try:
        opened.put("d", 0, response, now=1.0)
        assert dict(opened.fetch(["d"])) == {("d", 0): response}
    finally:
        opened.close()


def test_recordings_outlive_the_process_that_made_them(path) -> None:
    script = """
        import os, sys
        from pathlib import Path
        from gate.core.model import Response
        from gate.core.secrets import Secrets
        from gate.store.recordings import Recordings
        opened = Recordings(Path(sys.argv[1]), secrets=Secrets({}))
        opened.put("d", 0, Response(text="kept", finish_reason="stop", latency_ms=1), now=1.0)
        os._exit(9)  # no close, no goodbye
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), path], check=False)
    assert done.returncode == 9
    opened = Recordings(path, secrets=NO_SECRETS)
    assert dict(opened.fetch(["d"]))["d", 0].text == "kept"
    opened.close()


def test_two_processes_lose_none_of_each_others_answers(path) -> None:
    script = """
        import sys
        from pathlib import Path
        from gate.core.model import Response
        from gate.core.secrets import Secrets
        from gate.store.recordings import Recordings
        name = sys.argv[2]
        opened = Recordings(Path(sys.argv[1]), secrets=Secrets({}))
        for repeat in range(300):
            answer = Response(text=f"{name}{repeat}", finish_reason="stop", latency_ms=1)
            opened.put(name, repeat, answer, now=1.0)
        opened.close()
        """
    both = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(script), path, name])
        for name in "xy"
    ]
    assert [each.wait(timeout=60) for each in both] == [0, 0]
    opened = Recordings(path, secrets=NO_SECRETS)
    found = dict(opened.fetch(["x", "y"]))
    opened.close()
    assert {(digest, repeat): answer.text for (digest, repeat), answer in found.items()} == {
        (name, repeat): f"{name}{repeat}" for name in "xy" for repeat in range(300)
    }


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"this is no database, whatever its name\n" * 40, id="text"),
        pytest.param(b"SQLite format 3\0" + b"\xff" * 200, id="only-the-first-bytes"),
    ],
)
def test_a_file_that_is_not_sqlite_is_refused_and_kept(path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(RecordingError, match="cannot be used for recordings") as caught:
        Recordings(path, secrets=NO_SECRETS)
    assert "move the file away" in caught.value.fix
    assert path.read_bytes() == content


def test_a_table_of_another_shape_is_refused(path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recordings (something TEXT)")
    other.commit()
    other.close()
    with pytest.raises(RecordingError, match="no such column: digest"):
        Recordings(path, secrets=NO_SECRETS)


def test_a_folder_that_cannot_be_made_is_named(path) -> None:
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(RecordingError, match="cannot be opened"):
        Recordings(path, secrets=NO_SECRETS)


def test_a_row_that_was_damaged_is_an_error(path, recordings: Recordings) -> None:
    recordings.put("d", 0, FULL, now=1.0)
    other = sqlite3.connect(path)
    other.execute("UPDATE recordings SET logprobs = '[-0.5'")
    other.commit()
    other.close()
    with pytest.raises(RecordingError, match="cannot be read"):
        dict(recordings.fetch(["d"]))


def test_a_read_only_file_is_an_error_and_stays_as_it_is(path) -> None:
    opened = Recordings(path, secrets=NO_SECRETS)
    opened.put("d", 0, FULL, now=1.0)
    opened.close()
    content = path.read_bytes()
    # Another user, because root may write everything.
    script = """
        import os, sys
        from pathlib import Path
        from gate.core.model import Response
        from gate.core.secrets import Secrets
        from gate.errors import RecordingError
        from gate.store.recordings import Recordings
        os.chdir(sys.argv[1])
        os.chmod("recordings.db", 0o444)
        os.chmod(".", 0o555)
        if os.geteuid() == 0:
            os.seteuid(65534)
        try:
            opened = Recordings(Path("recordings.db"), secrets=Secrets({}))
            opened.put("e", 0, Response(text="", finish_reason="stop", latency_ms=1), now=1.0)
        except RecordingError as error:
            print(error)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), path.parent],
        capture_output=True,
        text=True,
        check=True,
    )
    path.parent.chmod(0o755)
    assert done.stdout.startswith("recordings.db: cannot be ")
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(SECRET, id="plain"),
        pytest.param(json.dumps(SECRET), id="json"),
        pytest.param(quote(SECRET, safe=""), id="url"),
        pytest.param(base64.b64encode(SECRET.encode()).decode(), id="base64"),
        pytest.param(base64.b64encode(b"Bearer " + SECRET.encode()).decode(), id="within-base64"),
        pytest.param(base64.urlsafe_b64encode(SECRET.encode()).decode(), id="base64-for-urls"),
    ],
)
def test_an_answer_with_a_secret_is_not_stored(path, form: str) -> None:
    opened = Recordings(path, secrets=Secrets({"MY_API_KEY": SECRET, "HOME": "/home/someone"}))
    try:
        for answer in (
            Response(text=f"it is {form}.", finish_reason="stop", latency_ms=1),
            Response(text="", finish_reason="stop", latency_ms=1, vendor_model=f"m {form}"),
        ):
            with pytest.raises(IncompleteError, match="carries the value of MY_API_KEY") as caught:
                opened.put("d", 0, answer, now=1.0)
            assert SECRET not in str(caught.value)
        opened.put("e", 0, Response(text="/home/someone", finish_reason="", latency_ms=1), now=1.0)
        assert set(dict(opened.fetch(["d", "e"]))) == {("e", 0)}
    finally:
        opened.close()


def test_half_a_surrogate_pair_is_an_error_and_loses_nothing_else(recordings: Recordings) -> None:
    recordings.put("d", 0, FULL, now=1.0)
    with pytest.raises(RecordingError, match="cannot be written"):
        recordings.put("d", 1, Response(text="\ud83d", finish_reason="", latency_ms=1), now=1.0)
    assert dict(recordings.fetch(["d"])) == {("d", 0): FULL}


def test_no_column_could_hold_a_request_or_a_header(path, recordings: Recordings) -> None:
    recordings.put("d", 0, FULL, now=1.0)
    other = sqlite3.connect(path)
    columns = {row[1] for row in other.execute("PRAGMA table_info(recordings)")}
    (mode,) = other.execute("PRAGMA journal_mode").fetchone()
    other.close()
    assert columns == {
        "digest", "repeat", "recorded_at", "text", "finish_reason", "latency_ms", "input_tokens",
        "output_tokens", "logprobs", "vendor_model", "cost_usd", "attempts",
    }  # fmt: skip
    assert mode == "wal"
