"""The page of a calibration: how far its probabilities can be trusted, without a script."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from gate.reports.calibration_sentences import beside, headline
from gate.reports.page.assets import asset, templates
from gate.reports.page.calibration_facts import (
    SEGMENTS,
    bin_rows,
    judge_view,
    label_facts,
    measured,
    reviewers_named,
    segment_rows,
)
from gate.reports.page.reliability_plot import pooled_plot, segment_plots
from gate.reports.page.review_rows import review_table
from gate.reports.page.signal_curves import signal_curves
from gate.reports.page.tradeoff import tradeoff
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from typing import Any

    from gate.core.calibration_report import CalibrationReport

FILE_NAME = "calibration.html"
_STYLES = ("page.css", "charts.css", "calibration.css")
_NOTES = 50


def render(report: CalibrationReport) -> str:
    """Return the page; nothing in it acts, and it asks for nothing."""
    style_text = "".join(asset(name) for name in _STYLES)
    verdict, cause = headline(report)
    seen = report.labels
    text: str = (
        templates()
        .get_template("calibration.html.j2")
        .render(
            style=style_text,
            policy=_policy(style_text),
            state="fail" if report.refusals else "pass",
            verdict=verdict,
            cause=cause,
            beside=beside(report),
            suite=visible_name(report.suite),
            owner=visible_name(report.owner),
            source=seen.source,
            notes=[*report.refusals[1:], *report.notes][:_NOTES],
            notes_more=max(0, len(report.refusals[1:]) + len(report.notes) - _NOTES),
            labels=label_facts(seen),
            reviewers=reviewers_named(seen),
            judge=None if report.judge is None else judge_view(report.judge, seen.agreement),
            **_fitted(report),
        )
    )
    return text


def _fitted(report: CalibrationReport) -> dict[str, Any]:
    """Return what the template says of a proxy that was fitted, and of its threshold."""
    fitted, review = report.fitted, report.review
    if fitted is None:
        return {"fitted": False, "review": None}
    return {
        "fitted": True,
        "measured": measured(fitted),
        "pooled": pooled_plot(fitted),
        "bins": bin_rows(fitted.pooled),
        "plots": segment_plots(fitted),
        "segments": segment_rows(fitted),
        "segments_more": max(0, len(fitted.segments) - SEGMENTS),
        "curves": signal_curves(fitted),
        "review": None if review is None else review_table(review),
        "tradeoff": None if review is None else tradeoff(fitted, review),
    }


def _policy(style_text: str) -> str:
    """Return the Content-Security-Policy: this style, and nothing else at all."""
    digest = b64encode(sha256(style_text.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
