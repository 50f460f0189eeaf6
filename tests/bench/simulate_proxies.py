"""Simulate what is concluded from override proxies and labels whose truth is known.

    python tests/bench/simulate_proxies.py [--runs N] [--seed S] [--only NAME]

The review threshold: how often its true miss rate keeps the limit, and how many false positives it
has beside a threshold that knows the truth. Prediction-powered inference: how often the interval of
an override rate, and of its change, holds the truth, and how wide it is beside that of labels
alone. Each row is seeded by its name. All numbers but ratios and lambda are in %.
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import numpy as np
from proxy_simulation import rates, thresholds
from proxy_simulation.table import head, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One table."""

    title: str
    columns: tuple[str, ...]
    runs: int = 2000  # of each row
    rows: Callable[[], Iterator[thresholds.Row | thresholds.Held | rates.Row]]


GROUPS = {
    "guarantee": Group(
        title="Review threshold, 500 independent labels",
        columns=thresholds.COLUMNS,
        rows=thresholds.guarantee,
    ),
    "usefulness": Group(
        title="Review threshold against the one in use, 500 labels, miss 0.1, confidence 0.9",
        columns=thresholds.COLUMNS,
        rows=thresholds.usefulness,
    ),
    "clustered": Group(
        title="Review threshold, 500 labels in clusters, 0.3 overridden, good proxy",
        columns=thresholds.COLUMNS,
        rows=thresholds.clustered,
    ),
    "intervals": Group(
        title="Intervals of a given threshold, 500 labels, 0.3 overridden, good proxy",
        columns=thresholds.INTERVAL_COLUMNS,
        runs=500,  # exact intervals are slow
        rows=thresholds.intervals,
    ),
    "few": Group(
        title="Override rate, 2,000 trials a side, few labels",
        columns=rates.COLUMNS,
        rows=rates.few,
    ),
    "coverage": Group(
        title="Override rate, 2,000 trials a side", columns=rates.COLUMNS, rows=rates.coverage
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 if a reach was not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, help="draws of each row (default: 2,000 or 500)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=GROUPS, help="one table")
    asked = parser.parse_args(arguments)
    began, unmet = time.perf_counter(), 0
    for name, group in GROUPS.items():
        if asked.only not in (None, name):
            continue
        runs = asked.runs or group.runs
        click.echo(f"\n### {group.title} (`--only {name}`)\n\n{head(group.columns)}")
        for row in group.rows():
            rng = np.random.default_rng((zlib.crc32(row.name.encode()), asked.seed))
            told, missed = line(row.name, row.numbers(rng, runs), row.reaches, runs)
            click.echo(told)
            unmet += missed
    minutes = (time.perf_counter() - began) / 60
    click.echo(f"\n{minutes:.1f} minutes; reaches not met: {unmet}")
    return 1 if unmet else 0


if __name__ == "__main__":
    sys.exit(main())
