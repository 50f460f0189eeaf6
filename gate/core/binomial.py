"""The exact interval of a rate that was counted."""

from __future__ import annotations

import math

_PRECISION = 1e-9
_NEGLIGIBLE = 1e-17


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
    """P(X <= counted) of a binomial X; 0 < rate < 1.

    The smaller tail is summed from its thick end, term by term, until nothing is added.
    """
    if counted > runs * rate:
        return 1 - _tail(runs - counted - 1, runs, 1 - rate)
    return _tail(counted, runs, rate)


def _tail(counted: int, runs: int, rate: float) -> float:
    """P(X <= counted) where the terms fall towards 0."""
    term = math.exp(
        math.lgamma(runs + 1) - math.lgamma(counted + 1) - math.lgamma(runs - counted + 1)
        + counted * math.log(rate) + (runs - counted) * math.log1p(-rate)
    )  # fmt: skip
    odds, total = (1 - rate) / rate, 0.0
    for k in range(counted, -1, -1):
        total += term
        term *= k / (runs - k + 1) * odds
        if term < total * _NEGLIGIBLE:
            break
    return total
