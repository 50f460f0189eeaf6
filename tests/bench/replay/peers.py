"""The same cases and the same vendor with other tools, where they are installed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click
from busy_vendor import BusyVendor

from . import peer_inspect, peer_promptfoo
from .measure import STUCK, best, measure
from .rows import LIVE, SMALL
from .table import HEAD, LEFT, WIDTHS, Line, head_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .bench import Load
    from .peer import Peer

LIMIT_S = 300.0  # of one run
PEERS: dict[str, Peer] = {peer.name: peer for peer in (peer_promptfoo.PEER, peer_inspect.PEER)}


def print_peer(peer: Peer, folder: Path, names: Sequence[str]) -> None:
    """Run a peer's rows and print each, or say how to install it."""
    click.echo(f"\n### {peer.name}\n")
    if shutil.which(peer.program) is None:
        click.echo(f"{peer.program} is not on the PATH: {peer.install}")
        return
    env = peer.environment(folder, "http://127.0.0.1:9")  # nothing is called there
    version = measure([peer.program, "--version"], cwd=folder, env=env, limit_s=LIMIT_S).out
    click.echo(f"version {version.strip()}; {peer.exit_codes}\n\n{head_of(HEAD, WIDTHS, LEFT)}")
    if "startup" in names:
        run = best(3, [peer.program, "--help"], cwd=folder, env=env, limit_s=LIMIT_S)
        click.echo(lines_of(Line(name=f"{peer.name} startup", run=run)))
    if {"live", "recorded"} & set(names):
        _print_runs(peer, folder / f"{peer.name}-live", LIVE, ("old", "new"), ("live", "recorded"))
    if "small" in names:
        _print_runs(peer, folder / f"{peer.name}-small", SMALL, ("new",), ("small",))


def _print_runs(
    peer: Peer, folder: Path, load: Load, sides: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """Run the same once for each name; from the second on, answers come from the peer's cache."""
    folder.mkdir()
    with BusyVendor(latency_ms=load.latency_ms) as vendor:  # one, for a cache may key by its URL
        peer.write(folder, load.cases, sides, vendor.url)
        env = peer.environment(folder, vendor.url)
        for place, name in enumerate(names):
            vendor.reset()
            run = measure(peer.command, cwd=folder, env=env, limit_s=LIMIT_S)
            line = Line(
                name=f"{peer.name} {name}",
                run=run,
                calls=load.cases * len(sides),
                latency_ms=0.0 if place else load.latency_ms,
                stats=vendor.stats(),
            )
            click.echo(lines_of(line))
            if run.ending == STUCK:
                click.echo(f"{name}: killed after {LIMIT_S:g} s")
                return
