"""Which pull request a run was for, and how another one's author could try to be it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from github_events import RUN_URL
from stub_github import FAULT, FORBIDDEN, NOT_FOUND, REPOSITORY, SHA, StubGitHub, json_reply
from unit.github.asking import ask

from gate.github.answers import ApiError
from gate.github.event import WorkflowRun
from gate.github.pulls import open_pulls

RUN = WorkflowRun(
    run_id=99, event="pull_request", conclusion="failure", head_sha=SHA, head_branch="change",
    head_owner="fork", head_repository="fork/triage", url=RUN_URL,
)  # fmt: skip


def found(github: StubGitHub, run: WorkflowRun = RUN) -> tuple[int, ...]:
    return ask(github, lambda api: open_pulls(api, repository=REPOSITORY, run=run))


def test_the_open_pull_request_with_that_head_is_found() -> None:
    with StubGitHub() as github:
        github.pull(6, branch="other")
        github.pull(7)
        assert found(github) == (7,)
        assert len(github.requests) == 1


def test_a_head_that_moved_on_is_no_longer_that_of_the_run() -> None:
    with StubGitHub() as github:
        github.pull(7, sha="f" * 40)
        assert found(github) == ()


def test_a_closed_pull_request_is_none() -> None:
    with StubGitHub() as github:
        github.pull(7)["state"] = "closed"
        assert found(github) == ()


def test_two_pull_requests_with_that_head_are_both_told() -> None:
    with StubGitHub() as github:
        github.pull(8)
        github.pull(7)
        assert found(github) == (7, 8)


def test_a_fork_that_is_gone_is_found_by_its_commit() -> None:
    with StubGitHub() as github:
        github.pull(7, is_gone=True)
        assert found(github) == (7,)


@pytest.mark.parametrize("is_gone", [False, True])
@pytest.mark.parametrize(
    "other", [{"owner": "victim"}, {"owner": "victim", "branch": "other"}, {"branch": "other"}]
)
def test_a_copy_of_anothers_commit_does_not_reach_their_pull_request(
    other: dict[str, str], *, is_gone: bool
) -> None:
    with StubGitHub() as github:
        github.pull(6, is_gone=is_gone, **other)
        assert found(github) == ()


def test_a_run_whose_fork_is_gone_from_the_event_is_nobodys() -> None:
    with StubGitHub() as github:
        github.pull(6, is_gone=True)
        assert found(github, replace(RUN, head_owner="", head_repository="")) == ()
        assert not github.requests


def test_a_branch_is_one_value_of_the_query_whatever_it_is_called() -> None:
    with StubGitHub() as github:
        branch = "a&state=all&head=victim:b#?%2f ü"
        github.pull(7, branch=branch)
        assert found(github, replace(RUN, head_branch=branch)) == (7,)


def test_a_filter_that_github_passes_over_is_not_relied_on() -> None:
    with StubGitHub() as github:
        github.pull(6, owner="victim")
        github.misbehave(json_reply(github.pulls), path="/pulls?")
        assert found(github) == ()


def test_a_pull_request_of_another_repository_is_none() -> None:
    with StubGitHub() as github:
        github.pull(7)["base"]["repo"]["full_name"] = "fork/triage"
        assert found(github) == ()


def test_a_commit_that_is_not_in_this_repository_is_no_error() -> None:
    with StubGitHub() as github:
        github.misbehave(NOT_FOUND, path="/commits/")
        assert found(github) == ()


@pytest.mark.parametrize("reply", [FORBIDDEN, FAULT, json_reply({"a": 1})])
@pytest.mark.parametrize("path", ["/pulls?state", "/commits/"])
def test_what_github_does_not_answer_is_an_error(path: str, reply: object) -> None:
    with StubGitHub() as github:
        github.misbehave(reply, path=path, times=None)
        with pytest.raises(ApiError):
            found(github)
