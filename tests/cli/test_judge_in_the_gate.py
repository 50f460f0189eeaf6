"""A judge in the gate: asked about the outputs of a run, within its budget, the base's alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from cli.judge_project import JUDGE_WORKER, asked, judge_prompt, project, twice
from cli.project import calls, judged, log_of, recordings, run
from cli.reviewed import CASES, LABELS, labels, labels_file, output, prompt

if TYPE_CHECKING:
    from conftest import Folder


def adopt(repo: Folder) -> Folder:
    repo.write({**project(), LABELS: labels_file(twice(labels()))})
    done = run(repo, "calibrate", "s", LABELS)
    assert done.returncode == 0, done.stdout
    repo.commit()
    asked(repo)
    return repo


def test_the_gate_asks_the_judge_about_each_output_and_repeats_it_without_a_call(
    repo: Folder,
) -> None:
    adopt(repo)
    repo.write({"fixtures/s.prompt.yml": prompt('{"queue": "{{ "b" if "1" in text else "a" }}"}')})
    first = judged(repo, "--all-calls", exit_code=1)
    assert len(asked(repo)) > 0
    (finding,) = [f for f in first["suites"][0]["findings"] if f["segment"] is None]
    assert finding["metric"] == "override_rate"
    assert finding["change"] > 0.05
    assert any("the judge was asked " in note for note in first["notes"])

    again = judged(repo, "--all-calls", "--offline", exit_code=1)
    assert not asked(repo)
    assert again["suites"][0]["findings"] == first["suites"][0]["findings"]


def test_the_bases_judge_is_asked_whatever_the_change_brings(repo: Folder) -> None:
    adopt(repo)
    repo.write({"fixtures/s.prompt.yml": prompt(output("b"))})
    repo.write(
        {
            "judge/judge.prompt.yml": judge_prompt("Say keep! {{output}}"),
            "judge/worker.py": JUDGE_WORKER.replace('else "drop"', 'else "keep"'),
        }
    )
    report = judged(repo, "--all-calls", exit_code=1)
    assert not [text for text in asked(repo) if "Say keep!" in text]
    told = "judge of suite s edited in this change; not used for this verdict; merged without "
    assert any(note.startswith(told) for note in report["notes"])


def test_the_judges_calls_share_the_budget_of_the_run(repo: Folder) -> None:
    adopt(repo)
    repo.write({"fixtures/s.prompt.yml": prompt(output("b"))})
    report = judged(repo, "--all-calls", "--max-calls", "270", exit_code=4)
    assert sum(calls(repo).values()) <= 270
    assert report["suites"][0]["verdict"] == "incomplete"


def test_a_judge_that_the_proxy_was_not_calibrated_with_is_not_listened_to(repo: Folder) -> None:
    adopt(repo)
    repo.write({"judge/judge.prompt.yml": judge_prompt("Other words. {{input}} {{output}}")})
    repo.commit()
    repo.write({"fixtures/s.prompt.yml": prompt(output("b"))})
    report = judged(repo, "--all-calls", exit_code=4)
    assert not asked(repo)
    assert any("was calibrated with another judge" in note for note in report["notes"])
    assert len(recordings(repo)) >= CASES


def test_a_plan_says_that_the_judges_calls_come_on_top(repo: Folder) -> None:
    adopt(repo).write({"fixtures/s.prompt.yml": prompt(output("b"))})
    done = run(repo, "plan")
    assert done.returncode == 0, done.stderr
    told = "suite s: on top of these calls its judge is asked about each distinct output"
    assert told in done.stdout
    assert not asked(repo)


def test_explain_shows_what_the_judge_made_of_an_answer(repo: Folder) -> None:
    adopt(repo).write({"fixtures/s.prompt.yml": prompt(output("b"))})
    judged(repo, "--all-calls", exit_code=1)
    asked(repo)
    done = run(repo, "explain", "s", "c01")
    # Without an expectation one old answer is set apart, to hold the others against.
    assert done.stdout.count("override not judged") == 1
    assert "1 of 2 trials, usable, override 0.1" in done.stdout
    assert "2 of 2 trials, usable, override 1.00" in done.stdout
    assert not asked(repo)


def test_the_bases_worker_judges_outputs_that_nobody_judged_yet(repo: Folder) -> None:
    adopt(repo)
    repo.write(
        {
            "fixtures/s.prompt.yml": prompt('{"queue": "b", "new": "{{text}}"}'),
            "judge/worker.py": JUDGE_WORKER.replace('else "drop"', 'else "keep"'),
        }
    )
    report = judged(repo, "--all-calls", exit_code=1)
    (finding,) = [f for f in report["suites"][0]["findings"] if f["segment"] is None]
    assert finding["new"] > 0.8


def test_what_the_answers_mean_is_part_of_the_judge(repo: Folder) -> None:
    adopt(repo)
    config = json.loads(repo.read("gate.yaml"))
    config["suites"]["s"]["override"]["judge"]["answers"] = {"keep": 0, "drop": 0}
    repo.write({"gate.yaml": json.dumps(config)}).commit()
    repo.write({"fixtures/s.prompt.yml": prompt(output("b"))})
    report = judged(repo, "--all-calls", exit_code=4)
    assert not asked(repo)
    assert any("was calibrated with another judge" in note for note in report["notes"])


def test_a_judge_whose_calls_cost_nobody_knows_what_keeps_no_budget_of_money(repo: Folder) -> None:
    adopt(repo)
    repo.write({"fixtures/s.prompt.yml": prompt(output("b"))})
    done = run(repo, "check", "--max-cost", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "what a judge's call costs is not known" in done.stderr
    assert not calls(repo)


def test_an_interrupted_run_asks_the_judge_no_more(repo: Folder) -> None:
    slow = JUDGE_WORKER.replace("import json, os, sys", "import json, os, sys, time").replace(
        "    request = json.loads(line)\n",
        "    request = json.loads(line)\n"
        "    time.sleep(float(os.environ.get('JUDGE_PAUSE_S', '0')))\n",
    )
    repo.write({**project(slow), LABELS: labels_file(twice(labels()))})
    assert run(repo, "calibrate", "s", LABELS).returncode == 0
    repo.commit()
    asked(repo)
    repo.write({"fixtures/s.prompt.yml": prompt('{"queue": "b", "new": "{{text}}"}')})
    log = log_of(repo)
    process = subprocess.Popen(
        [sys.executable, "-m", "gate", "check", "--all-calls"],
        cwd=repo.path,
        env={**os.environ, "WORKER_LOG": str(log), "JUDGE_PAUSE_S": "0.3"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (log.exists() and "judge" in log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    finally:
        process.kill()
    # 60 new outputs wait for it, of which it had begun.
    assert 0 < len(asked(repo)) < 30
