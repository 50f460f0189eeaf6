"""Simulate the gate's verdicts on suites whose truth is known, and print how often each is right.

    python tests/bench/simulate_verdict.py [--runs N] [--only NAME] [--jobs J]

Every case's probability of failure is drawn anew in each run. Steady suites: 90 % of the cases
fail once in 200 trials, 6 % are flaky (0.1 to 0.9), 4 % fail nearly always. Noisy ones: 10 % are
flaky (0.05 to 0.5), 5 % fail nearly always. A rise of d takes the same share of its successes from
each case. `calls` are counted as a share of those of a run without early stops that calls both
sides. Bounds are one-sided 95 % Clopper-Pearson bounds. All numbers but counts are in %.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import click

# The arrays are small: two processes that use one core each are faster than two that share them.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from simulation.reach import culprits, head, line
from simulation.rows import groups
from simulation.runs import Tally, tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.pool import Pool

    from simulation.rows import Group, Row

CHUNK = 50  # runs that a process does at a time


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 if a reach was not met."""
    tables = groups()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, help="of each row (default: 150 to 10,000)")
    parser.add_argument("--only", choices=[each.key for each in tables], help="one table")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    asked = parser.parse_args(arguments)
    began = time.perf_counter()
    unmet, cpu_s = 0, 0.0
    with multiprocessing.get_context("spawn").Pool(asked.jobs) as pool:
        for group in tables:
            if asked.only in (None, group.key):
                misses, seconds = _print_table(pool, group, asked.runs)
                unmet += misses
                cpu_s += seconds
    minutes = (time.perf_counter() - began) / 60
    click.echo(f"\n{minutes:.1f} minutes, {cpu_s / 60:.1f} of CPU; reaches not met: {unmet}")
    return 1 if unmet else 0


def _print_table(pool: Pool, group: Group, runs: int | None) -> tuple[int, float]:
    """Print one table as its rows come.

    Returns:
        How many rows did not reach what they must, and the seconds of CPU that the table took.
    """
    click.echo(f"\n### {group.title} (`--only {group.key}`)\n\n{head()}")
    unmet, cpu_s, notes = 0, 0.0, []
    for row in group.rows:
        first, confirmed = _simulate(pool, group, row, runs or row.runs)
        cpu_s += first.cpu_s
        stages = [(row.name, first, row.reaches)]
        if row.setup.confirm:
            stages.append((f"{row.name}: confirmed", confirmed, row.confirmed))
        for name, seen, reaches in stages:
            click.echo(line(name, seen, reaches))
            is_met = all(each.is_met(seen) for each in reaches)
            unmet += not is_met
            if row.setup.truth.broken or len(row.setup.policy.metrics) > 1 or not is_met:
                notes.append(f"- {name}: {culprits(seen)}")
    if notes:
        click.echo("\nFindings that failed, in % of the runs:\n\n" + "\n".join(notes))
    click.echo(f"\n{cpu_s:.0f} seconds of CPU")
    return unmet, cpu_s


def _simulate(pool: Pool, group: Group, row: Row, runs: int) -> tuple[Tally, Tally]:
    chunks = [range(start, min(start + CHUNK, runs)) for start in range(0, runs, CHUNK)]
    work = partial(tally, row.setup, f"{group.key}: {row.name}")
    totals = Tally(), Tally()
    for parts in pool.imap_unordered(work, chunks):
        for total, part in zip(totals, parts, strict=True):
            total.merge(part)
    return totals


if __name__ == "__main__":
    sys.exit(main())
