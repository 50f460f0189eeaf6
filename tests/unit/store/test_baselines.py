from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.core.model import Response
from gate.errors import BaselineError
from gate.store.baseline_writer import baseline_text, write_baseline
from gate.store.baselines import Baseline, BaselineCase, read_baseline
from gate.store.worktree import WorkTree


class OneFile:
    """A tree that holds one baseline."""

    label = "abc1234:"

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, path: str) -> bytes:
        assert path == "baselines/s.jsonl"
        return self.content

    def exists(self, path: str) -> bool:
        return path == "baselines/s.jsonl"

    def find(self, pattern: str) -> list[str]:
        return [pattern]


def answer(text: str = "yes", **more: object) -> Response:
    return Response(**{"text": text, "finish_reason": "stop", "latency_ms": 5, **more})


def baseline(**more: object) -> Baseline:
    cases = {
        "b": BaselineCase(digest="d2", trials=(answer("two"), answer("zwei", input_tokens=3))),
        "a": BaselineCase(digest="d1", trials=(answer("one", cost_usd=0.25, output_tokens=1),)),
    }
    keys = {
        "suite": "s",
        "fingerprint": "f",
        "model": "openai/m",
        "recorded_at": "2026-01-31T12:00:00Z",
        "repeats": 2,
        "vendor_models": ("m-2026-01-01",),
        "cases": cases,
        **more,
    }
    return Baseline(**keys)


@pytest.fixture
def tree(tmp_path) -> WorkTree:
    return WorkTree(tmp_path)


def test_a_baseline_is_a_line_a_case_sorted_by_id() -> None:
    assert baseline_text(baseline()).splitlines() == [
        '{"cases":2,"fingerprint":"f","format":"gate-baseline/1","model":"openai/m",'
        '"recorded_at":"2026-01-31T12:00:00Z","repeats":2,"suite":"s",'
        '"vendor_models":["m-2026-01-01"]}',
        '{"case":"a","digest":"d1","trials":[{"cost_usd":0.25,"finish_reason":"stop",'
        '"latency_ms":5,"output":"one","output_tokens":1}]}',
        '{"case":"b","digest":"d2","trials":[{"finish_reason":"stop","latency_ms":5,'
        '"output":"two"},{"finish_reason":"stop","input_tokens":3,"latency_ms":5,'
        '"output":"zwei"}]}',
    ]


def test_the_order_of_cases_does_not_change_the_file() -> None:
    turned = dict(reversed(baseline().cases.items()))
    assert baseline_text(baseline(cases=turned)) == baseline_text(baseline())


def test_what_is_written_reads_back_equal(tree: WorkTree) -> None:
    assert write_baseline(tree, baseline()) == "baselines/s.jsonl"
    assert read_baseline(tree, "s") == baseline()
    assert read_baseline(tree, "t") is None
    assert [path.name for path in (tree.root / "baselines").iterdir()] == ["s.jsonl"]


TEXT = st.text(max_size=20)  # lone surrogates are left out by Hypothesis, see the examples
COUNT = st.none() | st.integers(min_value=0, max_value=10**9)
RESPONSES = st.builds(
    Response,
    text=TEXT,
    finish_reason=st.sampled_from(["stop", "length", "a word of the vendor's"]),
    latency_ms=st.integers(min_value=0, max_value=10**7),
    input_tokens=COUNT,
    output_tokens=COUNT,
    cost_usd=st.none() | st.floats(min_value=0, max_value=10, allow_nan=False),
)
CASES = st.dictionaries(
    TEXT.filter(bool),
    st.builds(BaselineCase, digest=TEXT, trials=st.lists(RESPONSES, max_size=3).map(tuple)),
    max_size=4,
)


@given(CASES)
@example({"\ud800": BaselineCase(digest="d", trials=(answer("\udfff \u2028 \0 \r\n"),))})
def test_any_baseline_reads_back_equal(cases) -> None:
    written = baseline(cases=cases)
    assert read_baseline(OneFile(baseline_text(written).encode()), "s") == written


def test_a_baseline_that_is_cut_anywhere_is_an_error_or_equal() -> None:
    whole = baseline_text(baseline(cases={**baseline().cases, "ü": baseline().cases["a"]})).encode()
    expected = read_baseline(OneFile(whole), "s")
    for end in range(len(whole)):
        with pytest.raises(BaselineError) as caught:
            read_baseline(OneFile(whole[:end]), "s")
        assert str(caught.value).startswith("abc1234:baselines/s.jsonl")
        assert caught.value.fix.endswith("run: gate refresh s")
    assert read_baseline(OneFile(whole), "s") == expected


HEAD, A, B = baseline_text(baseline()).splitlines()


def changed(line: str, **keys: object) -> str:
    return json.dumps({**json.loads(line), **keys})


def with_number(name: str, value: object) -> str:
    """The first case, with one number of its first trial replaced."""
    case = json.loads(A)
    case["trials"][0][name] = value
    return json.dumps(case)


def without(line: str, key: str) -> str:
    return json.dumps({name: value for name, value in json.loads(line).items() if name != key})


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param([changed(HEAD, suite="t"), A, B], ":1: belongs to suite 't'", id="suite"),
        pytest.param([HEAD, A], ": 1 cases stand here, its first line says 2", id="too-few"),
        pytest.param([HEAD, A, B, A], ": 3 cases stand here, its first line says 2", id="too-many"),
        pytest.param([HEAD, A, A], ": 2 cases stand here, its first line says 2", id="twice"),
        pytest.param([HEAD, A, "{"], ":3: not JSON", id="broken-line"),
        pytest.param([HEAD, A, "[]"], ":3: not a JSON object", id="no-object"),
        pytest.param([HEAD, "", A, B], ":2: not JSON", id="empty-line"),
        pytest.param([HEAD, "[" * 100_000, B], ":2: not JSON", id="too-deep"),
        pytest.param([A, B], ": not a baseline: KeyError('format')", id="no-first-line"),
        pytest.param([changed(HEAD, format="x/9"), A, B], "format 'x/9'", id="other-format"),
        pytest.param([without(HEAD, "cases"), A, B], "KeyError('cases')", id="no-count"),
        pytest.param([without(HEAD, "model"), A, B], "KeyError('model')", id="no-model"),
        pytest.param([changed(HEAD, recorded_at="soon"), A, B], "not a baseline", id="no-date"),
        pytest.param([changed(HEAD, recorded_at=5), A, B], "not a baseline", id="date-5"),
        pytest.param([HEAD, without(A, "digest"), B], "KeyError('digest')", id="no-digest"),
        pytest.param([HEAD, changed(A, trials=[{}]), B], "KeyError('output')", id="empty-trial"),
        pytest.param(
            [HEAD, A.replace('"one"', "null"), B], "output and finish_reason are texts", id="null"
        ),
        pytest.param([HEAD, changed(A, case=["a"]), B], "not a baseline", id="id-that-is-a-list"),
        *(
            pytest.param([HEAD, with_number(name, value), B], ":2: not a baseline's case: ",
                         id=f"{name}-{value}")
            for name, value in (
                ("output_tokens", -1), ("output_tokens", "5"), ("output_tokens", 1.5),
                ("output_tokens", True), ("input_tokens", 10**400), ("cost_usd", -0.1),
                ("cost_usd", "0"), ("latency_ms", None), ("latency_ms", -1.0),
            )
        ),
        pytest.param(
            [HEAD, with_number("cost_usd", float("nan")), B], ":2: not JSON: NaN", id="nan"
        ),
    ],
)  # fmt: skip
def test_what_is_no_baseline_is_refused(lines: list[str], says: str) -> None:
    with pytest.raises(BaselineError) as caught:
        read_baseline(OneFile("".join(f"{line}\n" for line in lines).encode()), "s")
    assert str(caught.value).startswith("abc1234:baselines/s.jsonl")
    assert says in str(caught.value)


def test_an_empty_file_is_no_baseline() -> None:
    with pytest.raises(BaselineError, match="not a baseline"):
        read_baseline(OneFile(b""), "s")


def test_trials_count_for_their_own_request_only() -> None:
    found = baseline()
    assert [trial.text for trial in found.trials_of("b", "d2")] == ["two", "zwei"]
    assert found.trials_of("b", "d1") == ()
    assert found.trials_of("c", "d2") == ()
    assert found.outputs_of("b") == ("two", "zwei")
    assert found.outputs_of("c") == ()


def test_a_baseline_replaces_the_one_before(tree: WorkTree) -> None:
    write_baseline(tree, baseline())
    write_baseline(tree, baseline(cases={}, fingerprint="g"))
    found = read_baseline(tree, "s")
    assert found is not None
    assert (found.fingerprint, found.cases) == ("g", {})


def test_a_full_disk_leaves_the_old_baseline(tree: WorkTree) -> None:
    write_baseline(tree, baseline())
    before = (tree.root / "baselines/s.jsonl").read_bytes()
    # The system refuses the write after 4,000 bytes, as it would on a full disk.
    script = f"""
        import resource, sys
        from pathlib import Path
        sys.path.insert(0, {str(tree.root)!r})
        from gate.core.model import Response
        from gate.errors import BaselineError
        from gate.store.baseline_writer import write_baseline
        from gate.store.baselines import Baseline, BaselineCase
        from gate.store.worktree import WorkTree
        trial = Response(text="x" * 100_000, finish_reason="stop", latency_ms=1)
        one = Baseline(suite="s", fingerprint="f", model="m", recorded_at="2026-01-01", repeats=1,
                       cases={{"a": BaselineCase(digest="d", trials=(trial,))}})
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
        try:
            write_baseline(WorkTree(Path({str(tree.root)!r})), one)
        except BaselineError as error:
            print(error, "|", error.fix)
        """
    done = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        "baselines/s.jsonl: cannot be written: File too large | the old baseline is untouched\n"
    )
    assert (tree.root / "baselines/s.jsonl").read_bytes() == before
    assert [path.name for path in (tree.root / "baselines").iterdir()] == ["s.jsonl"]


def test_a_folder_that_cannot_be_made_is_named(tree: WorkTree) -> None:
    (tree.root / "baselines").write_text("a file where the folder should be")
    with pytest.raises(BaselineError, match=r"baselines/s.jsonl: cannot be written: File exists"):
        write_baseline(tree, baseline())


def test_a_failed_replacement_leaves_no_temporary_file(tree: WorkTree) -> None:
    (tree.root / "baselines/s.jsonl").mkdir(parents=True)
    with pytest.raises(BaselineError, match="cannot be written: Is a directory"):
        write_baseline(tree, baseline())
    assert [path.name for path in (tree.root / "baselines").iterdir()] == ["s.jsonl"]
