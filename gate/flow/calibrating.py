"""Calibrating a suite's override proxy by reviewers' labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.core.calibration import calibrate, refusals, too_few
from gate.core.calibration_report import CalibrationReport
from gate.core.config import ReviewLimits
from gate.core.cross_fit import predict
from gate.core.label import seconds_of
from gate.core.override_file import FittedOn, HeldOut, OverrideFile, ReviewRule
from gate.core.review_choice import choose_threshold
from gate.errors import ConfigError
from gate.flow.calibration_notes import doubts, labels_seen, reviewers_notes
from gate.flow.change import seat_judge, suite_cases
from gate.flow.judge_measured import judge_seen
from gate.flow.judging import Bench
from gate.flow.labelled import LabelledCases, LabelledOutputs
from gate.flow.project import choose_suites
from gate.store.baselines import read_baseline
from gate.store.labels import read_labels
from gate.store.rows import fingerprint_of_rows

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.calibration import Fitted
    from gate.core.calibration_report import JudgeSeen
    from gate.core.config import Suite
    from gate.core.labels import Labels
    from gate.core.review_choice import ReviewChoice
    from gate.core.signal_table import SignalTable
    from gate.flow.gather import Options
    from gate.flow.project import Project
    from gate.replay.progress import Progress


_A_DAY_S = 86_400.0  # what clocks and zones may be off


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be calibrated, and how."""

    suite: str
    labels: Path  # reviewers' decisions
    max_miss: float | None = None  # of the review threshold; None: gate.yaml's
    confidence: float | None = None  # None: gate.yaml's
    current: float | None = None  # threshold in use; None: that of the file before, or else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What a calibration found, and the file that it makes; None: the proxy is refused."""

    report: CalibrationReport
    file: OverrideFile | None


def calibrate_suite(
    project: Project, asked: Asked, *, progress: Progress, options: Options, now: str
) -> Calibrated:
    """Fit a suite's override proxy, hold it against labels that it did not see, tune the threshold.

    Suite, cases and baseline are those of the worktree.

    Args:
        project: Of the suite.
        asked: What is to be calibrated.
        progress: Who is told of a judge's calls.
        options: Of a judge's calls.
        now: ISO 8601, UTC.

    Raises:
        ConfigError: A file is wrong, or a label names a case that the suite does not have.
        IncompleteError: The judge could not be asked.
    """
    _see_scipy()
    config, name, labels_path = project.config(), asked.suite, asked.labels
    suite = choose_suites(config, (name,))[name]
    prompt = project.prompt(suite)
    cases = suite_cases(project.disk, suite, prompt)
    rules = replace(suite.rules, checks=(*suite.rules.checks, *prompt.evaluators))
    labels = read_labels(labels_path)
    _see_past(labels, asked, now)
    outputs = LabelledOutputs(
        labels,
        LabelledCases(cases, labels, labels_path, name),
        rules=rules,
        baseline=read_baseline(project.disk, name),
    )
    bench, table = _bench(project, suite, progress, options), outputs.table(None)
    few = too_few(table)
    if bench is not None and not few:
        bench.ask(outputs.questions())
        table = outputs.table(bench.word)
    seen = labels_seen(labels, str(labels_path))
    report = CalibrationReport(
        suite=name,
        owner=config.owner,
        labels=seen,
        refusals=(),
        judge=None if bench is None or few else judge_seen(bench, outputs, table, seen.agreement),
        notes=(*reviewers_notes(seen), *outputs.notes(), *(bench.notes() if bench else ())),
    )
    if few:
        return Calibrated(report=replace(report, refusals=(few,)), file=None)
    fitted = calibrate(table)
    limits = ReviewLimits(
        max_miss=asked.max_miss or suite.review.max_miss,
        confidence=asked.confidence or suite.review.confidence,
    )
    current = _current(suite, limits, asked.current)
    before = suite.calibration if asked.current is None else None
    chosen = choose_threshold(
        table,
        fitted,
        limits,
        current,
        said_before=predict(before.proxy, table) if before and before.review else None,
    )
    reasons = (*refusals(fitted), *_alone(table, fitted, report.judge))
    notes = (*report.notes, *doubts(fitted, report.judge))
    report = replace(report, fitted=fitted, review=chosen, refusals=reasons, notes=notes)
    if report.refusals:
        return Calibrated(report=report, file=None)
    file = _file(report, fitted, chosen, digest=fingerprint_of_rows(labels_path), now=now)
    if bench is not None and "judge" in fitted.proxy.names:
        file = replace(file, judge=bench.judge.identity)
    return Calibrated(report=report, file=file)


def _see_past(labels: Labels, asked: Asked, now: str) -> None:
    """See that no label is from the future: later ones would never count as newer."""
    late = next((each for each in labels.rows if each.at_s > seconds_of(now) + _A_DAY_S), None)
    if late is not None:
        raise ConfigError(
            f"{asked.labels}:{late.line}: at: {late.at} lies in the future",
            fix="write when it was decided",
        )


def _see_scipy() -> None:
    """See that what fits is there, before a million labels are read."""
    try:
        import scipy.optimize  # noqa: F401
    except ImportError as error:
        raise ConfigError("gate calibrate needs scipy", fix="run: pip install scipy") from error


def _bench(project: Project, suite: Suite, progress: Progress, options: Options) -> Bench | None:
    judge = seat_judge(project.disk, suite, disk=project.disk)
    return None if judge is None else Bench(judge, suite.name, project, progress, options)


def _alone(table: SignalTable, fitted: Fitted, judge: JudgeSeen | None) -> tuple[str, ...]:
    """Refuse a proxy that shows nothing without a judge which agrees less than the reviewers do."""
    if judge is None or not judge.alone or "judge" not in fitted.proxy.names:
        return ()
    others = {name: each for name, each in table.signals.items() if name != "judge"}
    if not refusals(calibrate(replace(table, signals=others))):
        return ()
    return (
        f"without the judge nothing is shown, and the judge may not decide alone: {judge.alone}",
    )


def _current(suite: Suite, limits: ReviewLimits, named: float | None) -> ReviewRule:
    before = suite.calibration.review if suite.calibration else None
    if named is None and before is not None:
        return before
    return ReviewRule(
        max_miss=limits.max_miss, confidence=limits.confidence, threshold=named or 0.0
    )


def _file(
    report: CalibrationReport, fitted: Fitted, chosen: ReviewChoice, *, digest: str, now: str
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
            brier_of_base_rate=pooled.brier_of_base_rate,
            ece=pooled.ece.value,
            worst_segment=worst[0] if worst else None,
            worst_ece=worst[1] if worst else None,
        ),
        proxy=fitted.proxy,
        review=chosen.kept,
    )
