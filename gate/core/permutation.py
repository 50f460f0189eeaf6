"""The exact within-case permutation test, by convolution.

If nothing changed, a case's trials are exchangeable: which of them carry the label "new" is
chance. The null law of a sum over cases is the convolution of the cases' own laws, so the
p-value is computed, not sampled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

GRID = 256  # steps of the grid that values other than 0/1 are rounded to
CASE_LATTICE = 1 << 12  # points of one case's law at most
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
    laws = [(_hypergeometric(*map(int, shape)), int(n)) for shape, n in zip(shapes, counts)]  # noqa: B905 -- numpy gives both the same length
    law = np.ones(1)
    for pmf, n in laws:
        law = _convolve(law, _power(pmf, n))
    return _upper_tail(law, observed, mid_p=mid_p)


def value_p_value(
    case: Ints, is_new: NDArray[np.bool_], value: Floats, *, mid_p: bool = True
) -> float:
    """Return the one-sided p-value of a rise in a value that is not 0/1.

    The values are rounded to a common grid; the test is exact for the rounded values.

    Args:
        case: Index of the case of each trial, in [0, N); shape (T,).
        is_new: Whether the trial is of the new prompt; shape (T,).
        value: The value; shape (T,).
        mid_p: As `binary_p_value`.

    Source:
        Pagano and Tritchler (1983), JASA 78(382): permutation laws by FFT.
    """
    order = np.argsort(case, kind="stable")
    case, is_new, value = case[order], is_new[order], value[order]
    _, start, size = np.unique(case, return_index=True, return_counts=True)
    low = np.minimum.reduceat(value, start)
    steps = value - np.repeat(low, size)
    reach = float(np.add.reduceat(steps, start).sum())
    if reach == 0:
        return 0.5 if mid_p else 1.0
    widest = float(np.add.reduceat(steps, start).max())
    step = max(float(steps.max()) / GRID, reach / LATTICE, widest / CASE_LATTICE)
    grid = np.rint(steps / step).astype(np.int64)
    observed = int(grid[is_new].sum())
    laws = []
    for begin, length in zip(start, size):  # noqa: B905 -- numpy gives both the same length
        values, picked = grid[begin : begin + length], int(is_new[begin : begin + length].sum())
        if values.any():
            laws.append(_subset_sums(values, picked))
    return _upper_tail(_convolve_all(laws), observed, mid_p=mid_p)


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


def _convolve(left: Floats, right: Floats) -> Floats:
    length = len(left) + len(right) - 1
    if min(len(left), len(right)) < 64:  # noqa: PLR2004 -- below, the direct sum is faster
        return np.convolve(left, right)
    size = 1 << (length - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(left, size) * np.fft.rfft(right, size), size)[:length]
    result: Floats = np.maximum(product, 0.0)
    return result


def _power(law: Floats, times: int) -> Floats:
    length = (len(law) - 1) * times + 1
    size = 1 << (length - 1).bit_length() if length > 1 else 1
    if times == 1 or size == 1:
        return law if times == 1 else np.ones(1)
    power: Floats = np.fft.irfft(np.fft.rfft(law, size) ** times, size)[:length]
    return np.maximum(power, 0.0)


def _convolve_all(laws: list[Floats]) -> Floats:
    """Convolve neighbours pair by pair: the lengths stay balanced, so it is fast."""
    while len(laws) > 1:
        laws.sort(key=len)
        paired = [_convolve(*laws[i : i + 2]) for i in range(0, len(laws) - 1, 2)]
        laws = paired + ([laws[-1]] if len(laws) % 2 else [])
    return laws[0] if laws else np.ones(1)


def _upper_tail(law: Floats, observed: int, *, mid_p: bool) -> float:
    at = float(law[observed]) if observed < len(law) else 0.0
    tail = float(law[observed + 1 :].sum()) + (0.5 if mid_p else 1.0) * at
    return min(1.0, max(0.0, tail))
