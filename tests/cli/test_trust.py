"""Ways in which a change could talk its way around the gate, each closed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli.in_process import gate_in_process
from conftest import cases_file, config_file, echo_project, prompt_file

if TYPE_CHECKING:
    from conftest import Folder

BROKEN = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed")}
ANSWERS = {f"c{i:02}": "yes" for i in range(30)}


@pytest.fixture
def judged(repo: Folder) -> Folder:
    """A repository whose only suite wants the answer to be yes."""
    repo.write(echo_project(ANSWERS, checks=[{"one_of": ["yes", "easy", "easy indeed"]}]))
    repo.write({".gitignore": ".gate/\n"}).commit()
    return repo


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        pytest.param(("--all-calls",), range(30, 31), id="all-of-the-bases-cases"),
        pytest.param((), range(5, 30), id="those-until-it-is-clear"),
    ],
)
def test_easy_new_cases_do_not_drown_a_failure(
    judged: Folder, arguments: tuple[str, ...], seen: range
) -> None:
    rows = [{"id": name, "input": {"answer": text}} for name, text in ANSWERS.items()]
    rows += [{"id": f"new-{i:04}", "input": {"answer": "easy"}} for i in range(600)]
    config = json.loads(judged.read("gate.yaml"))
    config["policy"] = {"metrics": {"failure_rate": {"max_rise": 0.01}}}
    judged.write({"gate.yaml": json.dumps(config)}).commit()
    judged.write({**BROKEN, "fixtures/cases.jsonl": cases_file(rows)})
    done = gate_in_process(judged, "check", "--format", "json", *arguments)
    assert done.returncode == 1, done.stderr
    (suite,) = json.loads(done.stdout)["suites"]
    assert suite["cases"] == 630
    failed = next(each for each in suite["findings"] if each["id"] == "failure-rate-rise")
    assert (failed["verdict"], failed["new"]) == ("fail", 1.0)
    assert failed["n"] in seen


def test_committed_recordings_are_refused(judged: Folder) -> None:
    judged.write({".gate/recordings.db": b"anything"})
    judged.git("add", "--force", ".gate/recordings.db")
    done = gate_in_process(judged.write(BROKEN), "check")
    assert done.returncode == 4
    assert ".gate/ is committed: its recordings would answer for the old side" in done.stderr


@pytest.mark.parametrize("place", ["sub/gate.yaml", "mine.yaml"])
def test_a_new_configuration_does_not_hide_the_bases_own(judged: Folder, place: str) -> None:
    judged.write({**BROKEN, place: config_file({})})
    done = gate_in_process(judged, "check", "--config", place)
    assert done.returncode == 4, done.stdout
    assert "the base judges this folder by gate.yaml" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("", "no cases", id="empty"),
        pytest.param('{"id": "c00"', "fixtures/cases.jsonl:1: not JSON", id="cut"),
        pytest.param('{"input": "x"}', "key 'id' is missing", id="without-id"),
    ],
)
def test_broken_cases_are_no_pass_even_where_the_prompt_stayed(
    judged: Folder, content: str, words: str
) -> None:
    done = gate_in_process(judged.write({"fixtures/cases.jsonl": content}), "check")
    assert done.returncode == 2, done.stdout
    assert words in done.stderr


def test_a_pull_request_whose_change_was_not_checked_out_is_no_pass(judged: Folder) -> None:
    head = "1" * 40
    event = {
        "pull_request": {"base": {"sha": judged.git("rev-parse", "HEAD")}, "head": {"sha": head}}
    }
    judged.write({"../event.json": json.dumps(event)})
    variables = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(judged.path.parent / "event.json"),
    }
    done = gate_in_process(judged, "check", **variables)
    assert done.returncode == 4, done.stdout
    assert f"HEAD is not the pull request's head {head[:12]}" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--base", "HEAD")])
def test_on_pull_request_target_nothing_is_run(judged: Folder, arguments: tuple[str, ...]) -> None:
    variables = {"GITHUB_EVENT_NAME": "pull_request_target"}
    done = gate_in_process(judged.write(BROKEN), "check", *arguments, **variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the gate does not run on pull_request_target" in done.stderr


def test_a_head_that_cannot_be_read_is_no_first_run(judged: Folder) -> None:
    head = judged.git("rev-parse", "HEAD")
    (judged.path / ".git" / "objects" / head[:2] / head[2:]).unlink()
    done = gate_in_process(judged.write(BROKEN), "check")
    assert done.returncode == 4, done.stdout


def test_a_metric_that_the_change_made_unmeasurable_is_no_pass(judged: Folder) -> None:
    worker = judged.read("worker.py").replace('"input_tokens": 10,', "")
    judged.write({"worker.py": worker})
    done = gate_in_process(judged, "check", "--format", "json")
    report = json.loads(done.stdout)
    assert report["verdict"] == "inconclusive"
    assert report["suites"][0]["not_measured"]["cost"].startswith("the provider reports no tokens")


def test_one_budget_serves_all_suites(repo: Folder) -> None:
    files = echo_project(ANSWERS)
    suite = {"prompt": "fixtures/s.prompt.yml", "cases": "fixtures/cases.jsonl"}
    repo.write({**files, "gate.yaml": config_file({"a": suite, "b": suite})}).commit()
    done = gate_in_process(
        repo.write(BROKEN), "check", "--max-calls", "50", "--all-calls", "--format", "json"
    )
    assert done.returncode == 4
    suites = json.loads(done.stdout)["suites"]
    live = [each["calls"]["old_live"] + each["calls"]["new_live"] for each in suites]
    assert sum(live) == 50


@pytest.mark.parametrize(
    ("waiver", "words"),
    [
        pytest.param({"expires": "2026-99-99"}, "write it as 2026-12-31", id="no-such-day"),
        pytest.param({"finding": "failures"}, "known: failure-rate-rise", id="no-such-finding"),
    ],
)
def test_a_waiver_that_can_never_hold_is_an_error(
    judged: Folder, waiver: dict[str, str], words: str
) -> None:
    config = json.loads(judged.read("gate.yaml"))
    good = {"finding": "cost-rise", "owner": "me", "reason": "known", "expires": "2026-12-31"}
    judged.write({"gate.yaml": json.dumps({**config, "waivers": [{**good, **waiver}]})})
    done = gate_in_process(judged, "validate")
    assert done.returncode == 2
    assert words in done.stderr


def test_a_suite_without_checks_says_so(repo: Folder) -> None:
    repo.write(echo_project(ANSWERS)).commit()
    done = gate_in_process(repo.write(BROKEN), "check")
    assert "note: suite s: has no checks; only refused, cut and empty answers" in done.stdout


def test_an_old_baseline_is_noted(repo: Folder) -> None:
    files = echo_project(ANSWERS, checks=[{"contains": "yes"}])
    config = json.loads(str(files["gate.yaml"]))
    config["policy"] = {"baseline_max_age_days": 30}
    repo.write({**files, "gate.yaml": json.dumps(config)})
    assert gate_in_process(repo, "refresh").returncode == 0
    text = repo.read("baselines/s.jsonl")
    head, _, rest = text.partition("\n")
    aged = json.dumps({**json.loads(head), "recorded_at": "2020-01-01T00:00:00Z"})
    repo.write({"baselines/s.jsonl": f"{aged}\n{rest}"}).commit()
    done = gate_in_process(repo.write(BROKEN), "check")
    assert "days old, the policy asks for 30; next: gate refresh s" in done.stdout
