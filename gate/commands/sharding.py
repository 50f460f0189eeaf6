"""`gate check --shard i/n`: one part of a check, without a verdict."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click

from gate.commands.options import named_change, open_here
from gate.commands.running import chosen_policy, open_runner
from gate.commands.today import today
from gate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gate.core.shard import Shard

# Which requests are sent, and which rules they are judged by.
_ASKED = ("suites", "case", "repeats", "seed", "old", "new", "policy_file")


def shard_option(function: Callable[..., None]) -> Callable[..., None]:
    """`--shard`."""
    return click.option(
        "--shard",
        callback=_shard,
        metavar="i/n",
        help="Replay one part of the cases into --output DIR, without a verdict; see gate merge.",
    )(function)


def _shard(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> Shard | None:
    """Read the third of eight from `3/8`."""
    if value is None:
        return None
    from gate.core.shard import MOST, Shard

    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", value)
    index, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= count <= MOST:
        raise click.BadParameter(f"{value!r} is no i/n with 1 <= i <= n <= {MOST}, such as 3/8")
    return Shard(index=index, count=count)


def run_shard(options: dict[str, object]) -> str:
    """Replay a shard of the affected suites, and write what was answered; return what to say."""
    shard: Shard = options["shard"]  # type: ignore[assignment]
    folder: Path | None = options["output"]  # type: ignore[assignment]
    if folder is None:
        raise UsageError(
            f"--shard {shard} needs --output DIR: where its answers go",
            fix="run: gate check --shard … --output shards",
        )
    from gate.core.secrets import Secrets
    from gate.flow.sharding import replay_shard
    from gate.reports.safe_text import visible

    project = open_here(options["config"])  # type: ignore[arg-type]
    change = named_change(project, options)
    policy, _ = chosen_policy(change, options)
    with open_runner(change, project, policy, options, day=today()) as runner:
        run = replay_shard(
            change,
            policy,
            runner,
            shard,
            flags=asked_flags(options),
            folder=folder,
            secrets=Secrets(project.environment),
        )
    if not options["quiet"]:
        for note in change.notes:
            click.echo(f"note: {visible(note)}", err=True)
    spent = f", ${run.cost_usd:.2f}" if run.cost_usd else ""
    lost = f", {run.missing} missing" if run.missing else ""
    done = f"{run.answers} answers, {run.called} of them called now{lost}{spent}"
    return (
        f"shard {shard}: {done if change.suites else 'nothing to replay'}; {run.path}\n"
        f"no verdict yet; next, with all {shard.count} shards: {_merge(options, folder)}"
    )


def _merge(options: dict[str, object], folder: Path) -> str:
    """Return the command that merges the shards."""
    words = ["gate", "merge"]
    for name in ("config", "base"):
        if options[name] is not None:
            words += [f"--{name}", str(options[name])]
    # All calls are made, so that it would be a waste to look at a part of the answers.
    words.append("--all-calls")
    words += _asked(options)
    return shlex.join([*words, *(["--"] if str(folder).startswith("-") else []), str(folder)])


def asked_flags(options: dict[str, object]) -> str:
    """Return the options that shards and their merge must have in common, as `merge` takes them."""
    return shlex.join(_asked(options))


def _asked(options: dict[str, object]) -> list[str]:
    flags: list[str] = []
    for name in _ASKED:
        value, flag = options[name], "--" + name.removesuffix("_file")
        if name == "suites":
            flags += [part for suite in sorted(set(value)) for part in ("--suite", suite)]  # type: ignore[call-overload]
        elif value is not None and not (name == "seed" and value == 0):
            flags += [flag, str(value)]
    return flags
