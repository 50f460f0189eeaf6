"""The exact interval of a rate that was counted."""

from __future__ import annotations

import math

_PRECISION = 1e-9


def clopper_pearson(counted: int, runs: int, *, error: float = 0.05) -> tuple[float, float]:
    """Return the interval of a rate, exact and two-sided.

    Args:
        counted: How often it happened, 0 to `runs`.
        runs: How often it could have; at least 1.
        error: Probability, at most, with which the interval misses the rate; half on each side.

    Returns:
        (low, high), fractions in [0, 1].

    Source:
        Clopper and Pearson (1934), Biometrika 26(4).
    """
    low = 0.0 if counted == 0 else _rate_at(counted - 1, runs, below=1 - error / 2)
    high = 1.0 if counted == runs else _rate_at(counted, runs, below=error / 2)
    return low, high


def _rate_at(counted: int, runs: int, *, below: float) -> float:
    """Find the rate at which at most `counted` of `runs` have the probability `below`."""
    low, high = 0.0, 1.0
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(counted, runs, middle) > below else (low, middle)
    return (low + high) / 2


def _at_most(counted: int, runs: int, rate: float) -> float:
    """P(X <= counted) of a binomial X; 0 < rate < 1."""
    return math.fsum(
        math.exp(
            math.lgamma(runs + 1) - math.lgamma(k + 1) - math.lgamma(runs - k + 1)
            + k * math.log(rate) + (runs - k) * math.log1p(-rate)
        )
        for k in range(counted + 1)
    )  # fmt: skip
