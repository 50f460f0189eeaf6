"""`gate compare`: the same verdict on outputs made elsewhere."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.delivery import hand_over, report_options
from gate.commands.options import config_option, open_here
from gate.commands.today import today

if TYPE_CHECKING:
    from gate.core.report import Report

_COLLECT_AFTER = 200_000  # new objects; a check by DeepDiff does leave cycles


@click.command("compare", short_help="Judge outputs made elsewhere: two files of rows.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--policy", "policy_file", type=click.Path(path_type=Path),
    help="Take the policy from this gate.yaml; its suites may be empty.",
)  # fmt: skip
@click.option("--suite", metavar="NAME", help="Score the outputs by the checks of this suite.")
@config_option
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    config: Path | None,
    formats: list[str],
    output: Path | None,
    **asked: Path | str | None,
) -> None:
    """Judge NEW against OLD, two files with one JSON object a line.

    A row is {"case", "failed", "output", "repeat", "segment", "cluster", "failure_code",
    "override", "latency_ms", "cost_usd", "tokens"}; `case` and `failed` must stand in it. With
    --suite the suite's checks score `output` instead. Calls nothing.
    """
    hand_over(ctx, lambda: _compare(config, asked), formats, output)


def _compare(config: Path | None, asked: dict[str, Path | str | None]) -> Report:
    from gate.flow.from_rows import Comparison, compare

    # Rows make millions of values without a cycle; to look for one so often takes half the time.
    gc.set_threshold(_COLLECT_AFTER)
    return compare(open_here(config), Comparison(**asked), today=today())  # type: ignore[arg-type]
