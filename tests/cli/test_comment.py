"""`gate comment` in the job of the pull request: what it says, and what it keeps back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cli.commenting import comment, said
from cli.in_process import gate_in_process
from github_events import as_json, pull_request, report, workflow_run
from loopback import Reply
from stub_github import FORBIDDEN, GARBAGE, RESET, TOKEN, StubGitHub

if TYPE_CHECKING:
    from conftest import Folder


def test_a_fail_is_told_in_one_comment(folder: Folder) -> None:
    with StubGitHub() as github:
        done = comment(folder, github)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"comment created: {github.comments[0]['html_url']}\n"
        assert said(github).startswith(
            "<!-- gate:report -->\nFor `0123456789ab`:\n\n### ❌ gate: fail\n"
        )
        assert "[The whole run](https://github.com/octo/triage/actions/runs/77)" in said(github)


def test_the_comment_turns_green_later_and_is_left_when_nothing_changed(folder: Folder) -> None:
    with StubGitHub() as github:
        comment(folder, github)
        assert comment(folder, github, "pass").stdout.startswith("comment edited: https://")
        assert "### ✅ gate: pass" in said(github)
        assert comment(folder, github, "pass").stdout.startswith("comment unchanged: https://")
        assert github.writes() == ["POST", "PATCH"]


@pytest.mark.parametrize(
    ("verdict", "when", "is_created"),
    [
        ("pass", "auto", False),
        ("pass", "always", True),
        ("fail", "auto", True),
        ("inconclusive", "auto", True),
        ("incomplete", "auto", True),
    ],
)
def test_a_pass_is_worth_a_new_comment_only_when_asked(
    folder: Folder, verdict: str, when: str, *, is_created: bool
) -> None:
    with StubGitHub() as github:
        done = comment(folder, github, verdict, "--when", when)
        assert (done.returncode, len(github.comments)) == (0, is_created)
        assert is_created or done.stdout == "none: nothing to say\n"


def test_an_inconclusive_that_the_policy_lets_pass_is_told_too(folder: Folder) -> None:
    told = replace(report("inconclusive"), exit_code=0)
    folder.write({"report.json": as_json(told)})
    with StubGitHub() as github:
        env = github.environment("pull_request", pull_request(7), folder.path)
        assert gate_in_process(folder, "comment", "report.json", **env).returncode == 0
        assert "### ❔ gate: inconclusive" in said(github)


def test_an_older_run_that_ends_later_writes_nothing(folder: Folder) -> None:
    with StubGitHub() as github:
        comment(folder, github, verdict="pass")
        github.comment("<!-- gate:report -->\n### ❌ gate: fail")
        env = github.environment("pull_request", pull_request(7), folder.path)
        github.heads["7"] = "f" * 40
        done = gate_in_process(folder, "comment", "report.json", **env)
        assert done.stdout == "none: the pull request has moved on from 0123456789ab\n"
        assert github.writes() == []


def test_a_key_tells_one_comment_from_another(folder: Folder) -> None:
    with StubGitHub() as github:
        comment(folder, github)
        comment(folder, github, "fail", "--key", "eu")
        heads = [each["body"].partition("\n")[0] for each in github.comments]
    assert heads == ["<!-- gate:report -->", "<!-- gate:eu -->"]


def test_a_comment_that_carries_our_marker_but_not_our_author_is_not_touched(
    folder: Folder,
) -> None:
    with StubGitHub() as github:
        fake = github.comment("<!-- gate:report -->\nall is well", login="octocat", kind="User")
        comment(folder, github)
        comment(folder, github, "pass")
        assert fake["body"] == "<!-- gate:report -->\nall is well"
        assert "✅" in github.comments[1]["body"]


def test_a_fork_gets_a_read_only_token_and_is_told_so(folder: Folder) -> None:
    with StubGitHub() as github:
        github.misbehave(FORBIDDEN, method="POST", path="/comments")
        done = comment(folder, github)
    assert (done.returncode, done.stdout) == (4, "")
    assert "a pull request from a fork gets a read-only one" in done.stderr
    assert "repair: give the job `permissions: pull-requests: write`" in done.stderr


@pytest.mark.parametrize("wrong", [GARBAGE, RESET, FORBIDDEN], ids=["garbage", "reset", "403"])
def test_a_github_that_cannot_be_talked_to_is_an_ending_of_its_own(
    folder: Folder, wrong: Reply
) -> None:
    with StubGitHub() as github:
        github.misbehave(wrong, times=None)
        done = comment(folder, github)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("gate: GitHub: ")


@pytest.mark.parametrize("status", [200, 201, 302, 401, 403, 404, 422])
@pytest.mark.parametrize("path", ["/graphql", "/comments", "/issues/comments/1"])
def test_a_token_that_is_echoed_is_never_shown(folder: Folder, path: str, status: int) -> None:
    with StubGitHub() as github:
        github.comment("<!-- gate:report -->\nold")
        method = "PATCH" if path.endswith("1") else ""
        github.misbehave(Reply(status=status, echoes=True), path=path, method=method, times=None)
        done = comment(folder, github)
    assert TOKEN[4:] not in done.stdout + done.stderr
    # One that is not there any more is written anew.
    assert done.returncode == (0 if method and status in {200, 201, 404} else 4)


def test_a_report_that_holds_the_token_is_not_made_public(folder: Folder) -> None:
    with StubGitHub() as github:
        done = comment(folder, github, text=f"the model said {TOKEN}")
        assert not github.requests
    assert (done.returncode, TOKEN in done.stdout + done.stderr) == (4, False)
    assert "holds the value of GITHUB_TOKEN" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "event", "says"),
    [
        (["report.json"], "pull_request_target", "the right to write"),
        (["report.json"], "push", "has no pull request to comment on"),
        (["report.json"], "workflow_run", "has no pull request to comment on"),
        ([], "pull_request", "has no other run"),
        (["report.json", "--key", "a--b"], "pull_request", "a key has up to 61"),
        (["report.json", "--key", ""], "pull_request", "a key has up to 61"),
        (["--key", "a"], "workflow_run", "--key needs RESULT.json"),
        (["report.json", "--when", "never"], "pull_request", "'never'"),
        (["nowhere.json"], "pull_request", "cannot be read"),
        (["event.json"], "pull_request", "no report of version 1"),
    ],
)
def test_a_wrong_use_is_refused_before_anything_is_asked(
    folder: Folder, arguments: list[str], event: str, says: str
) -> None:
    folder.write({"report.json": as_json(report())})
    with StubGitHub() as github:
        env = github.environment(event, {**pull_request(7), **workflow_run()}, folder.path)
        done = gate_in_process(folder, "comment", *arguments, **env)
        assert not github.requests
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.parametrize(
    "token", ["", "  ", "short", "two words and more", "ghs_\nnewline_in_it", "ü" * 40]
)
def test_without_a_token_nothing_is_asked_and_none_is_shown(folder: Folder, token: str) -> None:
    folder.write({"report.json": as_json(report())})
    with StubGitHub() as github:
        env = github.environment("pull_request", pull_request(7), folder.path)
        done = gate_in_process(folder, "comment", "report.json", **{**env, "GITHUB_TOKEN": token})
        assert not github.requests
    assert (done.returncode, done.stdout) == (2, "")
    assert "GITHUB_TOKEN" in done.stderr
    assert not token.strip() or token.strip() not in done.stderr


def test_outside_of_a_job_it_says_where_it_belongs(folder: Folder) -> None:
    done = gate_in_process(folder.write({"a": ""}), "comment", GITHUB_TOKEN=TOKEN)
    assert done.returncode == 2
    assert "GITHUB_EVENT_NAME is not set" in done.stderr
