"""What GitHub Actions tells a job, and what it might be made to tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from github_events import RUN_URL, pull_request, workflow_run
from stub_github import SHA

from gate.errors import ConfigError, GateError, UsageError
from gate.github.event import WorkflowRun, job_of, pull_request_of, workflow_run_of

if TYPE_CHECKING:
    from pathlib import Path


def environment(folder: Path, event: str, payload: object, **more: str) -> dict[str, str]:
    path = folder / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload))
    return {
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": "octo/triage",
        "GITHUB_API_URL": "https://api.github.com",
        "GITHUB_GRAPHQL_URL": "https://api.github.com/graphql",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": "77",
        **more,
    }


def test_a_job_of_a_pull_request_knows_its_number_and_its_page(tmp_path: Path) -> None:
    job = job_of(environment(tmp_path, "pull_request", pull_request(7)))
    assert pull_request_of(job) == 7
    assert job.run_url == "https://github.com/octo/triage/actions/runs/77"


def test_a_job_after_a_run_knows_that_run(tmp_path: Path) -> None:
    assert workflow_run_of(job_of(environment(tmp_path, "workflow_run", workflow_run()))) == (
        WorkflowRun(
            run_id=99, event="pull_request", conclusion="failure", head_sha=SHA,
            head_branch="change", head_owner="fork", head_repository="fork/triage", url=RUN_URL,
        )
    )  # fmt: skip


def test_pull_request_target_is_refused_with_the_reason_and_the_repair(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="secrets and the right to write") as caught:
        job_of(environment(tmp_path, "pull_request_target", pull_request(7)))
    assert "on: pull_request" in caught.value.fix
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("number", [None, 0, -1, True, "7", 7.0, [7], {"a": 1}, "7/../../8"])
def test_a_number_is_a_positive_whole_number_or_an_error(tmp_path: Path, number: object) -> None:
    job = job_of(environment(tmp_path, "pull_request", pull_request(number)))
    with pytest.raises(ConfigError, match=r"pull_request\.number"):
        pull_request_of(job)


@pytest.mark.parametrize("event", ["push", "merge_group", "workflow_run", "pull_request_review"])
def test_only_a_job_of_pull_request_has_a_number(tmp_path: Path, event: str) -> None:
    job = job_of(environment(tmp_path, event, pull_request(7)))
    with pytest.raises(UsageError, match=f"'{event}' has no pull request"):
        pull_request_of(job)


def test_only_a_job_of_workflow_run_has_another_run(tmp_path: Path) -> None:
    job = job_of(environment(tmp_path, "pull_request", workflow_run()))
    with pytest.raises(UsageError, match="has no other run"):
        workflow_run_of(job)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"id": "99"}, id="id-as-text"),
        pytest.param({"conclusion": None}, id="not-ended"),
        pytest.param({"conclusion": "success\n::error::"}, id="command-in-the-conclusion"),
        pytest.param({"head_sha": "main"}, id="a-branch-as-sha"),
        pytest.param({"head_sha": SHA + "/../.."}, id="a-path-as-sha"),
        pytest.param({"head_branch": None}, id="no-branch"),
        pytest.param({"head_repository": {"full_name": "fork/triage"}}, id="no-owner"),
        pytest.param({"head_repository": "fork"}, id="repository-as-text"),
        pytest.param({"html_url": "javascript:alert(1)"}, id="a-script-as-page"),
        pytest.param({"html_url": "https://github.com/a)![x](https://e"}, id="a-link-in-the-page"),
        pytest.param({"html_url": "http://github.com/a"}, id="page-in-the-clear"),
    ],
)
def test_a_run_of_another_shape_is_an_error(tmp_path: Path, change: dict[str, Any]) -> None:
    job = job_of(environment(tmp_path, "workflow_run", workflow_run(**change)))
    with pytest.raises(ConfigError, match="is not what GitHub writes"):
        workflow_run_of(job)


def test_a_run_without_its_repository_has_no_owner(tmp_path: Path) -> None:
    job = job_of(environment(tmp_path, "workflow_run", workflow_run(head_repository=None)))
    assert (workflow_run_of(job).head_owner, workflow_run_of(job).head_repository) == ("", "")


@pytest.mark.parametrize("payload", ["", "{", "[]", "7", "[" * 100_000, '{"workflow_run": 7}'])
@pytest.mark.parametrize("event", ["pull_request", "workflow_run"])
def test_a_broken_payload_is_an_error_and_no_traceback(
    tmp_path: Path, event: str, payload: str
) -> None:
    read = pull_request_of if event == "pull_request" else workflow_run_of
    with pytest.raises(ConfigError, match=r"payload|GITHUB_EVENT_PATH"):
        read(job_of(environment(tmp_path, event, payload)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_EVENT_NAME", ""),
        ("GITHUB_EVENT_PATH", ""),
        ("GITHUB_EVENT_PATH", "/nowhere/event.json"),
        ("GITHUB_REPOSITORY", ""),
        ("GITHUB_REPOSITORY", "octo"),
        ("GITHUB_REPOSITORY", "octo/triage/../other"),
        ("GITHUB_REPOSITORY", "octo/.."),
        ("GITHUB_REPOSITORY", "octo/triage?x=1"),
        ("GITHUB_API_URL", ""),
        ("GITHUB_API_URL", "http://api.github.com"),
        ("GITHUB_API_URL", "https://user:word@api.github.com"),
        ("GITHUB_API_URL", "https://[api"),
        ("GITHUB_GRAPHQL_URL", "http://evil.invalid/graphql"),
        ("GITHUB_SERVER_URL", "https://github.com/)![x](https://evil.invalid"),
        ("GITHUB_RUN_ID", "77)"),
    ],
)
def test_a_variable_that_github_would_not_set_is_an_error(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(GateError, match=name) as caught:
        job_of(environment(tmp_path, "pull_request", pull_request(7), **{name: value}))
    assert caught.value.exit_code == 2
