"""`gate check`: the gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.delivery import hand_over, report_options
from gate.commands.options import (
    config_option,
    named_change,
    open_here,
    replay_options,
    side_options,
)
from gate.commands.running import Ran, run_suites

if TYPE_CHECKING:
    from gate.core.policy import Policy
    from gate.core.report import Report, SuiteReport
    from gate.flow.change import Change


@click.command("check", short_help="Judge a change: old prompt against new. This is the gate.")
@click.argument("suites", nargs=-1)
@side_options
@config_option
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    help="Take the policy from this gate.yaml; its suites may be empty.",
)
@click.option("--offline", is_flag=True, help="Call nothing; what is not recorded ends in exit 4.")
@replay_options
@report_options
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Replay the affected SUITEs through the old and the new prompt, and judge.

    Old is read from the base ref through git; new is the worktree, which is never touched. With
    --old and --new, two prompt files are compared without git.

    The run stops as soon as the verdict is clear (--all-calls makes every call). A fail against
    recorded answers of old is confirmed: old is called again, and the fail must hold.
    """
    hand_over(ctx, lambda: run_check(options), options["formats"], options["output"])  # type: ignore[arg-type]


def run_check(options: dict[str, object]) -> Report:
    """Read the change, gather the trials, judge every suite."""
    from gate.core.ending import finish
    from gate.core.report import Report, Verdict

    project = open_here(options["config"])  # type: ignore[arg-type]
    change = named_change(project, options)
    policy, source = _policy(change, options["policy_file"])  # type: ignore[arg-type]
    ran = run_suites(change, project, policy, options) if change.suites else Ran()
    idle = [_not_affected(name) for name in change.unaffected]
    report = Report(
        verdict=Verdict.PASS,
        exit_code=0,
        owner=change.config.owner,
        policy_source=source,
        alpha=policy.alpha,
        suites=(*ran.suites, *idle),
        notes=(*change.notes, *_first_run(change), *ran.notes),
        waivers=ran.waivers,
        explain_flags=change.explain_flags,
    )
    return finish(report, policy=policy)


def _policy(change: Change, path: Path | None) -> tuple[Policy, str]:
    if path is None:
        return change.config.policy, change.config.source
    from gate.store.config import read_config
    from gate.store.worktree import WorkTree

    config = read_config(WorkTree(path.parent), path.name)
    return config.policy, str(path)


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
