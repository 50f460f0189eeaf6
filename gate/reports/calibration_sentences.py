"""What a calibration says in words, for the page."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from gate.reports.headline import counted
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.core.calibration import Fitted
    from gate.core.calibration_report import CalibrationReport, JudgeSeen
    from gate.core.clustered import Interval, Measure
    from gate.core.kappa import Agreement
    from gate.core.position_bias import PositionBias


def headline(report: CalibrationReport) -> tuple[str, str]:
    """Return the verdict, and its cause."""
    name = visible_name(report.suite)
    if report.refusals:
        return "REFUSED", f"suite {name}: {report.refusals[0]}"
    if report.fitted is None:
        return "REFUSED", f"suite {name}: nothing was fitted"
    pooled = report.fitted.pooled
    auc = "unknown" if pooled.auc is None else f"{pooled.auc.value:.3f}"
    return "CALIBRATED", (
        f"suite {name}: on labels that it did not see, AUC {auc}, Brier score "
        f"{pooled.brier.value:.4f} against {pooled.brier_of_base_rate:.4f} by the base rate"
    )


def beside(report: CalibrationReport) -> str:
    """Say how far the probabilities are off, and what became of the proxy."""
    return " ".join([*_how_far_off(report.fitted), _written(report)])


def _how_far_off(fitted: Fitted | None) -> list[str]:
    if fitted is None:
        return []
    pooled = fitted.pooled
    said = [
        f"Its probabilities are {pooled.ece.value * 100:.1f} points off on average (ECE); chance "
        f"alone makes up to {pooled.ece_by_chance * 100:.1f}."
    ]
    if fitted.segments:
        off = sum(each.is_off for each in fitted.segments.values())
        said.append(
            f"Of {counted(len(fitted.segments), 'segment')}, {off or 'none'} "
            f"{'are' if off > 1 else 'is'} off by more than chance makes."
        )
    return said


def _written(report: CalibrationReport) -> str:
    return f"Written: {report.written}" if report.written else "No proxy was written."


def share(value: float) -> str:
    """Write a share in per cent."""
    return f"{value * 100:.1f} %"


def of_share(value: float) -> str:
    """Write a limit in per cent, with no digit more than it has."""
    return f"{value * 100:g} %"


def shares(interval: Interval) -> str:
    """Write an interval of shares in per cent."""
    return f"{interval[0] * 100:.1f} to {interval[1] * 100:.1f} %"


def plain(value: float) -> str:
    """Write a number in [0, 1]."""
    return f"{value:.3f}"


def gain(value: float) -> str:
    """Write by how much one is better than another."""
    return f"{value:+.3f}"


def interval_of(measure: Measure | None, number: Callable[[float], str] = plain) -> str:
    """Write an interval; "one cluster" where that holds all labels, "" for no measure."""
    if measure is None:
        return ""
    if not all(map(isfinite, measure.interval)):
        return "one cluster"
    low, high = measure.interval
    return f"{number(low)} to {number(high)}"


def with_interval(measure: Measure | None, number: Callable[[float], str] = plain) -> str:
    """Write a measure with its interval."""
    if measure is None:
        return "unknown"
    return f"{number(measure.value)} ({interval_of(measure, number)})"


def kappa(found: Agreement | None) -> str:
    """Write how far two agree, or why that is not known."""
    if found is None:
        return "not known: no output was decided by two"
    if found.kappa is None:
        return "no kappa: only one decision was ever made"
    between = "" if found.interval is None else " ({:.2f} to {:.2f})".format(*found.interval)
    return f"kappa {found.kappa:.2f}{between}"


def decides_alone(judge: JudgeSeen) -> str:
    """Say whether a judge may decide without a human."""
    if judge.alone:
        return f"It may not decide alone: {judge.alone}."
    return "It may decide alone: it agrees with the reviewers better than they do with each other."


def position(bias: PositionBias | None) -> str:
    """Say what a judge answers when two outputs change places; "" for one that sees one output."""
    if bias is None:
        return ""
    low, high = bias.interval
    return (
        f"Shown in both orders, it says the same of {bias.consistent * 100:.0f} % of "
        f"{counted(bias.pairs, 'pair')}; it prefers the first whatever the order {bias.first} "
        f"times, the second {bias.second} times (p {bias.p_value:.4f}; the first's share less the "
        f"second's {low * 100:+.1f} to {high * 100:+.1f} points)."
    )
