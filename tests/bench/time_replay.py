"""Time the gate's replay against a vendor on loopback, beside what it must reach.

    python tests/bench/time_replay.py [--only NAME,…] [--peer promptfoo] [--peer inspect]

Each row runs the real command in a folder and against a vendor of its own, 32 calls at once.
Seconds are those of the whole process; the ideal is calls x latency / 32; CPU is user and system
time of the process and its children; `requests` and `paid twice` (complete answers beyond the first
to the same request) are the vendor's own counts, `lost` is the gate's. A row that ends in another
exit code than 0 reaches nothing. Rows of 100,000 cases (`large…`) take minutes, so only by name.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from replay.bench import Bench
from replay.fault_table import print_fault_table
from replay.peers import PEERS, print_peer
from replay.rows import ROWS, chosen
from replay.table import HEAD, LEFT, WIDTHS, head_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FAULT_TABLE = "fault-table"
NAMES = (*ROWS, FAULT_TABLE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 if a reach was not met."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog="rows: " + "; ".join(f"{name}: {row.what}" for name, row in ROWS.items()),
    )
    parser.add_argument("--only", type=_names, default=None, help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--peer", action="append", choices=PEERS, default=[], help="side by side")
    asked = parser.parse_args(arguments)
    names = asked.only or [*(name for name, row in ROWS.items() if row.by_default), FAULT_TABLE]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        unmet = _print_rows(bench, chosen([*names, *(["live"] if FAULT_TABLE in names else [])]))
        if FAULT_TABLE in names:
            print_fault_table(bench)
        for peer in asked.peer:
            print_peer(PEERS[peer], bench.folder, names)
    minutes = (time.perf_counter() - began) / 60
    click.echo(f"\n{minutes:.1f} minutes; reaches not met: {unmet}")
    return 1 if unmet else 0


def _print_rows(bench: Bench, names: Sequence[str]) -> int:
    """Print each row as it comes; return how many reaches were missed."""
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    click.echo(f"\n### Replay ({machine})\n\n{head_of(HEAD, WIDTHS, LEFT)}")
    unmet = 0
    for name in names:
        line = ROWS[name].make(bench, name)
        bench.lines[name] = line
        unmet += len(line.unmet())
        click.echo(lines_of(line))
        if line.run.exit_code:
            click.echo(f"{name}: {line.run.err.strip()[:500]}", err=True)
    return unmet


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"no row {name!r}; known: {', '.join(NAMES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
