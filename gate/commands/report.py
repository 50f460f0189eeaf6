"""`gate report`: a stored report, rendered again."""

from __future__ import annotations

from pathlib import Path

import click

from gate.commands.delivery import report_options, show


@click.command("report", short_help="Render a stored report.json in other formats.")
@click.argument("result", type=click.Path(path_type=Path), metavar="RESULT.json")
@report_options
@click.pass_context
def command(
    ctx: click.Context, /, *, result: Path, formats: list[str], output: Path | None
) -> None:
    """Render RESULT.json, which --format json has written, in other formats.

    Judges nothing and calls nothing: it leaves with the exit code that the report tells.
    """
    from gate.store.stored_report import read_report

    show(ctx, read_report(result), formats, output)
