from __future__ import annotations

import threading

import pytest

from gate.core.model import Response
from gate.core.secrets import Secrets
from gate.errors import IncompleteError, RecordingError, UnkeptError
from gate.store.recordings import Recordings
from gate.store.writer import MOST_WAITING, Writer

NO_SECRETS = Secrets({})
UNWRITABLE = "\ud83d"  # half of a surrogate pair, which no file can hold


def answer(text: str) -> Response:
    return Response(text=text, finish_reason="stop", latency_ms=1, received_at=1.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".gate" / "recordings.db"


def texts(path) -> dict[int, str]:
    opened = Recordings(path, secrets=NO_SECRETS)
    found = {repeat: response.text for (_, repeat), response in opened.fetch(["d"])}
    opened.close()
    return found


def held_back(path, go: threading.Event) -> Writer:
    """A writer whose file opens when it may: what is put before that is one batch."""

    def open_file() -> Recordings:
        assert go.wait(30)
        return Recordings(path, secrets=NO_SECRETS)

    return Writer(open_file, NO_SECRETS)


def test_everything_is_in_the_file_when_it_closes(path) -> None:
    writer = Writer(lambda: Recordings(path, secrets=NO_SECRETS), NO_SECRETS)
    for repeat in range(3 * MOST_WAITING):
        writer.put(("d", repeat), answer(str(repeat)))
    writer.close()
    assert texts(path) == {repeat: str(repeat) for repeat in range(3 * MOST_WAITING)}


def test_a_writer_that_was_given_nothing_opens_nothing(path) -> None:
    def open_file() -> Recordings:
        raise AssertionError

    Writer(open_file, NO_SECRETS).close()
    assert not path.exists()


def test_what_stands_before_the_answer_that_cannot_be_written_is_kept(path) -> None:
    go = threading.Event()
    writer = held_back(path, go)
    for repeat, text in enumerate(["first", "second", UNWRITABLE]):
        writer.put(("d", repeat), answer(text))
    go.set()
    with pytest.raises(UnkeptError, match="cannot be written"):
        writer.close()
    assert texts(path) == {0: "first", 1: "second"}


def test_the_next_answer_after_an_error_is_refused_and_nobody_waits_for_ever(path) -> None:
    path.parent.mkdir()
    path.write_text("no database, whatever its name says " * 40)
    writer = Writer(lambda: Recordings(path, secrets=NO_SECRETS), NO_SECRETS)
    with pytest.raises(RecordingError, match="cannot be used"):  # noqa: PT012 -- which one it hits is chance
        for repeat in range(10_000_000):
            writer.put(("d", repeat), answer("x"))
    with pytest.raises(RecordingError, match="cannot be used"):
        writer.close()


def test_a_defect_in_the_thread_is_raised_where_answers_are_put(path) -> None:
    def open_file() -> Recordings:
        raise ZeroDivisionError

    writer = Writer(open_file, NO_SECRETS)
    writer.put(("d", 0), answer("x"))
    with pytest.raises(ZeroDivisionError):
        writer.close()
    assert not path.exists()


def test_a_secret_is_refused_at_once_and_the_others_are_kept(path) -> None:
    secrets = Secrets({"MY_API_KEY": "sk-0123456789"})
    writer = Writer(lambda: Recordings(path, secrets=secrets), secrets)
    writer.put(("d", 0), answer("fine"))
    with pytest.raises(IncompleteError, match="carries the value of MY_API_KEY"):
        writer.put(("d", 1), answer("it is sk-0123456789"))
    writer.close()
    assert texts(path) == {0: "fine"}
