"""Handing a report over: the options for it, and where it goes."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.errors import IncompleteError, UsageError
from gate.reports.formats import FORMATS, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.core.report import Report


def report_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--format`, `--output`."""
    for option in (
        click.option(
            "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
            help="Write the reports into this folder instead of to standard output.",
        ),
        click.option(
            "--format", "formats", default="table", show_default=True, metavar="LIST",
            callback=_formats,
            help=f"Of the report, separated by commas: {', '.join(FORMATS)}.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def _formats(ctx: click.Context, _parameter: click.Parameter, value: str) -> list[str]:
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(f"--format {name!r}: not one of {', '.join(FORMATS)}", ctx=ctx)
    return names


def hand_over(
    ctx: click.Context, judge: Callable[[], Report], formats: list[str], output: Path | None
) -> None:
    """Judge, write the report to standard output or one file a format, leave with its exit code.

    Raises:
        IncompleteError: The gate could not look; a machine that reads along gets its report, too.
        UsageError: The report cannot be written.
    """
    if len(formats) > 1 and output is None:
        raise click.UsageError("several formats need --output DIR", ctx=ctx)
    started = time.monotonic()
    try:
        report = judge()
    except IncompleteError as error:
        if formats != ["table"] or output is not None:
            _write(_incomplete(error), formats, output)
        raise
    report = replace(report, duration_s=time.monotonic() - started)
    _write(report, formats, output)
    ctx.exit(report.exit_code)


def _incomplete(error: IncompleteError) -> Report:
    from gate.core.report import Report, Verdict

    return Report(
        verdict=Verdict.INCOMPLETE,
        exit_code=error.exit_code,
        owner="",
        policy_source="",
        alpha=0.0,
        suites=(),
        notes=(str(error), *([f"repair: {error.fix}"] if error.fix else [])),
    )


def _write(report: Report, formats: list[str], output: Path | None) -> None:
    if output is None:
        try:
            click.echo(render(report, formats[0]), nl=False)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UsageError(f"standard output cannot be written: {error.strerror}") from error
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name in formats:
            path = output / FORMATS[name].file_name
            path.write_text(render(report, name), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output {output}: cannot be written: {error.strerror}") from error
