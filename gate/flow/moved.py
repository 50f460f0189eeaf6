"""Configurations that a change deletes, moves, or hides: none reads as a first run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import IncompleteError, NoRepositoryError
from gate.flow.project import CONFIG_NAME
from gate.git import GitTree, Repository, find_base

if TYPE_CHECKING:
    from pathlib import Path

    from gate.flow.project import Project


def refuse_gone(project: Project, base: str | None) -> None:
    """Refuse to start where the change deleted the configuration: that is no new user's first step.

    Raises:
        IncompleteError: The base has one for this folder, and the worktree has it no more.
    """
    try:
        repository = Repository(project.root)
        found = find_base(repository, named=base, environment=project.environment)
    except (NoRepositoryError, IncompleteError):
        return  # that there is no gate.yaml says more
    here = repository.prefix_of(project.root)
    whole = GitTree(repository, found.commit)
    for path in whole.find(f"**/{CONFIG_NAME}"):
        folder = path.removesuffix(CONFIG_NAME)
        if here.startswith(folder) and not (repository.top / path).is_file():
            raise IncompleteError(
                f"{path} is in the base {found.commit[:12]} and gone here: nothing says how this "
                "change is to be judged",
                fix=f"put {path} back; to end the gate, first merge `retired: true` for each suite",
            )


def refuse_nested(whole: GitTree, top: Path, prefix: str, name: str) -> None:
    """See that a new configuration, below the base's own or beside it, does not hide that one.

    Raises:
        IncompleteError: It does.
    """
    steps = prefix.split("/")[:-1]
    for depth in range(len(steps) + 1):
        above = "/".join([*steps[:depth], CONFIG_NAME])
        if whole.exists(above) and (top / above).is_file():
            raise IncompleteError(
                f"{prefix}{name} is new, and the base judges this folder by {above}",
                fix=f"run with --config {above}, or merge the new file first",
            )


def refuse_moved(whole: GitTree, top: Path, new: str) -> None:
    """See that a configuration that was moved, or hidden by a symlink, reads as no first run.

    Raises:
        IncompleteError: One was.
    """
    names = {CONFIG_NAME, new.rpartition("/")[2]}
    for path in [path for name in names for path in whole.find(f"**/{name}")]:
        here = top / path
        steps = [here, *(each for each in here.parents if top in each.parents)]
        if not here.is_file() or any(step.is_symlink() for step in steps):
            raise IncompleteError(
                f"{path} is in the base and gone here, or behind a symlink, and {new} is new: "
                "nothing says how this change is to be judged",
                fix=f"put {path} back, or merge the move first",
            )


def refuse_linked(whole: GitTree, top: Path, named: Path) -> None:
    """See that the folder that was named is the one that the base has there.

    Args:
        whole: The base.
        top: Of the repository.
        named: As it was asked for, symlinks not followed.

    Raises:
        IncompleteError: A step of the way is a symlink that the base does not have.
    """
    top = top.resolve()
    for step in (named, *named.parents):
        place = step.parent.resolve() / step.name
        if not (step.is_symlink() and place.is_relative_to(top)):
            continue
        path = place.relative_to(top).as_posix()
        if not whole.is_link(path):
            raise IncompleteError(
                f"{path} is a symlink here and was none in the base: another folder would be "
                "judged in its place",
                fix=f"put {path} back, or name the folder itself",
            )
