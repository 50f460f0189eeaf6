"""`gate check`: the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from gate.commands.delivery import hand_over, report_options
from gate.commands.options import (
    config_option,
    named_change,
    open_here,
    replay_options,
    review_options,
    rules_options,
    side_options,
)
from gate.commands.running import chosen_policy, report_of, run_suites
from gate.commands.sharding import asked_flags, run_shard, shard_option

if TYPE_CHECKING:
    from gate.core.report import Report, SuiteReport
    from gate.flow.change import Change
    from gate.flow.merging import Shards


@click.command("check", short_help="Judge a change: old prompt against new. This is the gate.")
@click.argument("suites", nargs=-1)
@side_options
@config_option
@rules_options
@replay_options
@shard_option
@review_options
@report_options
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Replay the affected SUITEs through the old and the new prompt, and judge.

    Old is read from the base ref through git; new is the worktree, which is never touched. With
    --old and --new, two prompt files are compared without git.

    The run stops as soon as the verdict is clear (--all-calls makes every call). A fail against
    recorded answers of old is confirmed: old is called again, and the fail must hold.
    """
    if options["shard"] is not None:
        if ctx.get_parameter_source("formats") is not ParameterSource.DEFAULT:
            raise click.UsageError("--shard writes no report: --format is for gate merge", ctx=ctx)
        click.echo(run_shard(options))
        return
    hand_over(ctx, lambda: run_check(options), options["formats"], options["output"])  # type: ignore[arg-type]


def run_check(options: dict[str, object], shards: Shards | None = None) -> Report:
    """Read the change, gather the trials or take them from shards, judge every suite."""
    project = open_here(options["config"])  # type: ignore[arg-type]
    if shards is not None:
        shards.see_options(asked_flags(options))
    change = named_change(project, options)
    policy, source = chosen_policy(change, options)
    if shards is not None:
        shards.see_they_fit(change, policy, project)
    ran = run_suites(change, project, policy, options, shards=shards, source=source)
    idle = tuple(_not_affected(name) for name in change.unaffected)
    ran = replace(ran, suites=(*ran.suites, *idle), notes=(*_first_run(change), *ran.notes))
    return report_of(ran, change, policy, source)


def _first_run(change: Change) -> list[str]:
    if not change.first_run:
        return []
    return [
        f"first run: {change.first_run}",
        "next: gate refresh, then commit gate.yaml, fixtures/ and baselines/; "
        "from then on a change is held against them",
    ]


def _not_affected(name: str) -> SuiteReport:
    from gate.core.report import SuiteReport

    return SuiteReport(suite=name, verdict=None, cases=0, trials_old=0, trials_new=0)
