"""Latency: compared where both sides answered at about the same time, also when read again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from cli.project import FAILURES_ONLY, LOG_WORKER, calls, judged, logged, recordings, run
from conftest import prompt_file

if TYPE_CHECKING:
    from conftest import Folder

# So few that medians are compared, which no hiccup of the machine can move.
SOME = {f"c{i:02}": f"yes {i}" for i in range(16)}
SLOW_WORKER = LOG_WORKER.replace(
    "    time.sleep(", "    if text.endswith(' slowly'): time.sleep(0.03)\n    time.sleep(", 1
).replace('"output": text', '"output": text.removesuffix(" slowly")')
SLOWLY = {"fixtures/s.prompt.yml": prompt_file("{{answer}} slowly")}
LATENCY = {"latency_p95": {"max_ratio": 1.25}}
NOT_COMPARED = {"latency_p95": "old and new were not called side by side"}


def slower(repo: Folder, metrics: dict[str, Any]) -> Folder:
    """A repository without a baseline, and a change that makes the worker slower, no more."""
    files = logged(SOME, {"metrics": metrics}, checks=[{"regex": r"^yes \d+$"}])
    repo.write({**files, "worker.py": SLOW_WORKER}).commit()
    return repo.write(SLOWLY)


@pytest.mark.parametrize(
    "metrics",
    [
        pytest.param(LATENCY, id="latency-alone"),
        pytest.param({**FAILURES_ONLY["metrics"], **LATENCY}, id="with-failures"),
    ],
)
def test_a_slower_worker_fails_and_the_same_run_again_calls_nothing(
    repo: Folder, metrics: dict[str, Any]
) -> None:
    slower(repo, metrics)
    (first,) = judged(repo, exit_code=1)["suites"]
    failed = [each for each in first["findings"] if each["verdict"] == "fail"]
    assert [each["metric"] for each in failed] == ["latency_p95"]
    assert first["confirmation"] is None
    assert first["failure_codes"] == {"old": {}, "new": {}}
    assert calls(repo).total() == len(recordings(repo)) > 0
    for offline in ((), ("--offline",)):
        (again,) = judged(repo, *offline, exit_code=1)["suites"]
        for name in ("verdict", "findings", "trials", "not_measured", "stopped_early"):
            assert again[name] == first[name]
        assert not calls(repo)
    table = run(repo, "check", "--offline").stdout
    assert table.startswith("FAIL: suite s: latency p50 rose from ")


def test_a_slow_start_of_both_sides_does_not_pass_a_slower_worker(repo: Folder) -> None:
    slower(repo, LATENCY)
    start = "import time\ntime.sleep(0.2)\n"  # of each side's first answer
    repo.write({"fixtures/s.prompt.yml": prompt_file()})
    repo.write({"worker.py": start + SLOW_WORKER}).commit()
    repo.write(SLOWLY)
    judged(repo, exit_code=1)


def test_answers_of_different_days_are_not_compared(repo: Folder) -> None:
    slower(repo, {**FAILURES_ONLY["metrics"], **LATENCY})
    judged(repo, "--all-calls", exit_code=1)
    calls(repo)
    with closing(sqlite3.connect(repo.path / ".gate/recordings.db")) as database, database:
        for day, (digest, _) in enumerate(sorted(recordings(repo))):
            database.execute(
                "UPDATE recordings SET recorded_at = recorded_at - 86400 * ? WHERE digest = ?",
                (day, digest),
            )
    (suite,) = judged(repo, "--all-calls", exit_code=0)["suites"]
    assert suite["not_measured"] == NOT_COMPARED
    assert suite["verdict"] == "inconclusive"
    assert not calls(repo)
