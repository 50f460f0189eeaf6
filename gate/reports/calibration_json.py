"""A calibration as JSON, for whoever watches it over time."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.core.calibrated import Curve
    from gate.core.calibration import Fitted
    from gate.core.calibration_report import CalibrationReport, JudgeSeen, LabelsSeen
    from gate.core.clustered import Measure
    from gate.core.kappa import Agreement
    from gate.core.override_file import ReviewRule
    from gate.core.position_bias import PositionBias
    from gate.core.reliability import Reliability
    from gate.core.review import Reviewed
    from gate.core.review_choice import Counted, ReviewChoice

FILE_NAME = "calibration.json"
VERSION = 1


def render(report: CalibrationReport) -> str:
    """Return the calibration as JSON text; escapes keep hostile text from doing anything."""
    return json.dumps(as_value(report), indent=1, allow_nan=False) + "\n"


def as_value(report: CalibrationReport) -> dict[str, Any]:
    """Return the calibration as a JSON value; what is not known, or not finite, is null."""
    fitted, review, judge = report.fitted, report.review, report.judge
    return {
        "version": VERSION,
        "suite": report.suite,
        "owner": report.owner,
        "calibrated": not report.refusals,
        "refusals": list(report.refusals),
        "written": report.written or None,
        "labels": _labels(report.labels),
        "fitted": None if fitted is None else _fitted(fitted),
        "review": None if review is None else _review(review),
        "judge": None if judge is None else _judge(judge),
        "notes": list(report.notes),
    }


def _labels(seen: LabelsSeen) -> dict[str, Any]:
    return {
        "source": seen.source,
        "rows": seen.rows,
        "decisions": dict(sorted(seen.decisions.items())),
        "undecided": seen.undecided,
        "duplicates": seen.duplicates,
        "disagreements": seen.disagreements,
        "reviewed_twice": seen.reviewed_twice,
        "reviewers": list(seen.reviewers),
        "newest": seen.newest,
        "agreement": _agreement(seen.agreement),
    }


def _fitted(fitted: Fitted) -> dict[str, Any]:
    """Return the proxy, how each signal does by itself, and all of it on labels not seen."""
    return {
        "pooled": _reliability(fitted.pooled),
        "within": _measure(fitted.within),
        "segments": {name: _reliability(each) for name, each in fitted.segments.items()},
        "small_segments": fitted.small_segments,
        "signals": {
            name: {
                "known": each.known,
                "auc": _number(each.auc),
                "log_odds": _number(each.log_odds),
                "varies": each.varies,
            }
            for name, each in fitted.signals.items()
        },
        "proxy": {
            "intercept": _number(fitted.proxy.intercept),
            "curves": {name: _curve(each) for name, each in fitted.proxy.curves.items()},
            "offsets": {name: _number(each) for name, each in fitted.proxy.offsets.items()},
        },
    }


def _reliability(found: Reliability) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "clusters": found.clusters,
        "overridden": _number(found.overridden),
        "predicted": _number(found.predicted),
        "auc": _measure(found.auc),
        "brier": _measure(found.brier),
        "brier_of_base_rate": _number(found.brier_of_base_rate),
        "gain": _measure(found.gain),
        "ece": _measure(found.ece),
        "ece_by_chance": _number(found.ece_by_chance),
        "ece_above_chance": found.is_off,
        "bins": [
            {
                "rows": each.rows,
                "predicted": _number(each.predicted),
                "observed": _number(each.observed),
                "interval": _numbers(each.interval),
            }
            for each in found.bins
        ],
    }


def _curve(curve: Curve) -> dict[str, Any]:
    return {"points": [_numbers(each) for each in curve.points], "absent": _number(curve.absent)}


def _review(review: ReviewChoice) -> dict[str, Any]:
    return {
        "max_miss": review.limits.max_miss,
        "confidence": review.limits.confidence,
        "current": _rule(review.current),
        "tuned": _rule(review.tuned),
        "adopted": review.adopted,
        "reason": review.reason,
        "counted": _counted(review.counted),
        "segments": {name: _counted(each) for name, each in review.segments.items()},
    }


def _rule(rule: ReviewRule | None) -> dict[str, Any] | None:
    """Return a rule; null: no threshold can be promised."""
    if rule is None:
        return None
    return {"threshold": rule.threshold, "segments": dict(rule.segments)}


def _counted(found: Counted) -> dict[str, Any]:
    return {"before": _reviewed(found.before), "after": _reviewed(found.after)}


def _reviewed(found: Reviewed | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "accepted": found.accepted,
        "false_positives": found.false_positives,
        "false_positive_rate": _number(found.false_positive_rate),
        "false_positive_interval": _numbers(found.false_positive_interval),
        "overridden": found.overridden,
        "misses": found.misses,
        "miss_rate": _number(found.miss_rate),
        "miss_interval": _numbers(found.miss_interval),
    }


def _judge(judge: JudgeSeen) -> dict[str, Any]:
    return {
        "model": judge.model,
        "may_decide_alone": not judge.alone,
        "why_not_alone": judge.alone or None,
        "agreement": _agreement(judge.agreement),
        "segments": {name: _agreement(each) for name, each in judge.segments.items()},
        "bias": _bias(judge.bias),
        "missing": judge.missing,
    }


def _agreement(found: Agreement | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "kappa": _number(found.kappa),
        "interval": _numbers(found.interval),
        "items": found.items,
        "agreed": _number(found.agreed),
    }


def _bias(found: PositionBias | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "pairs": found.pairs,
        "consistent": _number(found.consistent),
        "first": found.first,
        "second": found.second,
        "p_value": _number(found.p_value),
        "interval": _numbers(found.interval),
    }


def _measure(found: Measure | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"value": _number(found.value), "interval": _numbers(found.interval)}


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and isfinite(value) else None


def _numbers(values: Iterable[float] | None) -> list[float | None] | None:
    return None if values is None else list(map(_number, values))
