"""What was predicted against what reviewers did, as dots beside a diagonal."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from gate.reports.calibration_sentences import share, shares
from gate.reports.headline import counted
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from gate.core.calibration import Fitted
    from gate.core.reliability import Bin, Reliability
    from gate.core.signal_table import Floats

PLOTS = 8  # of segments
_COLUMNS = 20  # of the histogram: one for each 5 points
_SMALLEST = 1.5  # pixels of a radius that can be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One bin; places are in per cent of the plot, from the left and from the top."""

    x: float
    y: float
    low: float
    high: float
    radius: float  # in pixels; its square goes with the labels
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Labels with about the same score; places are in per cent."""

    x: float
    width: float
    height: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityPlot:
    """One set of labels."""

    title: str
    labels: int
    ece: str
    by_chance: str
    is_off: bool
    dots: tuple[Dot, ...]
    columns: tuple[Column, ...] = ()


def pooled_plot(fitted: Fitted) -> ReliabilityPlot:
    """Draw all labels, with a histogram of their scores."""
    return _plot("all labels", fitted.pooled, radius=6.0, columns=_histogram(fitted.held_out))


def segment_plots(fitted: Fitted) -> tuple[ReliabilityPlot, ...]:
    """Draw the segments with the most labels, the one that is farthest off first."""
    largest = sorted(fitted.segments.items(), key=lambda each: -each[1].rows)[:PLOTS]
    return tuple(_plot(visible_name(name), each, radius=4.5) for name, each in worst_first(largest))


def worst_first(segments: list[tuple[str, Reliability]]) -> list[tuple[str, Reliability]]:
    """Order segments by their ECE."""
    return sorted(segments, key=lambda each: -each[1].ece.value)


def place(value: float) -> float:
    """Return where a share stands, in per cent."""
    return round(min(1.0, max(0.0, value)) * 100, 2)


def _plot(
    title: str, found: Reliability, *, radius: float, columns: tuple[Column, ...] = ()
) -> ReliabilityPlot:
    most = max(each.rows for each in found.bins)
    return ReliabilityPlot(
        title=title,
        labels=found.rows,
        ece=f"{found.ece.value:.3f}",
        by_chance=f"{found.ece_by_chance:.3f}",
        is_off=found.is_off,
        dots=tuple(_dot(each, radius * sqrt(each.rows / most)) for each in found.bins),
        columns=columns,
    )


def _dot(found: Bin, radius: float) -> Dot:
    low, high = found.interval
    return Dot(
        x=place(found.predicted),
        y=place(1 - found.observed),
        low=place(1 - low),
        high=place(1 - high),
        radius=round(max(_SMALLEST, radius), 1),
        told=f"predicted {share(found.predicted)}, overridden {share(found.observed)} "
        f"({shares(found.interval)}), {counted(found.rows, 'label')}",
    )


def _histogram(scores: Floats) -> tuple[Column, ...]:
    import numpy as np

    counts = np.histogram(scores, bins=_COLUMNS, range=(0, 1))[0].tolist()
    most, width = max(counts), 100 / _COLUMNS
    return tuple(
        Column(
            x=at * width,
            width=width,
            height=round(count / most * 100, 2),
            told=f"score {at * width:g} to {(at + 1) * width:g} %: {counted(count, 'label')}",
        )
        for at, count in enumerate(counts)
        if count
    )
