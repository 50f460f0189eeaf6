"""The verdict on one metric: is the change real, does it matter, could it be excluded?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.permutation import binary_p_value, value_p_value
from gate.core.report import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z = 1.645  # one-sided 95 %
Z_POWER = 2.49  # 1.645 + 0.845: 95 % sure, found in 80 % of the cases
SMALLEST = 1e-9  # no number of trials proves a tolerance below


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The trials of one metric in long form; the three arrays have one entry a trial.

    Cases without a trial on each side say nothing about a change and must be left out.
    """

    case: NDArray[np.int64]  # index in [0, N)
    is_new: NDArray[np.bool_]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The change of one metric over some cases."""

    old: float  # mean over cases of the old trials' mean
    new: float
    change: float  # mean over cases of mean(new) - ratio x mean(old)
    variance: float  # of `change`, from the spread within cases
    cases: int
    trials_new: int
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An estimate held against its limit."""

    verdict: Verdict
    interval: tuple[float, float]  # change -+ 1.645 SE
    detectable: float  # smallest true rise that is found in 80 % of the runs
    provable: float  # smallest tolerance that a run without any change passes
    trials_needed: int | None  # new trials for the tolerance to be provable; None: enough


def estimate(samples: Samples, *, ratio: float = 1.0, mid_p: bool = True) -> Estimate:
    """Estimate the change of a metric and how likely so large a rise is by chance.

    Args:
        samples: At least one trial on each side of each case.
        ratio: Old values count times this; 1 for a rise, the tolerated ratio for a cost.
        mid_p: As in `permutation.binary_p_value`.

    Returns:
        The estimate. Its variance is N^-2 sum s_i^2 (1/k_new + ratio^2/k_old), where s_i^2 is
        the variance of case i's trials, both sides pooled. For 0/1 values and ratio 1 that is
        N^-2 sum m_i (K_i - m_i) / (k_new k_old (K_i - 1)).
    """
    case, is_new, value = samples.case, samples.is_new, samples.value
    cases = int(case.max()) + 1

    def per_case(weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        return np.bincount(case, weights=weights, minlength=cases).astype(np.float64)

    k_new = per_case(is_new.astype(np.float64))
    k_all = per_case()
    k_old = k_all - k_new
    sum_new, sum_all = per_case(value * is_new), per_case(value)
    mean_new, mean_old = sum_new / k_new, (sum_all - sum_new) / k_old
    deviation = value - (sum_all / k_all)[case]
    spread = per_case(deviation**2) / np.maximum(1, k_all - 1)
    variance = float((spread * (1 / k_new + ratio**2 / k_old)).sum()) / cases**2
    if np.isin(value, (0.0, 1.0)).all():
        p_value = binary_p_value(
            k_all.astype(np.int64),
            k_new.astype(np.int64),
            np.rint(sum_all).astype(np.int64),
            np.rint(sum_new).astype(np.int64),
            mid_p=mid_p,
        )
    else:
        p_value = value_p_value(case, is_new, value, mid_p=mid_p)
    return Estimate(
        old=float(mean_old.mean()),
        new=float(mean_new.mean()),
        change=float((mean_new - ratio * mean_old).mean()),
        variance=variance,
        cases=cases,
        trials_new=int(k_new.sum()),
        p_value=p_value,
    )


def judge(found: Estimate, *, tolerance: float, alpha: float) -> Judgement:
    """Turn two keys: fail if the rise is real and larger than tolerated.

    Args:
        found: The estimate.
        tolerance: The rise that the policy allows, in the unit of the metric.
        alpha: False alarms allowed for this one test, in (0, 1).

    Returns:
        fail: p <= alpha and change > tolerance.
        pass: not fail, and a rise as large as the tolerance is excluded at 95 %.
        inconclusive: neither.
    """
    n = max(1, found.trials_new)
    error = math.sqrt(found.variance)
    floor = max(0.0, tolerance * (1 - tolerance)) / n
    spread = math.sqrt(max(found.variance, floor))
    distance = found.change + 0.5 / n - tolerance
    if found.p_value <= alpha and found.change > tolerance:
        verdict = Verdict.FAIL
    elif distance <= -Z * spread and (spread > 0 or distance < 0):
        verdict = Verdict.PASS
    else:
        verdict = Verdict.INCONCLUSIVE
    return Judgement(
        verdict=verdict,
        interval=(found.change - Z * error, found.change + Z * error),
        detectable=detectable_rise(found.variance, n),
        provable=provable_tolerance(found.variance, n),
        trials_needed=_trials_needed(found.variance, n, tolerance),
    )


def judge_ratio(found: Estimate, *, alpha: float) -> Judgement:
    """As `judge`, for an estimate whose old values already count times the tolerated ratio.

    The change is then new - ratio x old, and its limit is 0.
    """
    error = math.sqrt(found.variance)
    if found.p_value <= alpha and found.change > 0:
        verdict = Verdict.FAIL
    elif found.change <= -Z * error:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.INCONCLUSIVE
    return Judgement(
        verdict=verdict,
        interval=(found.change - Z * error, found.change + Z * error),
        detectable=Z_POWER * error,
        provable=Z_POWER * error,
        trials_needed=None,
    )


def provable_tolerance(variance: float, trials_new: int) -> float:
    """Return the smallest tolerance that a run without any change passes.

    The larger of 2.49 sqrt(V) + 0.5/n, for the spread that was seen, and the tolerance t that
    solves t = 1.645 sqrt(t (1 - t) / n) + 0.5/n, for the spread that must be reckoned with.
    """
    shift, square = 0.5 / trials_new, Z**2 / trials_new
    half = (2 * shift + square) / 2
    reckoned = (half + math.sqrt(half**2 - (1 + square) * shift**2)) / (1 + square)
    return max(Z_POWER * math.sqrt(variance) + shift, reckoned)


def detectable_rise(variance: float, trials_new: int) -> float:
    """Return the smallest rise found in 80 % of the runs: d = 2.49 sqrt(V + d / n).

    The quadratic's positive root; d / n is the variance that the rise itself brings.
    """
    square = Z_POWER**2
    return (square / trials_new + math.sqrt((square / trials_new) ** 2 + 4 * square * variance)) / 2


def _trials_needed(variance: float, trials_new: int, tolerance: float) -> int | None:
    """New trials at which a run without any change passes, taking V to shrink as 1/n.

    Both bounds of the pass count: 2.49 sqrt(V) + 0.5/n for the spread that was seen, and
    1.645 sqrt(tol (1 - tol) / n) + 0.5/n for the spread that must be reckoned with.

    Returns:
        The number, or None if this run has as many.
    """
    if tolerance < SMALLEST:
        return None
    seen = Z_POWER * math.sqrt(variance * trials_new)
    reckoned = Z * math.sqrt(max(0.0, tolerance * (1 - tolerance)))
    scaled = max(seen, reckoned)
    root = (scaled + math.sqrt(scaled**2 + 2 * tolerance)) / (2 * tolerance)
    needed = math.ceil(root**2)
    return needed if needed > trials_new else None
