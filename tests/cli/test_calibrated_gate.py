"""A calibrated proxy in the gate: the base's counts, and the report says which it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli.project import LOG_WORKER, judged, run
from cli.reviewed import (
    LABELS,
    POLICY,
    PROXY,
    labels,
    labels_file,
    output,
    prompt,
    reviewed_project,
)

if TYPE_CHECKING:
    from conftest import Folder

# Every tenth output gets another queue.
WORSE = {"fixtures/s.prompt.yml": prompt('{"queue": "{{ "b" if "1" in text else "a" }}"}')}
NOTE = "suite s: the override proxy is calibrated on 300 labels ("


def adopt(repo: Folder, **override: object) -> Folder:
    """A base with a calibrated proxy, and the worktree as it is there."""
    repo.write({**reviewed_project(**override), LABELS: labels_file(labels())})
    assert run(repo, "calibrate", "s", LABELS).returncode == 0
    repo.commit()
    return repo


def override_rate(report) -> dict[str, float]:
    (suite,) = report["suites"]
    return next(
        each
        for each in suite["findings"]
        if each["metric"] == "override_rate" and each["segment"] is None
    )


def test_the_override_rate_is_what_the_calibrated_proxy_says(repo: Folder) -> None:
    adopt(repo).write(WORSE)
    report = judged(repo, "--all-calls", exit_code=1)
    curve = json.loads(repo.read(PROXY))
    odds = curve["intercept"] + curve["segments"]["channel=chat"]
    finding = override_rate(report)
    # All old outputs have the right queue: what the proxy says of it, between the two channels.
    assert finding["old"] == pytest.approx(1 / (1 + 2.718281828**-odds), abs=0.01)
    assert any(note.startswith(NOTE) for note in report["notes"])
    assert not any("uncalibrated" in note for note in report["notes"])


def test_a_proxy_that_the_change_brings_has_no_effect(repo: Folder) -> None:
    adopt(repo).write(WORSE)
    before = override_rate(judged(repo, "--all-calls", exit_code=1))
    blind = json.loads(repo.read(PROXY))
    blind["signals"] = {}
    repo.write({PROXY: json.dumps(blind)})
    report = judged(repo, "--all-calls", exit_code=1)
    assert override_rate(report) == before
    told = "override proxy of suite s edited in this change; not used for this verdict"
    assert told in report["notes"]
    # What its own rules would say is told beside.
    assert report["own_rules"]["suites"] == {"s": "pass"}


def test_nor_has_one_that_it_removes(repo: Folder) -> None:
    adopt(repo).write(WORSE)
    before = override_rate(judged(repo, "--all-calls", exit_code=1))
    (repo.path / PROXY).unlink()
    report = judged(repo, "--all-calls", exit_code=1)
    assert override_rate(report) == before


def test_a_proxy_counts_once_it_is_merged(repo: Folder) -> None:
    repo.write(reviewed_project()).commit()
    repo.write({LABELS: labels_file(labels()), **WORSE})
    run(repo, "calibrate", "s", LABELS)
    report = judged(repo, "--all-calls", exit_code=1)
    assert f"suite s: the override proxy is uncalibrated: there is no {PROXY}" in report["notes"]
    # Uncalibrated: no output differs from its expectation.
    assert override_rate(report)["old"] == 0


def test_a_proxy_of_another_suite_is_refused(repo: Folder) -> None:
    adopt(repo)
    value = json.loads(repo.read(PROXY))
    repo.write({PROXY: json.dumps({**value, "suite": "t"})})
    done = run(repo, "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{PROXY}: belongs to suite 't'" in done.stderr


def test_outputs_made_elsewhere_are_judged_by_it_too(repo: Folder) -> None:
    adopt(repo)
    for name, queue in (("old", "a"), ("new", "b")):
        rows = [{"case": f"c{number:02}", "output": output(queue)} for number in range(60)]
        repo.write({f"{name}.jsonl": "".join(json.dumps(row) + "\n" for row in rows)})
    done = run(repo, "compare", "old.jsonl", "new.jsonl", "--suite", "s", "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    finding = override_rate(report)
    assert 0.05 < finding["old"] < 0.15
    assert 0.85 < finding["new"] < 0.95
    assert any(note.startswith(NOTE) for note in report["notes"])


def test_log_probabilities_that_it_needs_and_nobody_gives_are_no_pass(
    repo: Folder,
) -> None:
    rows = labels()
    for number, row in enumerate(rows):
        is_overridden = row["decision"] != "accepted"
        row["mean_logprob"] = -0.9 if is_overridden != (number % 9 == 0) else -0.1
    repo.write({**reviewed_project(), LABELS: labels_file(rows)})
    assert run(repo, "calibrate", "s", LABELS).returncode == 0
    repo.commit()
    repo.write(WORSE)
    report = judged(repo, "--all-calls", exit_code=4)
    (suite,) = report["suites"]
    assert suite["not_measured"]["override_rate"].startswith("the override proxy could judge no ")
    told = "suite s: 240 of 240 answers have no log-probabilities, which the override proxy needs"
    assert any(note.startswith(told) for note in report["notes"])


def test_a_change_cannot_switch_the_overrides_off_beside_another_metric(repo: Folder) -> None:
    rows = labels()
    for number, row in enumerate(rows):
        is_overridden = row["decision"] != "accepted"
        row["mean_logprob"] = -0.9 if is_overridden != (number % 9 == 0) else -0.1
    both = {"metrics": {**POLICY["metrics"], "failure_rate": {"max_rise": 0.05}}}
    repo.write({**reviewed_project(policy=both), LABELS: labels_file(rows)})
    assert run(repo, "calibrate", "s", LABELS).returncode == 0
    repo.commit()
    # The worker gives no log-probabilities, as one whose change took them away.
    repo.write(WORSE)
    report = judged(repo, "--all-calls", exit_code=4)
    assert report["suites"][0]["verdict"] == "incomplete"


def test_a_fail_by_overrides_names_the_cases_where_they_rose(repo: Folder) -> None:
    adopt(repo).write(WORSE)
    report = judged(repo, "--all-calls", exit_code=1)
    (note,) = [note for note in report["notes"] if "overrides rose in" in note]
    assert note.startswith("suite s: overrides rose in 15 cases, most in c")
    case = note.rpartition(" ")[2]
    assert note.endswith(f"; next: gate explain s {case}")
    done = run(repo, "explain", "s", case)
    assert "override 0.8" in done.stdout or "override 0.9" in done.stdout


def test_a_signal_that_a_change_takes_away_from_one_side_is_owed(repo: Folder) -> None:
    rows = labels()
    for number, row in enumerate(rows):
        is_overridden = row["decision"] != "accepted"
        row["mean_logprob"] = -0.9 if is_overridden != (number % 9 == 0) else -0.1
        if number % 2:  # some labels lack it, so the proxy could do without
            del row["mean_logprob"]
    sure = LOG_WORKER.replace('"input_tokens": 10', '"input_tokens": 10, "logprobs": [-0.9]')
    repo.write({**reviewed_project(), LABELS: labels_file(rows), "worker.py": sure})
    assert run(repo, "calibrate", "s", LABELS).returncode == 0
    repo.commit()
    repo.write({**WORSE, "worker.py": LOG_WORKER})
    report = judged(repo, "--all-calls", exit_code=4)
    assert report["suites"][0]["verdict"] == "incomplete"


def test_an_edited_review_threshold_is_told_too(repo: Folder) -> None:
    adopt(repo).write(WORSE)
    value = json.loads(repo.read(PROXY))
    value["review"] = {"max_miss": None, "confidence": None, "threshold": 1.0, "segments": {}}
    repo.write({PROXY: json.dumps(value)})
    report = judged(repo, "--all-calls", exit_code=1)
    told = "override proxy of suite s edited in this change; not used for this verdict"
    assert told in report["notes"]
