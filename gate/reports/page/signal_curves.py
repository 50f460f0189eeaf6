"""What each signal adds to the log-odds of an override, straight from knot to knot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gate.reports.headline import counted
from gate.reports.page.scale import Scale, Tick, scale_over

if TYPE_CHECKING:
    from gate.core.calibrated import Curve
    from gate.core.calibration import Fitted, SignalFound

_PER_UNIT = 100  # a scale writes shares as points: log-odds go in as hundredths


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """One end of a straight piece; places are in per cent, from the left and from the top."""

    x: float
    y: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalCurve:
    """One signal."""

    name: str
    auc: str
    labels: str
    rise: str
    absent: str  # what is added where the signal is not known; "": labels never lacked it
    pieces: tuple[tuple[Knot, Knot], ...]
    knots: tuple[Knot, ...]
    lowest: str
    highest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalCurves:
    """All signals on one axis of log-odds, so that they can be compared."""

    charts: tuple[SignalCurve, ...]
    others: tuple[str, ...]  # signals that the labels say nothing of, in words
    ticks: tuple[Tick, ...]  # from the top
    zero: float


def signal_curves(fitted: Fitted) -> SignalCurves:
    """Draw the signals that the proxy looks at, the one that adds most first."""
    signals, curves = fitted.signals, fitted.proxy.curves
    learnt = {name: curve for name, curve in curves.items() if signals[name].varies}
    scale = scale_over([
        height / _PER_UNIT for curve in learnt.values() for _, height in curve.points
    ])  # fmt: skip
    ranked = sorted(learnt.items(), key=lambda each: -_rise(each[1]))
    return SignalCurves(
        charts=tuple(_chart(name, each, signals[name], scale) for name, each in ranked),
        others=tuple(
            _in_words(name, each, curves.get(name))
            for name, each in signals.items()
            if name not in learnt
        ),
        ticks=tuple(
            Tick(at=round(100 - tick.at, 2), label=tick.label)
            for tick in scale.ticks(is_signed=True)
        ),
        zero=_down(scale, 0),
    )


def _chart(name: str, curve: Curve, found: SignalFound, scale: Scale) -> SignalCurve:
    (lowest, _), (highest, _) = curve.points[0], curve.points[-1]
    knots = tuple(
        Knot(
            x=round((value - lowest) / (highest - lowest) * 100, 2),
            y=_down(scale, height),
            told=f"{name} {value:.2f}: {height:+.2f}",
        )
        for value, height in curve.points
    )
    return SignalCurve(
        name=name,
        auc=_auc(found),
        labels=_known(found),
        rise=f"{_rise(curve):+.2f}",
        absent="" if curve.absent is None else f"{curve.absent:+.2f}",
        pieces=tuple(pairwise(knots)),
        knots=knots,
        lowest=f"{lowest:.2f}",
        highest=f"{highest:.2f}",
    )


def _in_words(name: str, found: SignalFound, curve: Curve | None) -> str:
    if curve is None:
        return f"{name} is not used: {_known(found)}, AUC alone {_auc(found)}"
    (lowest, _), (highest, _) = curve.points[0], curve.points[-1]
    return (
        f"{name} never varies in {_known(found)}, which say nothing of it: it is assumed to add "
        f"{_rise(curve):+.2f} from {lowest:.2f} to {highest:.2f}"
    )


def _rise(curve: Curve) -> float:
    return curve.points[-1][1] - curve.points[0][1]


def _known(found: SignalFound) -> str:
    return counted(found.known, "label")


def _auc(found: SignalFound) -> str:
    return "unknown" if found.auc is None else f"{found.auc:.3f}"


def _down(scale: Scale, height: float) -> float:
    return round(100 - scale.at(height / _PER_UNIT), 2)
