"""An axis: where a value stands on it, and which values are written beside it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARGIN = 0.05  # of the axis, free at both ends
_STEPS = 7  # between ticks, about
_NARROWEST = 0.005  # half a point


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One value that is written at the axis."""

    at: float  # per cent of the axis
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Values from `low` to `high`, spread over 100 per cent."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return where a value stands, in per cent; what is beyond an end stands at it."""
        inside = min(max(value, self.low), self.high)
        return round((inside - self.low) / (self.high - self.low) * 100, 2)

    def ticks(self, *, is_signed: bool) -> tuple[Tick, ...]:
        """Choose round values, as per cent or points: 1, 2 or 5 times a power of ten apart."""
        low, high = self.low * 100, self.high * 100
        step = _step((high - low) / _STEPS)
        digits = max(0, -floor(log10(step)))
        values = [place * step for place in range(ceil(low / step), floor(high / step) + 1)]
        return tuple(
            Tick(at=self.at(value / 100), label=_label(value, digits, is_signed=is_signed))
            for value in values
        )


def scale_over(values: Iterable[float], ends: Iterable[float] = ()) -> Scale:
    """Make an axis for values, and for as much of the intervals around them as leaves room.

    Args:
        values: All of these are on the axis, and 0 is.
        ends: Of intervals; one that is so wide that the values would stand in a heap is cut.
    """
    known = [0.0, *(value for value in values if isfinite(value))]
    low, high = min(known), max(known)
    room = max(high - low, _NARROWEST)
    wide = [min(max(end, low - room), high + room) for end in ends if isfinite(end)]
    low, high = min([low, *wide]), max([high, *wide])
    margin = max(high - low, _NARROWEST) * _MARGIN
    return Scale(low=low - margin, high=high + margin)


def _step(rough: float) -> float:
    power: float = 10.0 ** floor(log10(rough))
    return next((power * factor for factor in (1, 2, 5) if power * factor >= rough), power * 10)


def _label(value: float, digits: int, *, is_signed: bool) -> str:
    if abs(value) < 10.0 ** (-digits - 1):
        return "0"
    return f"{value:+.{digits}f}" if is_signed else f"{value:.{digits}f}"
