"""`gate validate`: everything that can be checked without a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gate.commands.options import config_option, open_here
from gate.commands.today import today

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.config import Suite
    from gate.core.model import Case
    from gate.flow.project import Project


@click.command("validate", short_help="Check everything that can be checked without a call.")
@click.argument("suites", nargs=-1)
@config_option
def command(suites: tuple[str, ...], *, config: Path | None) -> None:
    """Read gate.yaml and all that it names, render every prompt for every case, read baselines."""
    from gate.core.segment_names import segments_in
    from gate.core.waivers import Waivers
    from gate.flow.project import choose_suites
    from gate.reports.safe_text import visible

    project = open_here(config)
    found = project.config()
    segments: set[str] = set()
    for suite in choose_suites(found, suites).values():
        told, cases = _validate(project, suite)
        click.echo(told)
        segments |= segments_in([case.segment for case in cases], found.policy.segments_by)
    waivers = Waivers(given=found.waivers, today=today())
    for note in [*waivers.without_effect(()), *([] if suites else waivers.misnamed(segments))]:
        click.echo(f"note: {visible(note)}")


def _validate(project: Project, suite: Suite) -> tuple[str, tuple[Case, ...]]:
    from gate.core.prompt import request_for
    from gate.flow.change import Side, make_suite_change, read_reviewed, seat_judge, suite_cases
    from gate.store.baselines import read_baseline

    prompt = project.prompt(suite)
    baseline = read_baseline(project.disk, suite.name)
    side = Side(prompt=prompt, baseline=baseline)
    change = make_suite_change(suite, suite_cases(project.disk, suite, prompt), side, side)
    seat_judge(project.disk, suite, disk=project.disk)
    read_reviewed(suite, project.disk)
    digests = {case.case_id: request_for(prompt, case).digest for case in change.cases}
    line = f"{suite.name}: {len(digests)} cases, {len(change.suite.rules.checks)} checks, "
    line += f"{prompt.model}; "
    if suite.calibration is not None:
        line += f"override proxy calibrated on {suite.calibration.fitted_on.labels} labels; "
    if baseline is None:
        return line + f"no baseline, next: gate refresh {suite.name}", change.cases
    fresh = sum(bool(baseline.trials_of(case, digest)) for case, digest in digests.items())
    if fresh == len(digests):
        return line + f"baseline of {baseline.recorded_at[:10]} is complete", change.cases
    return line + f"baseline covers {fresh} of them, next: gate refresh {suite.name}", change.cases
