"""What the attacks share: a project, a secret, and everything that others can read of a job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cli.project import FAILURES_ONLY, IS_YES, MANY
from conftest import echo_project

if TYPE_CHECKING:
    from pathlib import Path

    from github_runner.runner import Job
    from stub_github import StubGitHub

SECRET = "sk-made-up-0123456789-for-this-test"


def project() -> dict[str, str | bytes]:
    files = echo_project(MANY, checks=IS_YES)
    config = json.loads(str(files["gate.yaml"]))
    return {**files, "gate.yaml": json.dumps({**config, "policy": FAILURES_ONLY})}


def untouched(place: Path, *words: str) -> None:
    """See that no attack has left its file, and nowhere its mark."""
    assert not list(place.rglob("pwned*"))
    for word in words:
        assert not any(word.encode() in path.read_bytes() for path in files_in(place)), word


def files_in(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file() and ".git" not in path.parts]


def told(job: Job, github: StubGitHub) -> list[str]:
    """Everything that others can read of a job."""
    kept = [
        text.decode(errors="replace") for each in job.artifacts.values() for text in each.values()
    ]
    comments = [each["body"] for each in github.comments]
    return [job.log, job.summary, json.dumps(job.outputs), *kept, *comments]
