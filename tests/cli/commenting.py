"""`gate comment` in its two jobs, with the stub of GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.in_process import gate_in_process
from github_events import as_json, pull_request, report, workflow_run

if TYPE_CHECKING:
    import subprocess

    from conftest import Folder
    from stub_github import StubGitHub


def comment(
    folder: Folder,
    github: StubGitHub,
    verdict: str = "fail",
    *arguments: str,
    text: str = "routing",
) -> subprocess.CompletedProcess[str]:
    """Comment on a report from the job of the pull request itself."""
    folder.write({"report.json": as_json(report(verdict, text))})
    env = github.environment("pull_request", pull_request(7), folder.path)
    return gate_in_process(folder, "comment", "report.json", *arguments, **env)


def relay(
    folder: Folder, github: StubGitHub, *arguments: str, **run: Any
) -> subprocess.CompletedProcess[str]:
    """Comment after the run of the pull request ended."""
    env = github.environment("workflow_run", workflow_run(**run), folder.path)
    return gate_in_process(folder, "comment", *arguments, **env)


def said(github: StubGitHub) -> str:
    (only,) = github.comments
    return str(only["body"])
