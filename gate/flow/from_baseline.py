"""A suite held against its own baseline, in the worktree: then against today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.core.columns import columns_of
from gate.core.model import Trial
from gate.core.prompt import request_for
from gate.errors import IncompleteError
from gate.flow.change import (
    Side,
    choose_cases,
    make_suite_change,
    read_judge,
    read_reviewed,
    suite_cases,
)
from gate.flow.judge import score
from gate.store.baselines import baseline_path, read_baseline

if TYPE_CHECKING:
    from gate.core.columns import Columns
    from gate.core.config import Suite
    from gate.flow.change import SuiteChange
    from gate.flow.project import Project


def against_itself(project: Project, suite: Suite, *, case: str | None = None) -> SuiteChange:
    """Read a suite of the worktree with its baseline, on both sides.

    Raises:
        ConfigError: A file is wrong.
        UsageError: `case` matches none.
    """
    prompt = project.prompt(suite)
    side = Side(prompt=prompt, baseline=read_baseline(project.disk, suite.name))
    cases = choose_cases(suite_cases(project.disk, suite, prompt), case)
    return make_suite_change(
        suite,
        cases,
        side,
        side,
        judge=read_judge(project.disk, suite, disk=project.disk),
        labels=read_reviewed(suite, project.disk),
    )


def see_it_covered(change: SuiteChange) -> None:
    """See that the baseline holds answers of this very prompt to every case.

    Raises:
        IncompleteError: It does not, so nothing can be held against it.
    """
    name, side = change.suite.name, change.old
    fix = f"run: gate refresh {name}"
    if side.baseline is None:
        raise IncompleteError(f"{baseline_path(name)}: no baseline for suite {name!r}", fix=fix)
    bare = [
        case.case_id
        for case in change.cases
        if not side.baseline.trials_of(case.case_id, request_for(side.prompt, case).digest)
    ]
    if bare:
        raise IncompleteError(
            f"{baseline_path(name)}: holds no answers of this prompt to {len(bare)} of "
            f"{len(change.cases)} cases, the first is {bare[0]!r}",
            fix=fix,
        )


def baseline_columns(change: SuiteChange, *, planned_new: int) -> Columns:
    """Score the old side's baseline: the trials of each case whose request it holds."""
    baseline, prompt = change.old.baseline, change.old.prompt
    scored = []
    for case in change.cases:
        answers = (
            baseline.trials_of(case.case_id, request_for(prompt, case).digest) if baseline else ()
        )
        trials = [
            Trial(case_id=case.case_id, repeat=i, source="baseline", response=answer)
            for i, answer in enumerate(answers)
        ]
        scored.append(score(change, case, trials, (), is_same=False))
    return columns_of(scored, planned_new=planned_new)
