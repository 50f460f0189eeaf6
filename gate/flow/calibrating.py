"""Calibrating a suite's override proxy by reviewers' labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.core.agreement import between_reviewers
from gate.core.calibration import calibrate, refusals, too_few
from gate.core.calibration_report import CalibrationReport, LabelsSeen
from gate.core.config import ReviewLimits
from gate.core.override_file import FittedOn, HeldOut, OverrideFile, ReviewRule
from gate.core.review_choice import choose_threshold
from gate.flow.change import suite_cases
from gate.flow.labelled import LabelledCases, table_of
from gate.flow.project import choose_suites
from gate.store.baselines import read_baseline
from gate.store.labels import read_labels
from gate.store.rows import fingerprint_of_rows

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.calibration import Fitted
    from gate.core.config import Suite
    from gate.core.labels import Labels
    from gate.core.review_choice import ReviewChoice
    from gate.flow.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What a calibration found, and the file that it makes; None: the proxy is refused."""

    report: CalibrationReport
    file: OverrideFile | None


def calibrate_suite(
    project: Project,
    name: str,
    labels_path: Path,
    *,
    max_miss: float | None = None,
    confidence: float | None = None,
    current: float | None = None,
    now: str,
) -> Calibrated:
    """Fit a suite's override proxy, hold it against labels that it did not see, tune the threshold.

    Suite, cases and baseline are those of the worktree.

    Args:
        project: Of the suite.
        name: Of the suite.
        labels_path: Reviewers' decisions.
        max_miss: Share of the overridden outputs that may go unseen; None: gate.yaml's.
        confidence: With which it stays below; None: gate.yaml's.
        current: The review threshold in use; None: that of the file before, or else 0.
        now: ISO 8601, UTC.

    Raises:
        ConfigError: A file is wrong, or a label names a case that the suite does not have.
    """
    config = project.config()
    suite = choose_suites(config, (name,))[name]
    prompt = project.prompt(suite)
    cases = suite_cases(project.disk, suite, prompt)
    rules = replace(suite.rules, checks=(*suite.rules.checks, *prompt.evaluators))
    labels = read_labels(labels_path)
    of_labels = LabelledCases(cases, labels, labels_path, name)
    table = table_of(
        labels, of_labels, rules=rules, baseline=read_baseline(project.disk, name), judged=None
    )
    seen = _seen(labels, str(labels_path))
    report = CalibrationReport(
        suite=name, owner=config.owner, labels=seen, refusals=(), notes=_notes(seen)
    )
    few = too_few(table)
    if few:
        return Calibrated(report=replace(report, refusals=(few,)), file=None)
    fitted = calibrate(table)
    limits = ReviewLimits(
        max_miss=max_miss or suite.review.max_miss,
        confidence=confidence or suite.review.confidence,
    )
    chosen = choose_threshold(table, fitted, limits, _current(suite, limits, current))
    report = replace(report, fitted=fitted, review=chosen, refusals=refusals(fitted))
    if report.refusals:
        return Calibrated(report=report, file=None)
    digest = fingerprint_of_rows(labels_path)
    return Calibrated(report=report, file=_file(report, fitted, chosen, digest, now))


def _seen(labels: Labels, source: str) -> LabelsSeen:
    newest = max(labels.rows, key=lambda label: label.at_s)
    named = (
        (f"{label.item} {label.output}", label.reviewer, label.is_overridden)
        for label in labels.rows
        if label.reviewer is not None
    )
    return LabelsSeen(
        source=source,
        rows=len(labels.rows),
        decisions=Counter(label.decision for label in labels.rows),
        duplicates=labels.duplicates,
        disagreements=labels.disagreements,
        reviewed_twice=labels.reviewed_twice,
        reviewers=labels.reviewers,
        newest=newest.at,
        agreement=between_reviewers(named) if labels.reviewed_twice else None,
    )


def _notes(seen: LabelsSeen) -> tuple[str, ...]:
    if len(seen.reviewers) == 1:
        return (
            f"all labels are from one reviewer, {seen.reviewers[0]}: the proxy learns what one "
            "person does, and how far reviewers agree is not known",
        )
    if not seen.reviewers:
        return ("no label names its reviewer: how far reviewers agree is not known",)
    return ()


def _current(suite: Suite, limits: ReviewLimits, named: float | None) -> ReviewRule:
    before = suite.calibration.review if suite.calibration else None
    if named is None and before is not None:
        return before
    return ReviewRule(
        max_miss=limits.max_miss, confidence=limits.confidence, threshold=named or 0.0
    )


def _file(
    report: CalibrationReport, fitted: Fitted, chosen: ReviewChoice, digest: str, now: str
) -> OverrideFile:
    pooled, worst = fitted.pooled, fitted.worst_segment
    return OverrideFile(
        suite=report.suite,
        fitted_at=now,
        fitted_on=FittedOn(
            labels=report.labels.rows,
            overridden=round(pooled.overridden * pooled.rows),
            reviewers=len(report.labels.reviewers),
            newest=report.labels.newest,
            digest=digest,
        ),
        held_out=HeldOut(
            auc=pooled.auc.value if pooled.auc else 0.5,
            brier=pooled.brier.value,
            brier_of_base_rate=pooled.brier.value + pooled.gain.value,
            ece=pooled.ece.value,
            worst_segment=worst[0] if worst else None,
            worst_ece=worst[1] if worst else None,
        ),
        proxy=fitted.proxy,
        review=chosen.kept,
    )
