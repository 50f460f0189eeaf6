"""`gate merge`: the shards of a run, joined into one verdict."""

from __future__ import annotations

from pathlib import Path

import click

from gate.commands.check import run_check
from gate.commands.delivery import hand_over, report_options
from gate.commands.options import config_option, replay_options, rules_options, side_options


@click.command("merge", short_help="Join the shards of a run into one verdict.")
@click.argument(
    "folders",
    metavar="DIR...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
)
@click.option("--suite", "suites", multiple=True, metavar="SUITE", help="As named to the shards.")
@side_options
@config_option
@rules_options
@replay_options
@report_options
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Judge what `gate check --shard i/n --output DIR` was answered, and leave as `check` does.

    Runs where the commit is checked out that the shards replayed, with the options that they were
    given. The verdict is that of a check that is not sharded. A shard that is missing, or of
    another run, ends in exit 4.

    With --all-calls it judges all answers at once. Calls nothing, unless a fail against recorded
    answers of old is to be confirmed, or the verdict hangs on what the shards lost.
    """
    from gate.flow.merging import Shards

    folders: list[Path] = options.pop("folders")  # type: ignore[assignment]
    hand_over(
        ctx,
        lambda: run_check(options, Shards.read(folders)),
        options["formats"],  # type: ignore[arg-type]
        options["output"],  # type: ignore[arg-type]
    )
