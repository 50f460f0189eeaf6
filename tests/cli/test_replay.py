"""What is replayed: the affected suites, their cases, each request once."""

from __future__ import annotations

import json
from collections import Counter

from cli.project import (
    BROKEN,
    FEW,
    IS_YES,
    LOG_WORKER,
    MANY,
    calls,
    failure_rate,
    judged,
    log_of,
    logged,
    run,
)
from conftest import ECHO_WORKER, Folder, prompt_file
from jsonschema import Draft202012Validator


def test_nothing_affected_passes_and_calls_nothing(repo: Folder) -> None:
    repo.write(logged(MANY)).commit()
    silent = {"description": "what cannot change an answer", "price": {"input": 1, "output": 2}}
    repo.write({"README.md": "new", "fixtures/s.prompt.yml": prompt_file(**silent)})
    done = run(repo, "check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PASS: nothing to judge\n\nsuite s: not affected\n")
    assert "0 calls, 0 recorded answers" in done.stdout
    assert not calls(repo)


def test_only_a_run_that_judges_imports_numpy(repo: Folder) -> None:
    env = {"PYTHONPROFILEIMPORTTIME": "1", "WORKER_LOG": str(log_of(repo))}
    repo.write(logged(FEW)).commit()
    assert "numpy" not in repo.gate("check", env=env).stderr
    repo.write(BROKEN)
    assert "numpy" in repo.gate("check", env=env).stderr


def test_only_the_affected_suite_is_replayed(repo: Folder) -> None:
    files = logged(FEW)
    config = json.loads(files["gate.yaml"])
    config["suites"]["t"] = {**config["suites"]["s"], "prompt": "fixtures/t.prompt.yml"}
    prompts = {"fixtures/t.prompt.yml": prompt_file("t {{answer}}")}
    repo.write({**files, **prompts, "gate.yaml": json.dumps(config)}).commit()
    repo.write({"fixtures/t.prompt.yml": prompt_file("new t {{answer}}")})
    report = judged(repo, exit_code=0)
    verdicts = {suite["suite"]: suite["verdict"] for suite in report["suites"]}
    assert verdicts == {"s": "not_affected", "t": "inconclusive"}
    assert calls(repo) == Counter(
        [*(f"t {text}" for text in FEW.values()), *(f"new t {text}" for text in FEW.values())]
    )
    assert [suite["suite"] for suite in judged(repo, "s", exit_code=0)["suites"]] == ["s"]


def test_a_filter_replays_the_cases_that_it_names(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    repo.write(BROKEN)
    assert judged(repo, "--all-calls", "--case", "[ab]", exit_code=0)["suites"][0]["cases"] == 2
    assert calls(repo) == Counter(["yes 1", "yes 2", "yes 1 indeed", "yes 2 indeed"])


def test_a_regression_fails_and_the_same_run_again_calls_nothing(repo: Folder) -> None:
    repo.write(logged(MANY, checks=IS_YES)).commit()
    repo.write(BROKEN)
    first = judged(repo, "--all-calls", exit_code=1)
    schema = json.loads(run(repo, "schema", "report").stdout)
    Draft202012Validator(schema).validate(first)
    (suite,) = first["suites"]
    assert suite["trials"] == {"old": 30, "new": 30}
    assert suite["calls"]["old_live"] == suite["calls"]["new_live"] == 30
    assert suite["failure_codes"] == {"old": {}, "new": {"regex": 30}}
    assert (failure_rate(suite)["old"], failure_rate(suite)["new"]) == (0.0, 1.0)
    assert calls(repo).total() == 60

    again = judged(repo, "--all-calls", exit_code=1)
    assert not calls(repo)
    assert again["suites"][0]["calls"]["recorded"] == 60
    assert again["suites"][0]["calls"]["old_live"] == again["suites"][0]["calls"]["new_live"] == 0
    assert failure_rate(again["suites"][0]) == failure_rate(suite)

    table = run(repo, "check", "--offline", "--all-calls")
    assert table.returncode == 1
    assert table.stdout.startswith("FAIL: suite s: failures rose from 0.0 % to 100.0 % ")
    lines = table.stdout.splitlines()
    assert any(line.split()[:5] == ["failures", "all", "30", "0.0", "%"] for line in lines)
    assert "cases: 30 regressed, 0 unchanged" in lines
    assert "  c00    failures 0/1 -> 1/1  regex" in lines
    assert "    - yes 0" in lines
    assert "    + yes 0{+ indeed+}" in lines
    assert "next: gate explain s c00" in lines
    assert not calls(repo)


def test_a_rise_that_no_failed_case_explains_is_shown(repo: Folder) -> None:
    repo.write(logged(MANY)).commit()  # no checks: nothing fails, but the text is another
    repo.write(BROKEN)
    done = run(repo, "check", "--all-calls")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("FAIL: suite s: ")
    assert "cases: all unchanged" in done.stdout


def test_offline_with_something_missing_ends_in_4(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    repo.write(BROKEN)
    done = run(repo, "check", "--offline")
    assert (done.returncode, done.stdout) == (4, "")
    assert "suite 's': 6 answers are not recorded" in done.stderr
    assert "repair: run once without --offline" in done.stderr
    report = judged(repo, "--offline", exit_code=4)
    assert report["verdict"] == "incomplete"
    assert "6 answers are not recorded" in report["notes"][0]
    schema = json.loads(run(repo, "schema", "report").stdout)
    Draft202012Validator(schema).validate(report)
    assert not calls(repo)


def test_output_holds_one_file_a_format(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    done = run(repo, "check", "--format", "table,json", "--output", "out/reports")
    assert (done.returncode, done.stdout) == (0, "")
    assert repo.read("out/reports/report.txt").startswith("PASS: nothing to judge")
    assert json.loads(repo.read("out/reports/report.json"))["verdict"] == "pass"


def test_a_request_that_the_change_leaves_alone_is_called_once_a_case(repo: Folder) -> None:
    # Two cases that ask the same stay two trials: one answer for both would count twice.
    same = {"a": "yes 1", "b": "yes 1", "c": "yes 2"}
    repo.write(logged(same, repeats={"baseline": 2, "new": 1})).commit()
    # The template's text changes, what it renders does not, but for one case.
    edited = "{% if answer == 'yes 2' %}no 2{% else %}{{ answer }}{% endif %}"
    repo.write({"fixtures/s.prompt.yml": prompt_file(edited)})
    judged(repo, "--all-calls", exit_code=0)
    assert calls(repo) == Counter(["yes 1", "yes 1", "yes 2", "no 2"])


def test_a_prompt_that_asks_the_same_as_before_is_not_judged(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    repo.write({"fixtures/s.prompt.yml": prompt_file("{{ answer }}")})
    report = judged(repo, exit_code=0)
    assert [suite["verdict"] for suite in report["suites"]] == ["not_affected"]
    assert (
        "suite s: the prompt changed, and no case's request did: nothing to judge"
        in report["notes"]
    )
    assert not calls(repo)


def test_two_files_are_compared_without_git(folder: Folder) -> None:
    folder.write(logged(MANY, checks=IS_YES))
    folder.write({"new.prompt.yml": BROKEN["fixtures/s.prompt.yml"]})
    two = ("--old", "fixtures/s.prompt.yml", "--new", "new.prompt.yml")
    done = run(folder, "check", "--all-calls", *two)
    assert done.returncode == 1, done.stderr
    assert f"next: gate explain s c00 {' '.join(two)}" in done.stdout.splitlines()
    assert calls(folder).total() == 60
    assert "suite s, case c00: regressed" in run(folder, "explain", "s", "c00", *two).stdout
    same = run(folder, "check", "--old", "new.prompt.yml", "--new", "new.prompt.yml")
    assert same.returncode == 0
    assert "suite s: not affected" in same.stdout


def test_the_worker_of_these_tests_answers_as_the_echo_worker() -> None:
    notes = ("import json, os, sys, time", "WORKER_PAUSE_S", "with open", "log.write")
    kept = [line for line in LOG_WORKER.splitlines() if not any(note in line for note in notes)]
    assert kept == ECHO_WORKER.splitlines()[1:]
