"""Several looks at the trials while they arrive, at the error rate of one.

Each look may end the run, so each gets a part of the error that is allowed: the spending
functions alpha t^3 (fail) and 0.047 t^1.5 (pass), where t is the share of the planned
information that has been seen. Early looks spend little, so the last look stays nearly as sharp
as a single one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from gate.core.normal import upper_quantile, upper_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LOOKS = 8
FAIL_SPENDING = 3.0  # exponent of t
PASS_SPENDING = 1.5
# Of calling a rise as large as the tolerance a pass: 5 %, less what the normal law is too sure by
# when it is looked at several times (0.3 points on average, 0.6 at most, simulated).
PASS_ERROR = 0.047
ONE_PASS_ERROR = 0.05  # of a single look
_NODES = 80  # of the quadrature; the levels have four digits with half as many
_REACH = 8.5  # standard deviations below the mean at which the density is cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the trials: how much has been seen, and how strict it has to be."""

    times: tuple[float, ...] = (1.0,)  # information at each look as a share of the plan's
    index: int = 0

    @property
    def time(self) -> float:
        """Share of the planned information that this look sees, in (0, 1]."""
        return self.times[self.index]

    @property
    def is_last(self) -> bool:
        """Whether no further trial is planned."""
        return self.index == len(self.times) - 1

    def fail_level(self, alpha: float) -> float:
        """Return the p-value below which this look shows a rise."""
        return nominal_levels(self.times, alpha, FAIL_SPENDING)[self.index]

    def pass_level(self) -> float:
        """Return the one-sided error at which this look may exclude a rise."""
        error = PASS_ERROR if len(self.times) > 1 else ONE_PASS_ERROR
        return nominal_levels(self.times, error, PASS_SPENDING)[self.index]

    def last(self) -> Look:
        """Return the look at the end of the plan."""
        return Look(times=self.times, index=len(self.times) - 1)


ONE_LOOK = Look()


def information(trials_old: Ints, trials_new: Ints) -> float:
    """Return the information about the mean change that these numbers of trials carry.

    Args:
        trials_old: Old trials of each case; cases without one carry none. Shape (N,).
        trials_new: New ones; shape (N,).

    Returns:
        n^2 / sum(1/k_old + 1/k_new) over the n cases with both sides: the inverse variance of
        the mean of the cases' differences, for trials of variance 1. 0 where there is no case.
    """
    seen = (trials_old > 0) & (trials_new > 0)
    if not seen.any():
        return 0.0
    old, new = trials_old[seen].astype(float), trials_new[seen].astype(float)
    return float(seen.sum() ** 2 / (1 / old + 1 / new).sum())


@lru_cache(maxsize=1024)
def nominal_levels(times: tuple[float, ...], alpha: float, exponent: float) -> tuple[float, ...]:
    """Return the one-sided level of each look, so that all looks together err at most alpha.

    The test statistic is taken to move as a Brownian motion in information time. The density of
    those paths that no earlier look has stopped is carried from look to look by quadrature, and
    each look's boundary is put where it stops as much as its share of alpha.

    Args:
        times: Information shares, rising, the last one 1.
        alpha: The whole error, in (0, 1).
        exponent: By time t, alpha t^exponent may be spent.

    Source:
        Armitage, McPherson and Rowe (1969), JRSS A 132(2), for the recursion; Lan and DeMets
        (1983), Biometrika 70(3), and Kim and DeMets (1987), Biometrika 74(1), for the spending.
    """
    nodes, weights = _quadrature()
    levels: list[float] = []
    x, mass = np.zeros(1), np.ones(1)  # where the motion may be, and with what probability
    before = spent = 0.0
    for time in times:
        share = alpha * time**exponent - spent
        spent += share
        step = math.sqrt(time - before)
        bound = _boundary(x, mass, step, share)
        levels.append(upper_tail(bound / math.sqrt(time)))
        low = -_REACH * math.sqrt(time)
        half = (bound - low) / 2
        at = low + half * (nodes + 1)
        kernel = np.exp(-(((at[:, None] - x) / step) ** 2) / 2) / (step * math.sqrt(2 * math.pi))
        x, mass, before = at, (kernel @ mass) * weights * half, time
    return tuple(levels)


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def _boundary(x: Floats, mass: Floats, step: float, share: float) -> float:
    """Find the value above which the motion ends with probability `share`."""

    def above(bound: float) -> float:
        tails = [upper_tail((bound - each) / step) for each in x.tolist()]
        return float(np.dot(tails, mass))

    low, high = float(x.min()) - _REACH * step, float(x.max()) + 10 * step
    if len(x) == 1:
        return upper_quantile(share) * step
    while high - low > 1e-9 * step:
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) > share else (low, middle)
    return (low + high) / 2
