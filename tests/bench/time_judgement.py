"""Time the judgement of 5,000 cases x 10 trials, each time in a fresh process.

    python tests/bench/time_judgement.py [--runs N]

Four metrics, 17 segments, both sides recorded. The process reads the trials as arrays, judges them
once and ends; its start, numpy's import and the reading are part of the time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import click
import numpy as np

CASES, TRIALS = 5000, 10
REACH_S = 0.5

CHILD = """
import sys
import numpy as np
from gate.core.columns import Columns
from gate.core.judgement import judge_columns
from gate.core.policy import Policy

stored = dict(np.load(sys.argv[1]))
tags = tuple({"channel": str(i % 10), "topic": str(i % 7)} for i in range(len(stored["cluster"])))
policy = Policy(segments_by=(("channel",), ("topic",)))
judged = judge_columns(Columns(tags=tags, **stored), policy)
assert len(judged.findings) == 4 + 2 * 17
"""


def trials() -> dict[str, np.ndarray]:
    """Draw two runs of the same prompt."""
    rng = np.random.default_rng(1)
    size = CASES * TRIALS
    chance = rng.choice([0.005, 0.3, 0.98], size=CASES, p=[0.85, 0.1, 0.05])
    failed = (rng.random(size) < np.repeat(chance, TRIALS)).astype(float)
    none = np.zeros(CASES, dtype=np.int64)
    return {
        "case": np.repeat(np.arange(CASES), TRIALS),
        "is_new": np.tile(np.arange(TRIALS) >= TRIALS // 2, CASES),
        "failed": failed,
        "override": np.maximum(failed, rng.random(size) * 0.3),
        "cost_usd": rng.lognormal(size=size),
        "tokens": np.full(size, np.nan),
        "latency_ms": rng.lognormal(6, 0.5, size=size),
        "cluster": np.arange(CASES),
        "is_added": none > 0,
        "is_recorded": none > 0,
        "is_same": none > 0,
        "missing_old": none,
        "missing_new": none,
        "planned_new": none + TRIALS // 2,
    }


def main() -> int:
    """Print the times; return 1 if the reach was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trials.npz"
        np.savez(file, **trials())
        seconds = []
        for _ in range(runs):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", CHILD, str(file)], check=True)
            seconds.append(time.perf_counter() - began)
    best, middle = min(seconds), median(seconds)
    click.echo(f"{CASES} cases x {TRIALS} trials, {runs} fresh processes:")
    click.echo(f"best {best:.2f} s, median {middle:.2f} s; reach {REACH_S} s")
    return int(best > REACH_S)


if __name__ == "__main__":
    sys.exit(main())
