"""`gate plan`: what `gate check` would do and could tell, calling nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from gate.commands.options import config_option, named_change, open_here, side_options

if TYPE_CHECKING:
    from gate.core.suite_plan import SuitePlan
    from gate.flow.change import Change, SuiteChange
    from gate.flow.project import Project


@click.command("plan", short_help="Say what check would call, cost and be able to tell.")
@click.argument("suites", nargs=-1)
@side_options
@config_option
@click.option("--case", metavar="GLOB", help="Only the cases whose id matches.")
@click.option("--repeats", type=click.IntRange(1, 1000), help="Trials a case of the new prompt.")
@click.option("--seed", type=int, default=0, show_default=True, help="Orders the calls.")
def command(**options: object) -> None:
    """Say for each SUITE what `gate check` would call, and what it could tell from the answers.

    The smallest rise that it finds in 4 of 5 runs, and the smallest tolerance that it can prove,
    come from how much the baseline's own trials disagree. Calls nothing.
    """
    from gate.reports.plan_table import render

    plans, notes = make_plans(options)
    click.echo(render(plans, notes), nl=False)


def make_plans(options: dict[str, object]) -> tuple[list[SuitePlan], tuple[str, ...]]:
    """Plan every suite: those that are affected, and those that a change would affect.

    Returns:
        The plans, and what else a reader should know.
    """
    project = open_here(options["config"])  # type: ignore[arg-type]
    change = named_change(project, options)
    from gate.flow.planning import plan_suite

    wanted = [
        *((each, len(change.suites), True) for each in change.suites),
        *((each, 1, False) for each in _idle(project, change, options)),
    ]
    recordings = project.recordings()
    try:
        plans = [
            plan_suite(
                suite,
                recordings,
                replace(change.config.policy, alpha=change.config.policy.alpha / share),
                repeats=options["repeats"],  # type: ignore[arg-type]
                seed=options["seed"],  # type: ignore[arg-type]
                is_affected=is_affected,
            )
            for suite, share, is_affected in wanted
        ]
    finally:
        recordings.close()
    first_run = [f"first run: {change.first_run}"] if change.first_run else []
    judged = [
        f"suite {suite.suite.name}: on top of these calls its judge is asked about each distinct "
        "output" + (", in both orders" if suite.judge.compares else "")
        for suite, _, _ in wanted
        if suite.judge is not None
    ]
    return plans, (*first_run, *change.notes, *judged)


def _idle(project: Project, change: Change, options: dict[str, object]) -> list[SuiteChange]:
    """Return the suites whose prompt stays as it is; on a first run there are no others."""
    from gate.flow.from_baseline import against_itself
    from gate.flow.project import choose_suites

    names: tuple[str, ...] = options["suites"] if change.first_run else change.unaffected  # type: ignore[assignment]
    if not names and not change.first_run:
        return []
    return [
        against_itself(project, suite, case=options["case"])  # type: ignore[arg-type]
        for suite in choose_suites(change.config, names).values()
    ]
