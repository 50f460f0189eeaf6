"""The normal law's upper tail and its inverse; scipy would cost two seconds of start-up."""

from __future__ import annotations

import math
from functools import lru_cache


def upper_tail(z: float) -> float:
    """Return P(Z > z) of a standard normal Z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


@lru_cache(maxsize=4096)
def upper_quantile(p: float) -> float:
    """Return the z with P(Z > z) = p; infinite at 0 and 1."""
    if p <= 0:
        return math.inf
    if p >= 1:
        return -math.inf
    from statistics import NormalDist

    return -NormalDist().inv_cdf(p)
