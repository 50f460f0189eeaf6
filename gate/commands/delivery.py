"""Handing a report over: the options for it, and where it goes."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.medium_here import medium_here
from gate.commands.stopped import StoppedError
from gate.errors import IncompleteError, UsageError
from gate.reports.formats import FORMATS, render
from gate.store.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.core.report import Report


def report_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--format`, `--output`."""
    for option in (
        click.option(
            "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
            help="Write the reports into this folder; without --format all of them, and the table "
            "to standard output.",
        ),
        click.option(
            "--format", "formats", metavar="LIST", callback=_formats,
            help=f"Of the report, separated by commas: {', '.join(FORMATS)}.  [default: table]",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def _formats(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> list[str]:
    """Return the formats that were named, none if it is left to us."""
    names = list(dict.fromkeys(name.strip() for name in value.split(","))) if value else []
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
    delivery = _Delivery.of(ctx, formats, output)
    started = time.monotonic()
    try:
        report = judge()
    except IncompleteError as error:
        # Who reads along on standard output reads the error itself.
        delivery.without("table").write(_incomplete(error, time.monotonic() - started))
        raise
    report = replace(report, duration_s=time.monotonic() - started)
    delivery.write(report)
    ctx.exit(report.exit_code)


def show(ctx: click.Context, report: Report, formats: list[str], output: Path | None) -> None:
    """Write a report that was judged before, and leave with its exit code.

    Raises:
        UsageError: The report cannot be written.
    """
    _Delivery.of(ctx, formats, output).write(report)
    ctx.exit(report.exit_code)


def _incomplete(error: IncompleteError, duration_s: float) -> Report:
    from gate.core.ending import blind
    from gate.core.report import Verdict

    told = error.report if isinstance(error, StoppedError) else blind()
    why = (str(error), *([f"repair: {error.fix}"] if error.fix else []))
    # A suite before it may have failed: this run leaves as one that could not look all the same.
    return replace(
        told,
        verdict=Verdict.INCOMPLETE,
        exit_code=error.exit_code,
        notes=(*why, *told.notes),
        duration_s=duration_s,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    """What goes to standard output, and what into files."""

    shown: tuple[str, ...]
    filed: tuple[str, ...]
    output: Path | None

    @classmethod
    def of(cls, ctx: click.Context, formats: list[str], output: Path | None) -> _Delivery:
        if output is None:
            # A log takes the table and annotations one after the other; a file holds one format.
            if len(formats) > 1 and not set(formats) <= {"table", "github"}:
                raise click.UsageError("several formats need --output DIR", ctx=ctx)
            return cls(shown=tuple(formats) or ("table",), filed=(), output=None)
        filed = [name for name in formats or FORMATS if FORMATS[name].file_name]
        shown = [name for name in formats if name not in filed] if formats else ["table"]
        return cls(shown=tuple(shown), filed=tuple(filed), output=output)

    def without(self, name: str) -> _Delivery:
        """Return the same, with one format less on standard output."""
        return replace(self, shown=tuple(each for each in self.shown if each != name))

    def write(self, report: Report) -> None:
        """Write to standard output, and then the files: the verdict is told even if they fail."""
        for name in self.shown:
            _print(render(report, name, medium_here(is_stdout=True)))
        if self.output is None:
            return
        # All are rendered before the first is written, and each is there whole or not at all.
        medium = medium_here(is_stdout=False)
        texts = {name: render(report, name, medium) for name in self.filed}
        for name, text in texts.items():
            path = self.output / str(FORMATS[name].file_name)
            try:
                write_whole(path, [text])
            except OSError as error:
                raise UsageError(
                    f"--output {self.output}: cannot be written: {error.strerror}: {path.name}"
                ) from error


def _print(text: str) -> None:
    try:
        # Whether it is coloured was decided before.
        click.echo(text, nl=False, color=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"standard output cannot be written: {error.strerror}") from error
