"""Finding the base ref."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gate.core.events import refuse_target
from gate.core.steps import at
from gate.errors import IncompleteError
from gate.git.repository import BASE_FIX, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The commit that old and the policy are read from."""

    commit: str
    found_by: str  # for the report


def find_base(repository: Repository, *, named: str | None, environment: Mapping[str, str]) -> Base:
    """Find the base ref.

    In this order: the one that is named; a pull request's merge commit: its first parent; the
    base of a merge group; the base that the event names; the merge-base with the default branch.

    Raises:
        IncompleteError: None of them can be had, the message says what to add; or a push is judged
            whose commit is not checked out.
        UsageError: The event is one on which the author's code must not run.
    """
    refuse_target(environment.get("GITHUB_EVENT_NAME", ""))
    _refuse_to_push_another(repository, environment.get("PRE_COMMIT_TO_REF", ""))
    if named is not None:
        commit = repository.named(named)
        if commit is None:
            ref = shlex.quote(named)
            there = (
                f"see that it is there: git rev-parse {ref}; or bring it: git fetch origin {ref}"
            )
            fix = BASE_FIX if repository.is_shallow() else there
            raise IncompleteError(f"the base {named!r} cannot be found", fix=fix)
        return Base(commit=commit, found_by=f"--base {named}")
    for commit, found_by in _event_bases(repository, environment):
        here = repository.fetch(commit)
        if here is None:
            raise IncompleteError(
                f"the base {commit[:12]} ({found_by}) cannot be fetched", fix=BASE_FIX
            )
        return Base(commit=here, found_by=found_by)
    return _merge_base(repository, remote=environment.get("PRE_COMMIT_REMOTE_NAME") or "origin")


def _refuse_to_push_another(repository: Repository, pushed: str) -> None:
    """In pre-commit's hook before a push: what is checked out must be what goes to the remote."""
    if pushed and repository.resolve(pushed) != repository.resolve("HEAD"):
        raise IncompleteError(
            f"HEAD is not what is pushed, {pushed[:12]}: that was not checked out",
            fix="check it out and push again, or leave this hook out once: SKIP=gate git push",
        )


def _event_bases(
    repository: Repository, environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    name = environment.get("GITHUB_EVENT_NAME", "")
    if not name:
        return
    event = _event(environment.get("GITHUB_EVENT_PATH", ""))
    if name.startswith("pull_request"):
        parents = repository.parents()
        head = at(event, "pull_request", "head", "sha")
        if isinstance(head, str) and head not in {repository.resolve("HEAD"), *parents[1:]}:
            raise IncompleteError(
                f"HEAD is not the pull request's head {head[:12]}: its change was not checked out",
                fix="at actions/checkout: ref: ${{ github.event.pull_request.head.sha }}",
            )
        # A merge that the author made has two parents, too: GitHub's own ends in the head.
        if len(parents) == 2 and parents[1] == head:  # noqa: PLR2004
            yield parents[0], "first parent of the pull request's merge commit"
    paths = {
        "merge_group": ("merge_group", "base_sha"),
        "pull_request": ("pull_request", "base", "sha"),
    }
    found = at(event, *paths.get(name, ("",)))
    default = f"refs/heads/{at(event, 'repository', 'default_branch')}"
    if name == "push" and at(event, "ref") == default:
        # On any other branch, what was there before is the author's own: its policy, too.
        found = at(event, "before")
    if isinstance(found, str) and found.strip("0"):
        yield found, f"base of the {name} event"


def _event(path: str) -> object:
    if not path:
        return {}
    try:
        return json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise IncompleteError(f"GITHUB_EVENT_PATH: {path}: cannot be read: {error}") from error


def _merge_base(repository: Repository, *, remote: str) -> Base:
    for branch in _default_branches(repository, remote):
        if repository.resolve(branch) is None:
            continue
        told = branch.removeprefix("refs/remotes/").removeprefix("refs/heads/")
        done = repository.run("merge-base", branch, "HEAD")
        if done.returncode == 0:
            return Base(commit=done.stdout.decode().strip(), found_by=f"merge-base with {told}")
        raise IncompleteError(f"no merge-base of HEAD and {told} is here", fix=BASE_FIX)
    raise IncompleteError("no default branch is here to compare with", fix=BASE_FIX)


def _default_branches(repository: Repository, remote: str) -> Iterator[str]:
    """Yield what may be the default branch: of the remote that is pushed to, of origin, here.

    By whole names: a tag of the name of a branch must not stand for it.
    """
    for name in dict.fromkeys([remote, "origin"]):
        done = repository.run("symbolic-ref", "--quiet", f"refs/remotes/{name}/HEAD")
        if done.returncode == 0:
            yield done.stdout.decode().strip()
        yield f"refs/remotes/{name}/main"
        yield f"refs/remotes/{name}/master"
    yield from ("refs/heads/main", "refs/heads/master")
