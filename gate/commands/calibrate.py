"""`gate calibrate`: an override proxy and its review threshold from reviewers' decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gate.commands.options import budget_options, config_option, open_here, progress_here
from gate.commands.running import run_options

if TYPE_CHECKING:
    from gate.core.calibration_report import CalibrationReport

REFUSED = 1


class _Share(click.FloatRange):
    """A number in a range; click's own lets NaN through."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is no number.", param, ctx)
        return number


@click.command("calibrate", short_help="Fit the override proxy to reviewers' decisions.")
@click.argument("suite")
@click.argument("labels", type=click.Path(path_type=Path))
@config_option
@click.option(
    "--max-miss", type=_Share(0, 0.5, min_open=True), metavar="SHARE",
    help="Of the overridden outputs that may go unseen. Default: gate.yaml's, or 0.05.",
)  # fmt: skip
@click.option(
    "--confidence", type=_Share(0.5, 1, max_open=True), metavar="SHARE",
    help="With which the misses stay below. Default: gate.yaml's, or 0.95.",
)  # fmt: skip
@click.option(
    "--current", type=_Share(0, 1), metavar="SCORE",
    help="The review threshold in use. Default: that of the file before, or 0: all are reviewed.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Write no proxy.")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write calibration.html and calibration.json into this folder.",
)  # fmt: skip
@click.option("--offline", is_flag=True, help="Call no judge; what it did not say ends in exit 4.")
@budget_options
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Fit SUITE's override proxy to LABELS, and tune the score from which on a human looks.

    A label is {"case" or "input", "output", "decision": accepted, edited or rejected}, with
    "final", "segment", "reviewer", "at", "cluster" and log-probabilities if you have them; .jsonl
    or .csv. What is reported is measured on labels that the proxy did not see: no cluster (by
    default: no case) is on both sides.

    Writes baselines/SUITE.override.json, which counts once it is merged. Exits 1 and writes
    nothing if the proxy is refused: too few labels, no better than the base rate, blind within
    segments, running the wrong way in one, or nothing without a judge that may not decide alone.
    """
    from gate.commands.calibration_files import write_calibration
    from gate.reports.calibration_table import render

    report = run_calibrate(options)
    click.echo(render(report), nl=False)
    if options["output"] is not None:
        write_calibration(report, options["output"])  # type: ignore[arg-type]
    ctx.exit(REFUSED if report.refusals else 0)


def run_calibrate(options: dict[str, object]) -> CalibrationReport:
    """Read the labels, fit and measure the proxy, and write it unless it is refused."""
    from gate.flow.calibrating import Asked, calibrate_suite
    from gate.store.override_files import override_path
    from gate.store.override_writer import write_override_file

    project = open_here(options["config"])  # type: ignore[arg-type]
    asked = Asked(
        suite=str(options["suite"]),
        **{key: options[key] for key in ("labels", "max_miss", "confidence", "current")},  # type: ignore[arg-type]
    )
    found = calibrate_suite(
        project,
        asked,
        progress=progress_here(quiet=bool(options["quiet"])),
        options=run_options({**options, "repeats": None, "all_calls": True, "seed": 0}).gathering,
        now=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    if found.file is None or options["dry_run"]:
        return found.report
    named = project.config().suites[asked.suite].proxy
    path = named or override_path(asked.suite)
    write_override_file(project.disk, path, found.file)
    following = "commit it; it counts once it is merged"
    if named is None:
        following = f"add override: {{proxy: {path}}} to suite {asked.suite} in gate.yaml"
    return replace(found.report, written=path, next_step=following)
