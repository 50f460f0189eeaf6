"""`gate drift`: today's answers of the same prompt against its baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from gate.commands.delivery import hand_over, report_options
from gate.commands.options import config_option, open_here, replay_options
from gate.commands.running import report_of, run_suites
from gate.reports.numbers import level, metric_name, p_value_told

if TYPE_CHECKING:
    from gate.core.report import Report, SuiteReport


@click.command("drift", short_help="Hold today's answers of a prompt against its baseline.")
@click.argument("suites", nargs=-1)
@config_option
@replay_options
@report_options
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Call the worktree's prompt of each SUITE again and judge it against its own baseline.

    A fail means that the same prompt answers worse than when its baseline was recorded: the vendor
    changed the model, or something that the prompt depends on. Answers of the last 12 hours count
    as today's.
    """
    hand_over(ctx, lambda: run_drift(options), options["formats"], options["output"])  # type: ignore[arg-type]


def run_drift(options: dict[str, object]) -> Report:
    """Read the suites with their baselines, call them again, and judge."""
    from gate.flow.change import Change
    from gate.flow.from_baseline import against_itself, see_it_covered
    from gate.flow.project import choose_suites

    project = open_here(options["config"])  # type: ignore[arg-type]
    config = project.config()
    suites = choose_suites(config, options["suites"])  # type: ignore[arg-type]
    changes = tuple(
        against_itself(project, suite, case=options["case"])  # type: ignore[arg-type]
        for suite in suites.values()
    )
    for each in changes:
        see_it_covered(each)
    change = Change(config=config, suites=changes, folder=project.folder)
    ran = run_suites(change, project, config.policy, options, is_drift=True, source=config.source)
    ran = replace(ran, notes=(*ran.notes, *_improvements(ran.suites)))
    return report_of(ran, change, config.policy, config.source)


def _improvements(judged: tuple[SuiteReport, ...]) -> list[str]:
    """Name the rates that fell: the baseline is then worse than what the prompt answers today."""
    return [
        f"suite {suite.suite}: {metric_name(finding)} fell from {level(finding.old, 'rate')} to "
        f"{level(finding.new, 'rate')} (p {p_value_told(1 - finding.p_value)}): better than the "
        "baseline, which is out of date"
        for suite in judged
        for finding in suite.findings
        if finding.unit == "rate"
        and finding.segment is None
        and finding.change < 0
        and 1 - finding.p_value <= finding.alpha
    ]
