"""`gate audit`: recorded answers called again, to see whether a baseline is plausible."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click

from gate.commands.options import call_options, config_option, open_here, progress_here

if TYPE_CHECKING:
    from gate.core.audited import AuditReport

IMPLAUSIBLE = 1
_SEEDS = 2**32


@click.command("audit", short_help="Call recorded answers again: is the baseline plausible?")
@click.argument("suite")
@click.option("--base", metavar="REF", help="The git ref whose rules count. Default: found.")
@config_option
@click.option(
    "--sample", type=click.IntRange(1), default=20, show_default=True,
    help="Recorded answers to call again; more than there are means all.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0),
    help="Chooses them. Default: drawn anew and printed, so that nobody knows them beforehand.",
)  # fmt: skip
@call_options
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Call some of the recorded answers in SUITE's baseline again, and see if they agree.

    For baselines that came from someone else: a pull request may bring answers of its own new
    prompt. A test within each case tells whether those of today fail more, cost more, or read
    otherwise than the recorded ones; an honest file is rejected at most alpha of the time, the
    policy's. In a change, checks, expectations and policy are the base's, as for gate check.
    Nothing that was recorded before stands for an answer of today; no baseline is written.

    Exits 0 if the recordings are plausible, 1 if not, and 4 if it could not look: no baseline of
    this prompt, a budget spent, or too few answers to find anything.
    """
    from gate.reports.audit_table import render

    report = run_audit(options)
    click.echo(render(report), nl=False)
    ctx.exit(IMPLAUSIBLE if report.audit.implausible else 0)


def run_audit(options: dict[str, object]) -> AuditReport:
    """Read the suite with its baseline, call the chosen trials, and test them."""
    from gate.commands.running import run_options
    from gate.flow.audited_change import audited_change
    from gate.flow.auditing import audit_suite
    from gate.flow.gather import Tools

    seed = secrets.randbelow(_SEEDS) if options["seed"] is None else options["seed"]
    project = open_here(options["config"])  # type: ignore[arg-type]
    change, policy = audited_change(
        project,
        str(options["suite"]),
        base=options["base"],  # type: ignore[arg-type]
        case=options["case"],  # type: ignore[arg-type]
    )
    ran = run_options({**options, "seed": seed, "repeats": None, "all_calls": True})
    recordings = project.recordings()
    progress = progress_here(quiet=bool(options["quiet"]))
    try:
        return audit_suite(
            change,
            policy,
            sample=options["sample"],  # type: ignore[arg-type]
            tools=Tools(project=project, recordings=recordings, progress=progress),
            options=ran.gathering,
        )
    finally:
        recordings.close()
