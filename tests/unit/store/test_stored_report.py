from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gate.core.ending import is_consistent
from gate.core.report import Report, SuiteReport, Verdict
from gate.errors import ConfigError
from gate.store.stored_report import read_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEAST: dict[str, Any] = {
    "version": 1,
    "verdict": "pass",
    "exit_code": 0,
    "owner": "",
    "policy": {"source": "gate.yaml", "alpha": 0.05},
    "suites": [],
    "notes": [],
    "waivers": [],
    "duration_s": 0.5,
    "explain_flags": "",
    "folder": "",
    "own_rules": None,
}


def test_the_least_report_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(LEAST))
    report = read_report(path)
    assert (report.exit_code, report.suites, report.duration_s) == (0, (), 0.5)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="cut"),
        pytest.param(b"\xff\xfe\x00", "not JSON", id="no-utf-8"),
        pytest.param(b"[" * 100_000, "not JSON", id="too-deep"),
        pytest.param(b'{"version": NaN}', "NaN is no JSON", id="not-a-number"),
        pytest.param(b"[]", "no report of version 1", id="no-object"),
        pytest.param(b"{}", "no report of version 1", id="no-version"),
        pytest.param(json.dumps({**LEAST, "version": 2}).encode(), "version 1", id="a-later-one"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        read_report(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.fix


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda r: r.pop("suites"), "key 'suites' is missing", id="a-missing-key"),
        pytest.param(
            lambda r: r.update(verdict="good"), "verdict: 'good' is none of", id="verdict"
        ),
        pytest.param(lambda r: r.update(exit_code=70), "exit_code: 70 is none of", id="exit-code"),
        pytest.param(lambda r: r.update(more=1), "unknown key 'more'", id="an-unknown-key"),
        pytest.param(lambda r: r.update(notes=[1]), "notes.0: 1 must be of type", id="a-note"),
        pytest.param(lambda r: r.update(duration_s=1e300), "duration_s: 1e", id="too-large"),
        pytest.param(lambda r: r.update(exit_code=1), "do not fit each other", id="pass-and-1"),
        pytest.param(
            lambda r: r.update(verdict="fail", exit_code=0),
            "do not fit each other",
            id="fail-and-0",
        ),
        pytest.param(
            lambda r: r.update(suites=[{"suite": "s"}]), "suites.0: key .* is missing", id="a-suite"
        ),
    ],
)
def test_a_report_that_was_edited_is_refused_with_its_key(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    value = {**LEAST}
    change(value)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(value))
    with pytest.raises(ConfigError, match=says):
        read_report(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_report(tmp_path / "report.json")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_report(tmp_path)


def test_a_whole_number_may_be_written_with_a_point(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps({**LEAST, "verdict": "fail", "exit_code": 1.0}))
    assert repr(read_report(path).exit_code) == "1"


@pytest.mark.parametrize(
    ("verdict", "exit_code", "suite", "is_valid"),
    [
        ("pass", 0, "pass", True),
        ("pass", 0, "not_affected", True),
        ("pass", 0, "fail", False),
        ("pass", 0, "inconclusive", False),
        ("inconclusive", 3, "inconclusive", True),
        ("inconclusive", 0, "incomplete", False),
        ("incomplete", 4, "fail", True),
        ("fail", 1, "incomplete", True),
    ],
)
def test_a_verdict_is_not_better_than_that_of_a_suite(
    verdict: str, exit_code: int, suite: str, *, is_valid: bool
) -> None:
    part = SuiteReport(
        suite="s",
        verdict=None if suite == "not_affected" else Verdict(suite),
        cases=1,
        trials_old=1,
        trials_new=1,
    )
    report = Report(
        verdict=Verdict(verdict), exit_code=exit_code, owner="", policy_source="", alpha=0.05,
        suites=(part,),
    )  # fmt: skip
    assert is_consistent(report) is is_valid
