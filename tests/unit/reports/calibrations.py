"""Calibrations of labels that are drawn, not given: all numbers come from the real fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from gate.core.calibration import calibrate
from gate.core.calibration_report import CalibrationReport, JudgeSeen, LabelsSeen
from gate.core.config import ReviewLimits
from gate.core.kappa import Agreement
from gate.core.override_file import ReviewRule
from gate.core.position_bias import position_bias
from gate.core.review_choice import choose_threshold
from gate.core.signal_table import SignalTable

if TYPE_CHECKING:
    from gate.core.calibration import Fitted
    from gate.core.review_choice import ReviewChoice

ROWS = 600
SEGMENTS = ("channel=email", "channel=chat", "channel=phone")
LIMITS = ReviewLimits(max_miss=0.05, confidence=0.95)


def table(names: tuple[str, ...] = SEGMENTS, *, rows: int = ROWS) -> SignalTable:
    """Draw labels, two of a cluster: the more doubt, the likelier an override.

    `failure` is 0 everywhere, `judge` is known of every second label, and in the last segment
    doubt tells nothing.
    """
    random = np.random.default_rng(7)
    doubt = random.uniform(0, 1, rows)
    segment = np.arange(rows) // 2 % len(names)
    likely = np.where(segment == len(names) - 1, 0.5, 0.02 + 0.96 * doubt)
    overridden = (random.uniform(0, 1, rows) < likely).astype(np.float64)
    judge = np.clip(0.1 * overridden + random.uniform(0, 0.9, rows), 0, 1)
    judge[1::2] = np.nan
    tags = [dict([name.split("=", 1)]) for name in names]
    return SignalTable(
        signals={"failure": np.zeros(rows), "doubt": doubt, "judge": judge},
        overridden=overridden,
        segments=tuple(tags[each] for each in segment),
        cluster=np.arange(rows) // 2,
    )


@cache
def fitted(names: tuple[str, ...] = SEGMENTS) -> Fitted:
    """Fit them; of the segments the last, and only that, is off by more than chance makes."""
    found = calibrate(table(names))
    segments = {
        name: replace(each, ece_by_chance=0.001 if name == names[-1] else 0.999)
        for name, each in found.segments.items()
    }
    return replace(found, segments=segments)


@cache
def review(names: tuple[str, ...] = SEGMENTS, *, current: float = 0.0) -> ReviewChoice:
    """Choose a threshold beside one in use."""
    rule = ReviewRule(max_miss=LIMITS.max_miss, confidence=LIMITS.confidence, threshold=current)
    return choose_threshold(table(names), fitted(names), LIMITS, rule)


def labels(**keys: Any) -> LabelsSeen:
    return replace(
        LabelsSeen(
            source="labels.jsonl",
            rows=ROWS,
            decisions={"accepted": 310, "edited": 190, "rejected": 100},
            duplicates=4,
            disagreements=3,
            reviewed_twice=20,
            reviewers=("ann", "bob"),
            newest="2026-11-02T10:00:00Z",
            agreement=Agreement(kappa=0.61, interval=(0.4, 0.82), items=20, agreed=0.8),
        ),
        **keys,
    )


def judge(**keys: Any) -> JudgeSeen:
    return replace(
        JudgeSeen(
            model="openai/judge",
            agreement=Agreement(kappa=0.52, interval=(0.41, 0.63), items=ROWS, agreed=0.76),
            segments={
                "channel=email": Agreement(kappa=-0.1, interval=(-0.3, 0.1), items=200, agreed=0.4),
                "channel=chat": Agreement(kappa=None, interval=None, items=200, agreed=1.0),
            },
            alone="the judge's kappa of 0.52 is below the humans' own of 0.61",
            bias=position_bias(["first"] * 40 + ["second"] * 20, ["second"] * 30 + ["first"] * 30),
            missing=2,
        ),
        **keys,
    )


def calibration(**keys: Any) -> CalibrationReport:
    """Make a calibration with everything in it; each keyword replaces one value."""
    return replace(
        CalibrationReport(
            suite="triage",
            owner="support-automation",
            labels=labels(),
            refusals=(),
            fitted=fitted(),
            review=review(),
            judge=judge(),
            written="baselines/triage.override.json",
            notes=("3 labels are older than the prompt",),
        ),
        **keys,
    )


def refused(why: str = "40 labels are too few; it takes 50") -> CalibrationReport:
    """Make one that could not fit anything."""
    return calibration(refusals=(why,), fitted=None, review=None, judge=None, written="", notes=())


def hostile(text: str) -> CalibrationReport:
    """Fill names, paths, reasons and notes with a text; the numbers stay."""
    good, chosen, judged = fitted(), review(), judge()
    renamed = {f"k{text}={text}{name}": each for name, each in good.segments.items()}
    return calibration(
        suite=text,
        owner=text,
        labels=labels(source=text, reviewers=(text, f"x{text}"), newest=text,
                      decisions={text: 1}),
        refusals=(text, text),
        fitted=replace(good, segments=renamed),
        review=replace(
            chosen,
            reason=text,
            segments={f"{text}{name}": each for name, each in chosen.segments.items()},
        ),
        judge=replace(
            judged,
            model=text,
            alone=text,
            segments={f"{text}{name}": each for name, each in judged.segments.items()},
        ),
        written=text,
        notes=(text,),
    )  # fmt: skip
