"""How a run ends: first run, inconclusive, waived, out of budget, interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from cli.project import (
    BROKEN,
    FAILURES_ONLY,
    FEW,
    HARMLESS,
    IS_YES,
    MANY,
    bound_waiver,
    calls,
    failure_rate,
    judged,
    live,
    log_of,
    logged,
    recordings,
    run,
    with_config,
)
from conftest import Folder, prompt_file


def test_a_first_run_passes_and_says_what_to_do_next(repo: Folder) -> None:
    repo.write(logged(FEW))
    done = run(repo, "check")
    assert done.returncode == 0, done.stderr
    assert "note: first run: nothing is committed yet" in done.stdout
    assert "note: next: gate refresh, then commit gate.yaml" in done.stdout

    (repo.path / "gate.yaml").unlink()
    base = repo.commit()
    repo.write({"gate.yaml": logged(FEW)["gate.yaml"]})
    done = run(repo, "check")
    assert done.returncode == 0
    assert f"first run: the base {base[:12]} (merge-base with main) has no gate.yaml" in done.stdout
    assert not calls(repo)


@pytest.mark.parametrize(("inconclusive", "exit_code"), [("pass", 0), ("fail", 3)])
def test_the_policy_says_how_inconclusive_ends(
    repo: Folder, inconclusive: str, exit_code: int
) -> None:
    repo.write(logged(FEW, {**FAILURES_ONLY, "inconclusive": inconclusive})).commit()
    repo.write(HARMLESS)
    done = run(repo, "check")
    assert done.returncode == exit_code, done.stderr
    assert done.stdout.startswith("INCONCLUSIVE: no regression is shown")
    assert "the limit takes about" in done.stdout


@pytest.mark.parametrize(
    ("edit", "exit_code"),
    [
        pytest.param({}, 0, id="valid"),
        pytest.param({"expires": "2020-01-01"}, 1, id="expired"),
        pytest.param({"segment": "a=b"}, 1, id="other-segment"),
        pytest.param({"prompt": None}, 1, id="unbound"),
        pytest.param({"prompt": "0" * 32}, 1, id="other-prompt"),
    ],
)
def test_a_waiver_of_the_base_lets_its_finding_through(repo: Folder, edit, exit_code: int) -> None:
    files = logged(MANY, FAILURES_ONLY, checks=IS_YES)
    waiver = {**bound_waiver(repo, files), **edit}
    waiver = {key: value for key, value in waiver.items() if value is not None}
    repo.write({**files, **with_config(files, waivers=[waiver])}).commit()
    repo.write(BROKEN)
    report = judged(repo, "--all-calls", exit_code=exit_code)
    waived = exit_code == 0
    assert failure_rate(report["suites"][0])["waived"] is waived
    assert failure_rate(report["suites"][0])["verdict"] == "fail"
    assert [each["reason"] for each in report["waivers"]] == (["I say so"] if waived else [])
    if waived:
        shown = run(repo, "check", "--offline", "--all-calls").stdout
        assert any(line.split()[-1:] == ["waived"] for line in shown.splitlines())


def test_a_waived_rise_does_not_leave_a_stopped_run_inconclusive(repo: Folder) -> None:
    files = logged(MANY, {**FAILURES_ONLY, "inconclusive": "fail"}, checks=IS_YES)
    waiver = bound_waiver(repo, files)
    repo.write({**files, **with_config(files, waivers=[waiver])}).commit()
    assert judged(repo.write(BROKEN), exit_code=0)["verdict"] == "pass"


def test_a_spent_budget_ends_in_4_and_the_next_run_goes_on(repo: Folder) -> None:
    repo.write(logged(MANY, checks=IS_YES)).commit()
    repo.write(BROKEN)
    report = judged(repo, "--max-calls", "20", "--all-calls", exit_code=4)
    assert report["verdict"] == "incomplete"
    assert "suite s: --max-calls is used up" in report["notes"]
    assert calls(repo).total() == 20
    report = judged(repo, "--all-calls", exit_code=1)
    assert report["suites"][0]["calls"]["recorded"] == 20
    assert calls(repo).total() == 40


def test_a_budget_of_nothing_calls_nothing(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    repo.write(BROKEN)
    judged(repo, "--max-calls", "0", exit_code=4)
    assert not calls(repo)


def broken_off(repo: Folder, by: signal.Signals) -> tuple[int, str, str]:
    """Start a slow run, send it a signal after a few answers; return exit code and outputs."""
    env = {**os.environ, "WORKER_LOG": str(log_of(repo)), "WORKER_PAUSE_S": "0.1"}
    with subprocess.Popen(
        [sys.executable, "-m", "gate", "check", "--all-calls"],
        cwd=repo.path,
        env={name: value for name, value in env.items() if not name.startswith("GITHUB_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as gate:
        while gate.poll() is None:
            if log_of(repo).exists() and len(log_of(repo).read_text().splitlines()) >= 5:
                gate.send_signal(by)
                break
            time.sleep(0.02)
        stdout, stderr = gate.communicate(timeout=60)
    return gate.returncode, stdout, stderr


def goes_on(repo: Folder) -> None:
    """Hold the next run to what was kept: no answer is paid for twice."""
    kept = len(recordings(repo))
    assert 4 <= kept < 60
    (suite,) = judged(repo, "--all-calls", exit_code=1)["suites"]
    assert suite["trials"] == {"old": 30, "new": 30}
    assert suite["calls"]["recorded"] == kept
    assert live(suite) == 60 - kept
    assert len(recordings(repo)) == 60
    made = calls(repo)
    assert len(made) == 60
    assert made.total() <= 60 + 1  # the one that was under way may have been answered unheard


def test_an_interrupted_run_ends_in_130_and_the_next_goes_on(repo: Folder) -> None:
    repo.write(logged(MANY, checks=IS_YES)).commit()
    repo.write(BROKEN)
    exit_code, stdout, stderr = broken_off(repo, signal.SIGINT)
    assert exit_code == 130, stderr
    assert stdout == ""
    assert "gate: interrupted" in stderr
    assert "repair: run the same command again" in stderr
    assert "Traceback" not in stderr
    goes_on(repo)


def test_a_killed_run_goes_on_where_it_was(repo: Folder) -> None:
    repo.write(logged(MANY, checks=IS_YES)).commit()
    repo.write(BROKEN)
    exit_code, stdout, _ = broken_off(repo, signal.SIGKILL)
    assert (exit_code, stdout) == (-signal.SIGKILL, "")
    goes_on(repo)


def test_two_runs_at_once_lose_none_of_each_others_recordings(repo: Folder) -> None:
    files = logged(MANY, FAILURES_ONLY)
    config = json.loads(files["gate.yaml"])
    config["suites"]["t"] = {**config["suites"]["s"], "prompt": "fixtures/t.prompt.yml"}
    repo.write({**files, "gate.yaml": json.dumps(config)})
    repo.write({"fixtures/t.prompt.yml": prompt_file("t {{answer}}")}).commit()
    repo.write({**BROKEN, "fixtures/t.prompt.yml": prompt_file("new t {{answer}}")})
    env = {**os.environ, "WORKER_LOG": str(log_of(repo))}
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "gate", "check", "--all-calls", suite],
            cwd=repo.path,
            env={name: value for name, value in env.items() if not name.startswith("GITHUB_")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for suite in ("s", "t")
    ]
    said = [each.communicate(timeout=60) for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert len(recordings(repo)) == 120
    calls(repo)
    assert run(repo, "check", "--offline", "--all-calls").returncode == 0
    assert not calls(repo)
