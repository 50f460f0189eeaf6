"""The within-case permutation test for many trials whose values are not 0/1.

Where the exact law would take seconds, its tail is taken from its cumulant generating function,
which is itself exact: no draw, no seed, the same p-value each time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gate.core.normal import upper_tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Cumulants = Callable[[float], tuple[float, float, float]]

_STEPS = 60  # of the search for the saddlepoint, at most
_PRECISION = 1e-9  # of the sum that it is to give
_FLATTEST = 1e-300  # curvature; rounding may leave less at the very end of the law
_NEAR = 1e-4  # standard deviations from the mean, within which the formula is 0 / 0


class SubsetSums:
    """For each of n cases: the sum of `picked` of its values, drawn without replacement."""

    def __init__(self, values: Floats, picked: int) -> None:
        """Take values of shape (n, K), each case's centred on 0, and 0 < picked < K."""
        self._values = np.sort(values, axis=1)
        self._picked = picked

    def cumulants(self, tilt: float) -> tuple[float, float, float]:
        """Return K(tilt), K'(tilt), K''(tilt), summed over the cases.

        exp K_i is the elementary symmetric polynomial of degree `picked` in exp(tilt x value),
        over its value at tilt 0; it and its derivatives follow value by value. A coin of bias
        picked / K stands for each choice, so that no number grows with K. The values that the
        tilt prefers come first, and exponents are taken relative to the last of those that it
        would pick, so that none grows with the tilt either.
        """
        picked = self._picked
        falling = self._values[:, ::-1] if tilt >= 0 else self._values
        chance = picked / falling.shape[1]
        last = tilt * falling[:, picked - 1]
        centre = falling[:, :picked].mean(axis=1)
        ways = np.zeros((3, picked + 1, len(falling)))  # the polynomial, first, second derivative
        ways[0, 0] = 1.0
        plain = np.zeros(picked + 1)
        plain[0] = 1.0
        scale = np.zeros(len(falling))  # logarithm of what `ways` was divided by
        for value in falling.T:
            excess = tilt * value - last
            high = np.maximum(excess, 0.0)
            _add(ways, chance * np.exp(excess - high), (1 - chance) * np.exp(-high), value - centre)
            peak = ways[0].max(axis=0)
            ways /= peak
            scale += high + np.log(peak)
            plain[1:] = (1 - chance) * plain[1:] + chance * plain[:-1]
            plain[0] *= 1 - chance
        level, first, second = ways[:, picked]
        mean = first / level
        return (
            float((np.log(level / plain[picked]) + scale + picked * last).sum()),
            float((mean + picked * centre).sum()),
            float((second / level - mean**2).sum()),
        )


def _add(ways: Floats, factor: Floats, kept: Floats, value: Floats) -> None:
    """Let each case pick one value more, or not: multiply by `kept + factor exp(tilt value)`."""
    slope = factor * value
    level, first, second = ways[:, :-1]
    moved = np.stack(
        [
            factor * level,
            factor * first + slope * level,
            factor * second + 2 * slope * first + slope * value * level,
        ]
    )
    ways *= kept
    ways[:, 1:] += moved


class SignFlips:
    """For each of n values: the value or its opposite, by a fair coin."""

    def __init__(self, values: Floats) -> None:
        self._values = np.abs(values)

    def cumulants(self, tilt: float) -> tuple[float, float, float]:
        """Return K(tilt), K'(tilt), K''(tilt) of the sum: K_i = log cosh(tilt x value)."""
        x = tilt * self._values
        slope = np.tanh(x)
        log_cosh = np.logaddexp(x, -x) - math.log(2)
        return (
            float(log_cosh.sum()),
            float((self._values * slope).sum()),
            float((self._values**2 * (1 - slope**2)).sum()),
        )


def tail(laws: list[SubsetSums] | list[SignFlips], observed: float, most: float) -> float:
    """Return P(sum > observed), about the mid-p where the sum has ties.

    Args:
        laws: Whose sum is looked at; each with mean 0.
        observed: The sum that was seen.
        most: The largest sum there is.

    Source:
        Lugannani and Rice (1980), Adv. Appl. Prob. 12(2); Robinson (1982), JRSS B 44(1), for
        permutation laws.
    """

    def cumulants(tilt: float) -> tuple[float, float, float]:
        parts = [law.cumulants(tilt) for law in laws]
        return (sum(p[0] for p in parts), sum(p[1] for p in parts), sum(p[2] for p in parts))

    deviation = math.sqrt(max(cumulants(0.0)[2], 0.0))
    if deviation == 0 or abs(observed) < _NEAR * deviation:
        return 0.5
    if abs(observed) >= most * (1 - 1e-9):
        return 0.0 if observed > 0 else 1.0
    tilt = _saddlepoint(cumulants, observed, observed / deviation**2)
    log_moment, _, curvature = cumulants(tilt)
    depth = 2 * (tilt * observed - log_moment)
    if depth <= _NEAR**2:
        return 0.5
    w = math.copysign(math.sqrt(depth), tilt)
    u = tilt * math.sqrt(max(curvature, _FLATTEST))
    density = math.exp(-depth / 2) / math.sqrt(2 * math.pi)
    return min(1.0, max(0.0, upper_tail(w) + density * (1 / u - 1 / w)))


def _saddlepoint(cumulants: Cumulants, observed: float, start: float) -> float:
    """Solve K'(tilt) = observed; K' rises, so the root stays between two bounds."""
    low, high = (0.0, math.inf) if observed > 0 else (-math.inf, 0.0)
    tilt = start
    step = 0
    _, mean, variance = cumulants(tilt)
    while abs(mean - observed) > _PRECISION * abs(observed) and step < _STEPS:
        low, high = (tilt, high) if mean < observed else (low, tilt)
        moved = tilt + (observed - mean) / variance if variance > 0 else math.inf
        if not low < moved < high:
            moved = (low + high) / 2 if math.isfinite(low + high) else 2 * tilt
        tilt, step = moved, step + 1
        _, mean, variance = cumulants(tilt)
    return tilt
