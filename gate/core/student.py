"""Student's law: its quantiles and its tails; scipy would cost two seconds of start-up."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

_NODES = 64  # of the quadrature; quantiles have ten digits with half as many
_REACH = 9.0  # standard deviations beyond which the law is not followed, if it is near normal
_PRECISION = 1e-12


def _mass(angle: float, freedom: float) -> float:
    """Return the integral of cos^(freedom - 1) from 0 to an angle.

    With T = sqrt(freedom) x tan(angle), this is proportional to the law of the angle, which is
    smooth and has a bounded range.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    density = np.cos((nodes + 1) / 2 * angle) ** (freedom - 1)
    return float(weights @ density) * angle / 2


def _end(freedom: float) -> float:
    return min(math.pi / 2, _REACH / math.sqrt(freedom))


@lru_cache(maxsize=1024)
def student_quantile(confidence: float, freedom: float) -> float:
    """Return the t with P(-t <= T <= t) = confidence.

    Args:
        confidence: In (0, 1).
        freedom: Degrees of freedom; at least 1, and not always whole.

    Raises:
        ValueError: `confidence` is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is not between 0 and 1: {confidence}")
    low, high = 0.0, _end(freedom)
    wanted = confidence * _mass(high, freedom)
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if _mass(middle, freedom) > wanted else (middle, high)
    return math.sqrt(freedom) * math.tan(high)


def student_tails(t: float, freedom: float) -> float:
    """Return P(|T| >= |t|)."""
    end = _end(freedom)
    angle = min(end, math.atan(abs(t) / math.sqrt(freedom)))
    return max(0.0, 1 - _mass(angle, freedom) / _mass(end, freedom))
