"""The Action on pull requests: its steps with real bash, real payloads, GitHub on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from action.pull_request import TOKEN, job_of, pull_request
from cli.project import BROKEN, FAILURES_ONLY, HARMLESS, IS_YES, MANY
from conftest import echo_project
from stub_github import FORBIDDEN

if TYPE_CHECKING:
    from conftest import Folder
    from stub_github import StubGitHub


def project(policy: dict | None = None) -> dict[str, str | bytes]:
    files = echo_project(MANY, checks=IS_YES)
    config = json.loads(str(files["gate.yaml"]))
    lenient = {"metrics": {"failure_rate": {"max_rise": 0.2}}}
    return {**files, "gate.yaml": json.dumps({**config, "policy": policy or lenient})}


@pytest.fixture
def harmless(repo: Folder):
    return pull_request(repo, project(), HARMLESS)


def test_a_regression_fails_the_job_after_all_is_written(github, broken, tmp_path) -> None:
    job = job_of(github, broken, tmp_path / "job").use({}, token=TOKEN)
    assert job.failed == "verdict"
    assert job.ran[-3:] == ["keep the report", "comment", "verdict"]
    assert job.summary.startswith("### ❌ gate: fail")
    assert job.outputs["verdict"] == "fail"
    assert job.outputs["exit-code"] == "1"
    assert job.outputs["findings"] == "1"
    assert job.outputs["cost"] == "0.000000"
    report = json.loads(Path(job.outputs["report-json"]).read_bytes())
    assert report["verdict"] == "fail"
    assert report["policy"]["source"] == f"{broken.base[:12]}:gate.yaml"
    assert Path(job.outputs["report-html"]).read_text().startswith("<!doctype html>")
    assert {"report.json", "report.html", "report.md", "junit.xml", "report.sarif"} <= set(
        job.artifacts["gate-report"]
    )
    (comment,) = github.comments
    assert "gate: fail" in comment["body"]
    assert "FAIL: suite s:" in job.log
    assert set(job.commands) == {"error"}


def test_a_pass_is_green_and_says_nothing(github, harmless, tmp_path) -> None:
    job = job_of(github, harmless, tmp_path / "job").use({}, token=TOKEN)
    assert job.conclusion == "success"
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("pass", "0")
    assert job.summary.startswith("### ✅ gate: pass")
    assert github.comments == []


def test_the_comment_turns_green_where_the_change_is_mended(github, repo, tmp_path) -> None:
    red = pull_request(repo, project(), BROKEN)
    job_of(github, red, tmp_path / "first").use({}, token=TOKEN)
    repo.git("checkout", "--quiet", "change")
    repo.write(HARMLESS)
    red.head = repo.commit("mend")
    repo.git("checkout", "--quiet", "-B", "merge", "main")
    repo.git("merge", "--quiet", "--no-ff", "--message", "merge", "change")
    job = job_of(github, red, tmp_path / "second").use({}, token=TOKEN)
    assert job.conclusion == "success"
    (comment,) = github.comments
    assert "gate: pass" in comment["body"]
    assert github.writes() == ["POST", "PATCH"]


@pytest.mark.parametrize(
    ("when", "asked", "comments"),
    [("off", "broken", 0), ("auto", "harmless", 0), ("always", "harmless", 1)],
)
def test_when_a_comment_is_written(request, github, tmp_path, when, asked, comments) -> None:
    change = request.getfixturevalue(asked)
    job_of(github, change, tmp_path / "job").use({"comment": when}, token=TOKEN)
    assert len(github.comments) == comments
    if when == "off":
        assert github.requests == []


@pytest.mark.parametrize(("asked", "conclusion"), [("broken", "failure"), ("harmless", "success")])
def test_a_token_that_may_not_write_changes_no_verdict(
    request, github, tmp_path, asked, conclusion
) -> None:
    github.misbehave(FORBIDDEN, method="POST", times=None)
    change = request.getfixturevalue(asked)
    job = job_of(github, change, tmp_path / "job").use({"comment": "always"}, token=TOKEN)
    assert job.conclusion == conclusion
    assert job.summary.startswith("### ")
    assert "notice" in job.commands
    assert "no comment was written" in job.log


def test_a_configuration_that_is_wrong_is_told_everywhere_and_is_no_pass(
    github, repo, tmp_path
) -> None:
    """And an older comment that was green does not stay so."""
    wrong = pull_request(repo, project(), {"gate.yaml": '{"version": 1, "suits": {}}'})
    github.comment("<!-- gate:report -->\n### ✅ gate: pass")
    job = job_of(github, wrong, tmp_path / "job").use({}, token=TOKEN)
    assert job.failed == "verdict"
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("error", "2")
    for told in (job.log, job.summary, github.comments[0]["body"]):
        assert "did you mean 'suites'?" in told
    assert "::error file=gate.yaml,line=1,title=gate::gate.yaml:1: unknown key 'suits'" in job.log
    assert (
        "::error title=gate::INCOMPLETE: the gate could not see enough to judge; the notes say "
        "why (gate.yaml:1: unknown key 'suits')" in job.log
    )
    assert "gate: incomplete" in github.comments[0]["body"]


def test_a_base_that_is_not_there_is_no_pass(github, harmless, tmp_path) -> None:
    job = job_of(github, harmless, tmp_path / "job").use({"base": "no-such"}, token=TOKEN)
    assert job.failed == "verdict"
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("incomplete", "4")
    assert "git fetch origin no-such" in job.summary


def test_a_repository_with_two_projects_has_two_comments(github, repo, tmp_path) -> None:
    both = {f"{folder}/{name}": text for folder in ("mail", "chat") for name, text in
            project(FAILURES_ONLY).items()}  # fmt: skip
    change = {f"{folder}/{name}": text for folder in ("mail", "chat") for name, text in
              BROKEN.items()}  # fmt: skip
    asked = pull_request(repo, both, change)
    names = set()
    for folder in ("mail", "chat", "mail"):
        job = job_of(github, asked, tmp_path / "job")
        job.use({"working-directory": folder}, token=TOKEN)
        assert job.failed == "verdict"
        names |= set(job.artifacts)
    assert len(github.comments) == len(names) == 2
    assert all(name.startswith(("gate-report-mail-", "gate-report-chat-")) for name in names)


def test_a_configuration_of_another_name_and_one_suite_of_it(github, repo, tmp_path) -> None:
    files = project(FAILURES_ONLY)
    config = json.loads(str(files.pop("gate.yaml")))
    config["suites"]["t"] = {**config["suites"]["s"], "prompt": "fixtures/t.prompt.yml"}
    files |= {
        "other.yaml": json.dumps(config),
        "fixtures/t.prompt.yml": files["fixtures/s.prompt.yml"],
    }
    asked = pull_request(repo, files, BROKEN)
    job = job_of(github, asked, tmp_path / "job")
    job.use({"config": "other.yaml", "suites": "t"}, token=TOKEN)
    assert job.conclusion == "success", job.log
    job = job_of(github, asked, tmp_path / "job").use({"config": "other.yaml", "suites": "t\n  s"})
    assert job.failed == "verdict", job.log


def test_named_formats_are_written_and_report_json_is_always_there(
    github, harmless, tmp_path
) -> None:
    job = job_of(github, harmless, tmp_path / "job")
    job.use({"formats": "junit, markdown", "annotations": "false"}, token=TOKEN)
    assert set(job.artifacts["gate-report"]) == {"report.json", "junit.xml", "report.md"}
    assert job.outputs["report-html"] == ""
    assert job.commands == []


def test_a_budget_that_is_spent_is_no_pass(github, broken, tmp_path) -> None:
    job = job_of(github, broken, tmp_path / "job").use({"max-calls": "3"}, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "4")
    assert "--max-calls is used up" in job.summary
    assert "the notes say why (suite s: --max-calls is used up)" in job.log


def test_offline_calls_nothing(github, broken, tmp_path) -> None:
    job = job_of(github, broken, tmp_path / "job").use({"offline": "true"}, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "4")
    assert "answers are not recorded" in job.summary


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"comment": "sometimes"}, "input comment: 'sometimes' is not one of auto, always, off"),
        ({"offline": "yes"}, "input offline: 'yes' is not one of true, false"),
        ({"formats": "pdf"}, "input formats: 'pdf' is not one of table, json, markdown"),
        ({"comment-key": "A b"}, "input comment-key: 'A b' is no key"),
        ({"shard": "3 of 8"}, "input shard: '3 of 8' is no i/n"),
        ({"command": "deploy"}, "input command: 'deploy' is not one of check, merge, drift"),
        ({"command": "drift", "base": "main"}, "input base does not go with command: drift"),
    ],
)
def test_an_input_that_is_wrong_fails_the_job_and_says_why(
    github, harmless, tmp_path, inputs, told
) -> None:
    job = job_of(github, harmless, tmp_path / "job").use(inputs, token=TOKEN)
    assert job.failed == "read the inputs"
    assert told in job.log


@pytest.mark.parametrize("inputs", [{"max-calls": "many"}, {"shard": "9/8"}, {"config": "no.yaml"}])
def test_an_input_that_the_gate_itself_refuses_is_no_pass(
    github, harmless, tmp_path, inputs
) -> None:
    job = job_of(github, harmless, tmp_path / "job").use(inputs, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "2"), job.log


def test_drift_holds_the_prompts_against_their_baselines(github, harmless, tmp_path) -> None:
    job = job_of(github, harmless, tmp_path / "job", event="schedule", payload={})
    job.use({"command": "drift"}, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "4")
    assert "no baseline for suite 's'" in job.summary
    assert github.requests == []


def test_a_checkout_that_belongs_to_somebody_else_is_read_all_the_same(
    github: StubGitHub, harmless, tmp_path
) -> None:
    """As in a job in a container, where git would refuse."""
    job = job_of(github, harmless, tmp_path / "job")
    job.environment["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1"
    job.use({}, token=TOKEN)
    assert job.conclusion == "success", job.log
