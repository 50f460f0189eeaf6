"""A calibrated override proxy: a monotone logistic model, small enough to be read."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.signals import Signals

DIGITS = 4  # of a proxy's numbers: what its file holds is what counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What one signal adds to the log-odds of an override.

    Attributes:
        points: (signal, log-odds) with both rising; straight between them, flat beyond them.
        absent: Added where the signal is not known; None: labels never lacked it.
    """

    points: tuple[tuple[float, float], ...]
    absent: float | None = None

    def at(self, value: float | None) -> float | None:
        """Return the log-odds that a value adds, None if nobody knows."""
        if value is None:
            return self.absent
        place = bisect_right(self.points, (value, math.inf))
        if place == 0:
            return self.points[0][1]
        if place == len(self.points):
            return self.points[-1][1]
        (x0, y0), (x1, y1) = self.points[place - 1 : place + 1]
        return y0 + (y1 - y0) * (value - x0) / (x1 - x0)

    @property
    def is_flat(self) -> bool:
        """Whether the signal adds nothing, known or not."""
        return not self.absent and all(y == 0 for _, y in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedProxy:
    """Probability of an override by logistic regression on curves and segments.

    log-odds = intercept + sum of the signals' curves + sum of the offsets of the case's segments.
    """

    intercept: float
    curves: Mapping[str, Curve]
    offsets: Mapping[str, float] = field(default_factory=dict)  # by "tag=value"

    @property
    def names(self) -> tuple[str, ...]:
        """The signals that it looks at."""
        return tuple(self.curves)

    def needs(self, name: str) -> bool:
        """Tell whether no label lacked that signal, so that nothing is known without it."""
        curve = self.curves.get(name)
        return curve is not None and curve.absent is None

    def as_written(self) -> CalibratedProxy:
        """Return the proxy that its file holds: rounded, and without signals that add nothing."""
        curves = {
            name: Curve(
                points=tuple((rounded(x), rounded(y)) for x, y in curve.points),
                absent=None if curve.absent is None else rounded(curve.absent),
            )
            for name, curve in self.curves.items()
        }
        return CalibratedProxy(
            intercept=rounded(self.intercept),
            curves={name: curve for name, curve in curves.items() if not curve.is_flat},
            offsets={name: rounded(offset) for name, offset in self.offsets.items()},
        )

    @property
    def failure_decides(self) -> bool:
        """A failed output is judged by all its signals."""
        return False

    def probability(self, signals: Signals, segment: Mapping[str, str]) -> float | None:
        """Return a number in [0, 1], None if a signal that the labels never lacked is not known."""
        odds = self.intercept
        for name, curve in self.curves.items():
            added = curve.at(signals.get(name))
            if added is None:
                return None
            odds += added
        for tag, value in segment.items():
            odds += self.offsets.get(f"{tag}={value}", 0.0)
        return logistic(odds)


def rounded(number: float) -> float:
    """Return a number as the file of a proxy has it."""
    return round(number, DIGITS) + 0.0  # no "-0.0"


def logistic(odds: float) -> float:
    """Return the probability of some log-odds, without overflow."""
    if odds >= 0:
        return 1 / (1 + math.exp(-odds))
    grown = math.exp(odds)
    return grown / (1 + grown)
