"""A pull request as a runner finds it: GitHub's merge commit in a clone, and the payload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conftest import Folder
from github_runner.runner import Job
from stub_github import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from stub_github import StubGitHub

NUMBER = 7


@dataclass
class PullRequest:
    """A repository with a base, a head, and what GitHub made of both."""

    origin: Folder
    base: str
    head: str
    merge: str

    def payload(self, **more: Any) -> dict[str, Any]:
        return {
            "number": NUMBER,
            "pull_request": {
                "number": NUMBER,
                "title": "a change",
                "base": {"sha": self.base, "ref": "main"},
                "head": {"sha": self.head, "ref": "change"},
                **more,
            },
            "repository": {"default_branch": "main"},
        }

    def checkout(self, target: Path, *, depth: int | None = None, ref: str = "merge") -> Folder:
        """Clone what actions/checkout would: the merge commit, at a depth, or the head."""
        shallow = [f"--depth={depth}"] if depth else []
        self.origin.git(
            "clone", "--quiet", "--no-local", *shallow, "--branch", ref,
            f"file://{self.origin.path}", str(target),
        )  # fmt: skip
        copy = Folder(target)
        copy.git("checkout", "--quiet", "--detach")
        return copy


def pull_request(
    origin: Folder, base: dict[str, str | bytes], change: dict[str, str | bytes | None]
) -> PullRequest:
    """Commit a base to `main` and a change to a branch; None deletes a file of the base."""
    origin.write({".gitignore": ".gate/\n", **base})
    base_commit = origin.commit("base")
    origin.git("checkout", "--quiet", "-b", "change")
    for name, content in change.items():
        if content is None:
            (origin.path / name).unlink()
        else:
            origin.write({name: content})
    head = origin.commit("change")
    origin.git("checkout", "--quiet", "-b", "merge", "main")
    origin.git("merge", "--quiet", "--no-ff", "--message", "merge", "change")
    merge = origin.git("rev-parse", "HEAD")
    # A server that lets a commit be fetched by its id, as GitHub's does.
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    return PullRequest(origin=origin, base=base_commit, head=head, merge=merge)


def job_of(
    github: StubGitHub,
    asked: PullRequest,
    place: Path,
    *,
    event: str = "pull_request",
    payload: dict[str, Any] | None = None,
    **variables: str,
) -> Job:
    """A job whose checkout is the pull request's merge commit."""
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "work").exists():
        asked.checkout(place / "work")
    # Where GitHub's runner keeps it.
    told_in = place / "temp" / "_github_workflow"
    told_in.mkdir(parents=True, exist_ok=True)
    told = github.environment(event, payload or asked.payload(), told_in)
    # A step has the token only where action.yml hands it one.
    del told["GITHUB_TOKEN"]
    return Job(place / "work", place / "temp", {**told, **variables})


__all__ = ["NUMBER", "TOKEN", "Job", "PullRequest", "job_of", "pull_request"]
