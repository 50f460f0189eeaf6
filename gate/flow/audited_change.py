"""The suite whose recordings are audited, and the rules that count for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.errors import NoRepositoryError
from gate.flow.from_baseline import against_itself
from gate.flow.from_git import Asked, change_from_git
from gate.flow.project import choose_suites
from gate.git import Repository

if TYPE_CHECKING:
    from gate.core.policy import Policy
    from gate.flow.change import SuiteChange
    from gate.flow.project import Project


def audited_change(
    project: Project, name: str, *, base: str | None, case: str | None
) -> tuple[SuiteChange, Policy]:
    """Return a suite of the worktree with its baseline on both sides, and the rules that count.

    A change could loosen the checks that would tell a forged answer, so those of the base count
    for it, as in `gate check`. Where there is no change to judge, or no git, the worktree's do.

    Raises:
        ConfigError: There is no such suite, or a file is wrong.
        IncompleteError: The base cannot be had.
    """
    config = project.config()
    (suite,) = choose_suites(config, (name,)).values()
    own = against_itself(project, suite, case=case)
    if base is None and not _is_in_repository(project):
        return own, config.policy
    asked = Asked(names=(name,), case=case, takes_all=True)
    change = change_from_git(project, base=base, asked=asked)
    if not change.suites:
        return own, config.policy
    (judged,) = change.suites
    return replace(judged, old=judged.new), change.config.policy


def _is_in_repository(project: Project) -> bool:
    try:
        Repository(project.root)
    except NoRepositoryError:
        return False
    return True
