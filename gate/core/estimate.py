"""How large the change of one metric is, how sure that is, and how likely by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.permutation import binary_p_value, value_p_value
from gate.core.sign_flips import sign_flip_p_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gate.core.columns import Bools, Floats, Ints


_ROUNDING = 1e-12  # relative; the means of equal trials differ by as much


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The trials of one metric over some cases, each of which has trials on both sides."""

    case: Ints  # index of the trial's case, in [0, N)
    is_new: Bools
    value: Floats
    cluster: Ints  # of each case; shape (N,)
    same: Bools  # cases in which nothing can have changed: they count as a change of 0 for certain
    unseen: int = 0  # cases of the plan that have no trial on one side yet
    planned_new: int = 0  # new trials at the end of the plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The change of one metric over some cases."""

    old: float  # mean over cases of the old trials' mean
    new: float
    change: float  # mean over cases of mean(new) - ratio x mean(old)
    variance: float  # of `change`
    cases: int
    trials_old: int
    trials_new: int
    planned_new: int
    planned_cases: int
    p_value: float  # of new - old, whatever the ratio
    plain_variance: float  # of new - old; of the cases that were seen
    allowance: float  # (ratio - 1) x old: `change` is so much less than new - old


def estimate(
    measured: Measured, *, ratio: float = 1.0, mid_p: bool = True, population: bool = False
) -> Estimate:
    """Estimate the change of a metric and how likely so large a rise is by chance.

    Args:
        measured: At least one trial on each side of each case.
        ratio: Old values count times this; 1 for a rise, the tolerated ratio for a cost.
        mid_p: As in `permutation.binary_p_value`.
        population: Whether the claim is about the cases that these were drawn from, cluster by
            cluster, rather than about a re-run of these.

    Returns:
        The estimate. The variance for these cases is N^-2 sum s_i^2 (1/k_new + ratio^2/k_old),
        where s_i^2 is the variance of case i's trials, both sides pooled. For 0/1 values and
        ratio 1 that is N^-2 sum m_i (K_i - m_i) / (k_new k_old (K_i - 1)). While a share 1 - f of
        the cases is unseen, it is f times that plus (1 - f) / n times the variance of the
        differences between the cases. For a population it is that of a sum over clusters.

    Source:
        Cochran (1977), Sampling Techniques, section 10.3, for cases that are unseen; Liang and
        Zeger (1986), Biometrika 73(1), for clusters.
    """
    per_case = _PerCase(measured)
    difference = per_case.difference(ratio)
    if population:
        variance = _between_clusters(difference, measured.cluster)
        plain = per_case.difference(1.0)
        plain_variance = _between_clusters(plain, measured.cluster)
        sums = np.bincount(measured.cluster, weights=plain).astype(np.float64)
        p_value = sign_flip_p_value(sums, mid_p=mid_p)
    else:
        variance, plain_variance = per_case.variance(ratio), per_case.variance(1.0)
        if measured.unseen and per_case.cases > 1:
            seen = per_case.cases / (per_case.cases + measured.unseen)
            between = float(difference.var(ddof=1)) / per_case.cases
            variance = seen * variance + (1 - seen) * between
        p_value = _p_value(measured, per_case, mid_p=mid_p)
    return Estimate(
        old=float(per_case.mean_old.mean()),
        new=float(per_case.mean_new.mean()),
        change=float(difference.mean()),
        variance=variance,
        cases=per_case.cases,
        trials_old=int(per_case.k_old.sum()),
        trials_new=int(per_case.k_new.sum()),
        planned_new=max(measured.planned_new, int(per_case.k_new.sum())),
        planned_cases=per_case.cases + measured.unseen,
        p_value=p_value,
        plain_variance=plain_variance,
        allowance=(ratio - 1) * float(per_case.mean_old.mean()),
    )


class _PerCase:
    """Sums over the trials of each case; every array has shape (N,)."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured
        case, is_new, value = measured.case, measured.is_new, measured.value
        self.cases = int(case.max()) + 1
        self.k_all = self._sum(np.ones(len(case)))
        self.k_new = self._sum(is_new.astype(np.float64))
        self.sum_all, self.sum_new = self._sum(value), self._sum(value * is_new)
        self.k_old = self.k_all - self.k_new
        pooled = self.sum_all / self.k_all
        self.mean_new = np.where(measured.same, pooled, self.sum_new / self.k_new)
        sum_old = self.sum_all - self.sum_new
        self.mean_old = np.where(measured.same, pooled, sum_old / self.k_old)

    def _sum(self, of_trials: Floats) -> Floats:
        case = self._measured.case
        return np.bincount(case, weights=of_trials, minlength=self.cases).astype(np.float64)

    def difference(self, ratio: float) -> Floats:
        """Mean of new less ratio x mean of old."""
        return _unrounded(self.mean_new - ratio * self.mean_old, self.mean_new)

    def variance(self, ratio: float) -> float:
        """Variance of the mean difference, from the spread within cases."""
        mean = (self.sum_all / self.k_all)[self._measured.case]
        deviation = _unrounded(self._measured.value - mean, mean)
        spread = self._sum(deviation**2) / np.maximum(1, self.k_all - 1)
        changed = ~self._measured.same
        per_trial = spread * changed * (1 / self.k_new + ratio**2 / self.k_old)
        return float(per_trial.sum()) / self.cases**2


def _unrounded(difference: Floats, of: Floats) -> Floats:
    """Set to 0 what differs from it by rounding alone."""
    return np.where(np.abs(difference) <= _ROUNDING * np.abs(of), 0.0, difference)


def _p_value(measured: Measured, sums: _PerCase, *, mid_p: bool) -> float:
    changed = ~measured.same
    if np.isin(measured.value, (0.0, 1.0)).all():
        return binary_p_value(
            *(
                np.rint(each[changed]).astype(np.int64)
                for each in (sums.k_all, sums.k_new, sums.sum_all, sums.sum_new)
            ),
            mid_p=mid_p,
        )
    trials = changed[measured.case]
    return value_p_value(
        measured.case[trials], measured.is_new[trials], measured.value[trials], mid_p=mid_p
    )


def _between_clusters(difference: Floats, cluster: Ints) -> float:
    """Variance of the mean difference, N^-2 C/(C - 1) sum of (S_c - n_c x mean)^2; C > 1."""
    sums = np.bincount(cluster, weights=difference - difference.mean())
    clusters = len(np.unique(cluster))
    return float((sums**2).sum()) * clusters / (clusters - 1) / len(difference) ** 2


def quantile_of(value: NDArray[np.float64], is_new: Bools, q: float) -> tuple[float, float]:
    """Return the quantile q of the old and of the new trials."""
    return float(np.quantile(value[~is_new], q)), float(np.quantile(value[is_new], q))
