"""Options that several commands take, and the edges that they open."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.flow.change import Change
    from gate.flow.project import Project
    from gate.replay.progress import Progress


def config_option(function: Callable[..., None]) -> Callable[..., None]:
    """`--config`."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        help="The gate.yaml to use. Default: the one here or in a folder above.",
    )(function)


def side_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--base`, `--old`, `--new`."""
    for option in (
        click.option(
            "--new", type=click.Path(path_type=Path), help="The new prompt file; with --old."
        ),
        click.option(
            "--old", type=click.Path(path_type=Path), help="Compare two prompt files, without git."
        ),
        click.option("--base", metavar="REF", help="The git ref to compare with. Default: found."),
    ):
        function = option(function)
    return function


def rules_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--policy`, `--offline`."""
    for option in (
        click.option(
            "--offline", is_flag=True, help="Call nothing; what is not recorded ends in exit 4."
        ),
        click.option(
            "--policy", "policy_file", type=click.Path(path_type=Path),
            help="Take the policy from this gate.yaml; its suites may be empty.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


_CASE = click.option("--case", metavar="GLOB", help="Only the cases whose id matches.")
_QUIET = click.option("--quiet", is_flag=True, help="No progress on standard error.")
_CALLS = (
    click.option(
        "--max-calls", type=click.IntRange(0), help="Stop, with exit 4, after so many calls."
    ),
    click.option(
        "--max-cost", type=click.FloatRange(0), metavar="USD",
        help="As --max-calls; needs price and maxTokens in the prompt.",
    ),
    click.option(
        "--deadline", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
        help="Start no call later than this; as --max-calls.",
    ),
    click.option(
        "--concurrency", type=click.IntRange(1, 1000), default=8, show_default=True,
        help="Calls under way at once, at most.",
    ),
    click.option(
        "--timeout", type=click.FloatRange(0, min_open=True), default=60.0,
        show_default=True, metavar="SECONDS", help="Of one call.",
    ),
)  # fmt: skip


def replay_options(function: Callable[..., None]) -> Callable[..., None]:
    """Which trials are asked for, and what they may cost."""
    for option in reversed((
        _CASE,
        click.option(
            "--repeats", type=click.IntRange(1, 1000), help="Trials a case of the new prompt."
        ),
        click.option(
            "--all-calls", is_flag=True, help="No early stop: make every call of the plan."
        ),
        *_CALLS,
        click.option(
            "--seed", type=int, default=0, show_default=True, help="Orders the calls."
        ),
        _QUIET,
    )):  # fmt: skip
        function = option(function)
    return function


def call_options(function: Callable[..., None]) -> Callable[..., None]:
    """Of which cases trials are called, and what they may cost."""
    return _CASE(budget_options(function))


def budget_options(function: Callable[..., None]) -> Callable[..., None]:
    """What calls may cost."""
    for option in reversed((*_CALLS, _QUIET)):
        function = option(function)
    return function


def review_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--review-sheets`, `--review-size`."""
    for option in (
        click.option(
            "--review-size", type=click.IntRange(1), default=50, show_default=True,
            help="Outputs of each side in a sheet, at most.",
        ),
        click.option(
            "--review-sheets", type=click.Path(path_type=Path), metavar="DIR",
            help="Write DIR/SUITE.jsonl: outputs drawn at random for reviewers to decide on.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def open_here(config: Path | None) -> Project:
    """Open the project of the working directory."""
    from gate.flow.project import open_project

    return open_project(Path.cwd(), config=config, environment=dict(os.environ))


def read_change(
    project: Project,
    *,
    base: str | None,
    old: Path | None,
    new: Path | None,
    names: tuple[str, ...],
    case: str | None,
) -> Change:
    """Read old and new, from two files or from git.

    Raises:
        UsageError: The options do not go together.
    """
    if (old is None) != (new is None):
        raise UsageError("--old and --new go together")
    if old is not None and new is not None:
        if base is not None:
            raise UsageError("--base does not go with --old/--new: two files need no ref")
        from gate.flow.from_files import change_from_files

        return change_from_files(project, old=old, new=new, names=names, case=case)
    from gate.flow.from_git import Asked, change_from_git

    return change_from_git(project, base=base, asked=Asked(names=names, case=case))


def named_change(project: Project, options: dict[str, object]) -> Change:
    """Read the change that a command's own options name, see `read_change`."""
    change = read_change(
        project,
        base=options["base"],  # type: ignore[arg-type]
        old=options["old"],  # type: ignore[arg-type]
        new=options["new"],  # type: ignore[arg-type]
        names=tuple(dict.fromkeys(options["suites"])),  # type: ignore[call-overload]
        case=options["case"],  # type: ignore[arg-type]
    )
    if options["config"] is None:
        return change
    flags = f"--config {shlex.quote(str(options['config']))} {change.explain_flags}"
    return replace(change, explain_flags=flags.strip())


def progress_here(*, quiet: bool) -> Progress:
    """Show progress on standard error, unless quiet."""
    import time

    from gate.replay.progress import Progress

    return Progress(None if quiet else sys.stderr, clock=time.monotonic)
