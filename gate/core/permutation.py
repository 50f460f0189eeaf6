"""The exact within-case permutation test, by convolution.

If nothing changed, a case's trials are exchangeable: which of them carry the label "new" is
chance. The null law of a sum over cases is the convolution of the cases' own laws, so the
p-value is computed, not sampled.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from gate.core.saddlepoint import SubsetSums, tail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

GRID = 256  # steps of the grid that values other than 0/1 are rounded to
MOST_EXACT = 200  # trials whose law is computed whole; above, its tail by the saddlepoint,
MOST_POINTS = 1 << 22  # unless the cases differ so little that the whole law is as quick
DOMINANT = 0.25  # share of one case in the whole variance, beyond which a saddlepoint is too sure
COARSE = 64  # steps of the grid where one case outweighs the others, and little else counts
CASE_LATTICE = 1 << 12  # points of one case's law at most
_DIRECT = 64  # points of a law up to which direct sums are faster than a transform
LATTICE = 1 << 19  # points of the whole null law at most; the grid gets coarser to stay below


def binary_p_value(
    trials: Ints, trials_new: Ints, failed: Ints, failed_new: Ints, *, mid_p: bool = True
) -> float:
    """Return the one-sided p-value of a rise in a 0/1 value.

    Given the totals of a case, the number of failures among its new trials is hypergeometric.
    The statistic is the sum of w(m) x failures on the new side, w = round(8 / sqrt(m)) for m
    failures of the case: cases that rarely fail say more. Any w(m) is valid, since m is fixed
    by the conditioning. With equal weights it is the Cochran-Mantel-Haenszel test, made exact,
    and with one trial a side McNemar's.

    Args:
        trials: K_i, trials of each case, both sides; shape (N,).
        trials_new: How many of them are new; shape (N,).
        failed: m_i, failures of each case, both sides; shape (N,).
        failed_new: Failures among the new ones; shape (N,).
        mid_p: Count half the probability of the observed value; False: all of it (conservative).

    Returns:
        A probability in [0, 1]; 1 (mid-p: 0.5) where no case can tell the sides apart.

    Source:
        Fisher (1935) for the conditional law; Lancaster (1961), JASA 56(294), for mid-p.
    """
    weight = np.maximum(1, np.rint(8 / np.sqrt(np.maximum(1, failed)))).astype(np.int64)
    observed = int((weight * failed_new).sum())
    shapes, counts = np.unique(
        np.stack([trials, trials_new, failed], axis=1), axis=0, return_counts=True
    )
    # A case whose trials all failed or all did not adds a constant.
    laws = {tuple(map(int, shape)): int(n) for shape, n in zip(shapes, counts, strict=True)}
    law = _joined([(_hypergeometric(*shape), n) for shape, n in laws.items()])
    return tail_of(law, observed, mid_p=mid_p)


def value_p_value(
    case: Ints, is_new: NDArray[np.bool_], value: Floats, *, mid_p: bool = True
) -> float:
    """Return the one-sided p-value of a rise in a value that is not 0/1.

    Up to `MOST_EXACT` trials, and beyond where few kinds of cases make it quick, the values are
    rounded to a common grid and the law of the rounded values is computed whole; otherwise the
    tail is that of the saddlepoint.

    Args:
        case: Index of the case of each trial, in [0, N); shape (T,).
        is_new: Whether the trial is of the new prompt; shape (T,).
        value: The value; shape (T,).
        mid_p: As `binary_p_value`; False also computes the whole law of any number of trials.

    Source:
        Pagano and Tritchler (1983), JASA 78(382): permutation laws by FFT.
    """
    if not len(value):
        return 0.5 if mid_p else 1.0
    order = np.lexsort((value, case))
    case, is_new, value = case[order], is_new[order], value[order]
    _, start, size = np.unique(case, return_index=True, return_counts=True)
    low = np.minimum.reduceat(value, start)
    steps = value - np.repeat(low, size)
    spans = np.add.reduceat(steps, start)
    if float(spans.sum()) == 0:
        return 0.5 if mid_p else 1.0
    picked = np.add.reduceat(is_new.astype(np.int64), start)
    many = len(value) > MOST_EXACT
    dominated = many and _is_dominated(steps, start, size)
    finest = float(steps.max()) / (COARSE if dominated else GRID)
    step = max(finest, float(spans.sum()) / LATTICE, spans.max() / CASE_LATTICE)
    grid = np.rint(steps / step).astype(np.int64)
    patterns = Counter(
        (new, *grid[begin : begin + count].tolist())
        for begin, count, new in zip(start.tolist(), size.tolist(), picked.tolist(), strict=True)
    )
    points = len(patterns) * int(np.maximum.reduceat(grid, start) @ picked)
    if mid_p and many and not dominated and points > MOST_POINTS:
        return _value_tail(value, is_new, start, size, picked)
    laws = [
        (_subset_sums(np.array(values), new), n)
        for (new, *values), n in patterns.items()
        if any(values)
    ]
    return tail_of(_joined(laws), int(grid[is_new].sum()), mid_p=mid_p)


def _is_dominated(value: Floats, start: Ints, size: Ints) -> bool:
    """Tell whether one case brings a large share of the variance of the sum."""
    mean = np.add.reduceat(value, start) / size
    squares = np.add.reduceat((value - np.repeat(mean, size)) ** 2, start)
    return bool(squares.max() > DOMINANT * squares.sum())


def _value_tail(
    value: Floats, is_new: NDArray[np.bool_], start: Ints, size: Ints, picked: Ints
) -> float:
    centred = value - np.repeat(np.add.reduceat(value, start) / size, size)
    observed = float(centred[is_new].sum())
    laws, most = [], 0.0
    for count, new in np.unique(np.stack([size, picked], axis=1), axis=0).tolist():
        first = start[(size == count) & (picked == new)]
        rows = centred[first[:, None] + np.arange(count)]
        laws.append(SubsetSums(rows, new))
        most += float(rows[:, count - new :].sum())  # sorted: the largest stand last
    return tail(laws, observed, most)


def _hypergeometric(trials: int, trials_new: int, failed: int) -> Floats:
    """Law of weight x failures on the new side, on the integers from 0."""
    weight = max(1, round(8 / max(1, failed) ** 0.5))
    factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])

    def log_choose(n: int, k: Ints) -> Floats:
        chosen: Floats = factorial[n] - factorial[k] - factorial[n - k]
        return chosen

    low, high = max(0, failed - (trials - trials_new)), min(failed, trials_new)
    count = np.arange(low, high + 1)
    logs = (
        log_choose(failed, count)
        + log_choose(trials - failed, trials_new - count)
        - log_choose(trials, np.array([trials_new]))
    )
    law = np.zeros(high * weight + 1)
    law[count * weight] = np.exp(logs)
    law /= law.sum()
    return law


def _subset_sums(values: Ints, picked: int) -> Floats:
    """Law of the sum of `picked` values drawn without replacement, on the integers from 0."""
    total = int(values.sum())
    chance = picked / len(values)
    # Each value is picked by a coin of this bias: counts of ways would overflow at 1,030 trials.
    joint = np.zeros((picked + 1, total + 1))
    joint[0, 0] = 1.0
    for step in values:
        moved = joint[:-1, : total + 1 - step] * chance
        joint *= 1 - chance
        joint[1:, step:] += moved
    law: Floats = joint[picked] / joint[picked].sum()
    return law


def _joined(laws: Sequence[tuple[Floats, int]]) -> Floats:
    """Law of the sum of independent parts, each given with the number of its copies."""
    length = 1 + sum((len(law) - 1) * copies for law, copies in laws)
    size = 1 << (length - 1).bit_length()
    if size <= _DIRECT:
        joined = np.ones(1)
        for law, copies in laws:
            for _ in range(copies):
                joined = np.convolve(joined, law)
        return joined
    spectrum: Any = 1.0
    for law, copies in laws:
        spectrum = spectrum * np.fft.rfft(law, size) ** copies
    result: Floats = np.maximum(np.fft.irfft(spectrum, size)[:length], 0.0)
    return result


def tail_of(law: Floats, observed: int, *, mid_p: bool) -> float:
    """Return the probability of the observed sum or more; of itself half, for a mid-p."""
    at = float(law[observed]) if observed < len(law) else 0.0
    tail = float(law[observed + 1 :].sum()) + (0.5 if mid_p else 1.0) * at
    return min(1.0, max(0.0, tail))
