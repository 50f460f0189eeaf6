from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from unit.core.override_files import FILE, files, override_file

from gate.core.calibrated import CalibratedProxy, Curve
from gate.core.override_file import as_json
from gate.errors import BaselineError, ConfigError
from gate.store.override_files import override_path, read_override_file, read_proxy
from gate.store.override_writer import override_text, write_override_file
from gate.store.worktree import WorkTree

PATH = "baselines/s.override.json"


class OneFile:
    """A tree that holds one calibrated proxy."""

    label = "abc1234:"

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, path: str) -> bytes:
        assert path == PATH
        return self.content

    def exists(self, path: str) -> bool:
        return path == PATH

    def find(self, pattern: str) -> list[str]:
        return [pattern]


@pytest.fixture
def tree(tmp_path) -> WorkTree:
    return WorkTree(tmp_path)


def test_a_proxy_stands_beside_the_baseline_of_its_suite() -> None:
    assert override_path("s") == PATH


def test_what_is_written_reads_back_equal(tree: WorkTree) -> None:
    write_override_file(tree, PATH, FILE)
    assert read_override_file(tree, PATH, "s") == FILE
    assert read_override_file(tree, override_path("t"), "t") is None
    assert [path.name for path in (tree.root / "baselines").iterdir()] == ["s.override.json"]


def test_a_proxy_is_read_by_its_path_alone(tree: WorkTree) -> None:
    write_override_file(tree, PATH, FILE)
    assert read_proxy(tree.root / PATH) == read_proxy(str(tree.root / PATH)) == FILE
    with pytest.raises(ConfigError, match=r"gone\.json: no such file"):
        read_proxy(tree.root / "baselines/gone.json")


@given(files())
@example(override_file(suite="\ud800", judge="\udfff \u2028 \0 \r\n ü"))
def test_any_file_reads_back_equal(file) -> None:
    written = OneFile(override_text(file).encode())
    assert read_override_file(written, PATH, file.suite) == file


def test_the_file_is_a_line_a_signal_and_a_line_a_segment() -> None:
    proxy = replace(FILE.proxy, offsets={"tag=a": -0.25, "größe=klein": 0.5})
    lines = override_text(replace(FILE, proxy=proxy, review=None)).splitlines()
    start = lines.index('  "intercept": -1.5,')
    assert lines[start:] == [
        '  "intercept": -1.5,',
        '  "signals": {',
        '    "text": {"points": [[0.0, 0.0], [0.25, 0.5], [1.0, 2.0]]},',
        '    "judge": {"points": [[0.0, 0.0], [1.0, 3.0]], "absent": 0.75}',
        "  },",
        '  "segments": {',
        '    "tag=a": -0.25,',
        '    "größe=klein": 0.5',
        "  },",
        '  "review": null',
        "}",
    ]


def test_what_is_empty_takes_one_line() -> None:
    proxy = CalibratedProxy(intercept=0.0, curves={})
    assert '  "signals": {},\n  "segments": {},\n' in override_text(override_file(proxy=proxy))


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        pytest.param(
            {"curves": {**FILE.proxy.curves, "text": Curve(points=((0.0, 0.0), (1.0, 2.5)))}},
            '    "text": {"points": [[0.0, 0.0], [1.0, 2.5]]},',
            id="one-signal",
        ),
        pytest.param({"offsets": {"tag=a": -0.5}}, '    "tag=a": -0.5', id="one-segment"),
        pytest.param({"intercept": -1.25}, '  "intercept": -1.25,', id="the-intercept"),
    ],
)
def test_what_changes_in_the_proxy_changes_one_line(changed, line) -> None:
    before = override_text(FILE).splitlines()
    after = override_text(replace(FILE, proxy=replace(FILE.proxy, **changed))).splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [line]


# --- what is no such file -------------------------------------------------------------------------


def text(**keys: object) -> str:
    return json.dumps({**as_json(FILE), **keys})


def without(key: str) -> str:
    return json.dumps({name: value for name, value in as_json(FILE).items() if name != key})


def curve(*points: tuple[float, float], **more: object) -> str:
    return text(signals={"text": {"points": points, **more}})


REPAIR = "restore the file from git, or remove it and run gate calibrate"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("{", ": not JSON: Expecting property name", id="broken"),
        pytest.param("", ": not JSON: Expecting value", id="empty"),
        pytest.param("[" * 100_000, ": not JSON: ", id="too-deep"),
        pytest.param(text(intercept=float("nan")), ": not JSON: NaN is no JSON", id="nan"),
        pytest.param(
            curve((0, 0), (1, float("inf"))), ": not JSON: Infinity is no JSON", id="infinity"
        ),
        pytest.param(text(suite="t"), ": belongs to suite 't'", id="another-suite"),
        pytest.param(
            curve((0, 0), (0.5, 2), (1, 1)),
            ": signals.text: (1, 1) after (0.5, 2): a curve never falls",
            id="a-falling-curve",
        ),
        pytest.param(curve((0, 0), (0, 1)), "(0, 1) after (0, 0)", id="one-place-twice"),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused_with_its_repair(content: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_override_file(OneFile(content.encode()), PATH, "s")
    assert str(caught.value).startswith(f"abc1234:{PATH}: ")
    assert says in str(caught.value)
    assert caught.value.fix == REPAIR


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("[]", "", id="no-object"),
        pytest.param(text(format="gate-override/9"), "format", id="another-format"),
        pytest.param(without("intercept"), "key 'intercept' is missing", id="no-intercept"),
        pytest.param(without("review"), "key 'review' is missing", id="no-review"),
        pytest.param(text(more=1), "unknown key 'more'", id="a-key-too-many"),
        pytest.param(text(intercept=True), "intercept: True must be of type", id="no-number"),
        pytest.param(
            text().replace("-1.5", "1e999"), "intercept: inf must be at most 1000", id="overflow"
        ),
        pytest.param(text(signals={"mood": {"points": [[0, 0], [1, 1]]}}), "'mood'", id="signal"),
        pytest.param(curve((0, 0)), "signals.text.points", id="one-point"),
        pytest.param(curve((0, 0), (1, 1), absent=None), "signals.text.absent", id="absent-null"),
        pytest.param(text(segments={"tag=a": "0"}), "segments.tag=a", id="a-text-for-a-number"),
        pytest.param(
            text(review={**as_json(FILE)["review"], "threshold": 1.5}), "must be at most 1",
            id="a-threshold-beyond-1",
        ),
        pytest.param(text(fitted_at="soon"), "fitted_at", id="no-date"),
    ],
)  # fmt: skip
def test_a_file_that_its_schema_forbids_is_refused(content: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_override_file(OneFile(content.encode()), PATH, "s")
    assert str(caught.value).startswith(f"abc1234:{PATH}")
    assert says in str(caught.value)


def test_a_file_that_is_cut_anywhere_is_an_error() -> None:
    whole = override_text(FILE).rstrip().encode()
    for end in range(len(whole)):
        with pytest.raises(ConfigError, match=PATH):
            read_override_file(OneFile(whole[:end]), PATH, "s")
    assert read_override_file(OneFile(whole), PATH, "s") == FILE


def test_a_file_that_cannot_be_written_is_named(tree: WorkTree) -> None:
    (tree.root / "baselines").write_text("a file where the folder should be")
    with pytest.raises(BaselineError, match=f"{PATH}: cannot be written: File exists") as caught:
        write_override_file(tree, PATH, FILE)
    assert caught.value.fix == "the old file is untouched"


def test_a_failed_replacement_leaves_the_old_file(tree: WorkTree) -> None:
    (tree.root / PATH).mkdir(parents=True)
    with pytest.raises(BaselineError, match="cannot be written: Is a directory"):
        write_override_file(tree, PATH, FILE)
    assert [path.name for path in (tree.root / "baselines").iterdir()] == ["s.override.json"]
