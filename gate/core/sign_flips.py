"""The sign-flip test of a population: each cluster may have moved either way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from gate.core.permutation import CASE_LATTICE, DOMINANT, tail_of
from gate.core.saddlepoint import SignFlips, tail

if TYPE_CHECKING:
    from gate.core.columns import Floats, Ints

MOST_FLIPS = 60  # clusters whose law is computed whole
FLIP_LATTICE = 1 << 16  # points of that law
_PARTS = 64  # of the smallest size, that a common grid is looked for with
_ON_GRID = 1e-6  # steps


def sign_flip_p_value(sums: Floats, *, mid_p: bool = True) -> float:
    """Return the one-sided p-value of a rise, where each cluster's sum may have had either sign.

    The null hypothesis is that the clusters are drawn from a population in which a rise by any
    amount is as likely as a fall by it. Up to `MOST_FLIPS` clusters, and where one outweighs the
    others, the sums are rounded to a grid and the law of the rounded ones is computed whole.

    Args:
        sums: Sum of the cases' differences of each cluster; shape (C,).
        mid_p: As `value_p_value`.

    Source:
        Fisher (1935), The Design of Experiments, section 21; by FFT as `value_p_value`.
    """
    sums = sums[sums != 0]
    if not len(sums):
        return 0.5 if mid_p else 1.0
    squares = sums**2
    if mid_p and len(sums) > MOST_FLIPS and squares.max() < DOMINANT * squares.sum():
        return tail([SignFlips(sums)], float(sums.sum()), float(np.abs(sums).sum()))
    grid = np.rint(np.abs(sums) / _flip_step(np.abs(sums))).astype(np.int64)
    # A flip is 0 or its size; the sum of signed sizes is twice that, less all of them.
    return tail_of(_flips(grid), int(grid[sums > 0].sum()), mid_p=mid_p)


def _flip_step(sizes: Floats) -> float:
    """Choose the grid: one that all sizes lie on, as means of few trials do, or else a fine one."""
    finest = max(float(sizes.sum()) / FLIP_LATTICE, float(sizes.max()) / CASE_LATTICE)
    for parts in range(1, _PARTS + 1):
        step = float(sizes.min()) / parts
        if step < finest:
            break
        ratios = sizes / step
        if np.abs(ratios - np.rint(ratios)).max() < _ON_GRID:
            return step
    return finest


def _flips(sizes: Ints) -> Floats:
    """Law of the sum of sizes, each in or out by a fair coin, on the integers from 0.

    Its spectrum is the product of (1 + exp(-i w s)) / 2 = exp(-i w s / 2) cos(w s / 2).
    """
    total = int(sizes.sum())
    size = 1 << total.bit_length()
    half = np.arange(size // 2 + 1) * (np.pi / size)
    spectrum = np.exp(-1j * half * total)
    for each, copies in Counter(sizes.tolist()).items():
        spectrum *= np.cos(half * each) ** copies
    law: Floats = np.maximum(np.fft.irfft(spectrum, size)[: total + 1], 0.0)
    return law
