"""What the page of a calibration tells beside its charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.reports.calibration_sentences import (
    decides_alone,
    gain,
    interval_of,
    kappa,
    plain,
    position,
    share,
    shares,
    with_interval,
)
from gate.reports.page.reliability_plot import worst_first
from gate.reports.page.scale import Scale, Tick
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.calibration import Fitted
    from gate.core.calibration_report import JudgeSeen, LabelsSeen
    from gate.core.kappa import Agreement
    from gate.core.reliability import Reliability

SEGMENTS = 100  # that are shown
REVIEWERS = 20
_KAPPA = Scale(low=-1.0, high=1.0)

Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """How well the proxy does in one segment."""

    name: str
    is_off: bool
    cells: tuple[tuple[str, str, str], ...]  # heading, value, interval or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KappaRow:
    """How far two agree, in one segment or in all; places are in per cent of the axis."""

    who: str
    told: str
    agreed: str
    items: int
    at: float | None  # None: no kappa
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeView:
    """A judge beside the reviewers."""

    model: str
    alone: str
    may_decide: bool
    rows: tuple[KappaRow, ...]
    more: int  # segments that are not shown
    ticks: tuple[Tick, ...]
    position: str
    missing: int


def label_facts(seen: LabelsSeen) -> Facts:
    """List what the file of labels holds; what is 0 says nothing."""
    told = [
        ("labels", seen.rows),
        *((name, count) for name, count in sorted(seen.decisions.items())),
        ("reviewers named", len(seen.reviewers)),
        ("rows that stand there twice, counted once", seen.duplicates),
        ("outputs that two or more decided", seen.reviewed_twice),
        ("outputs that one overrides and another accepts", seen.disagreements),
    ]
    facts = [(visible_name(what), str(count)) for what, count in told if count]
    if seen.newest is not None:
        facts.append(("newest", visible_name(seen.newest)))
    if seen.reviewed_twice:
        facts.append(("reviewers with each other", kappa(seen.agreement)))
    return facts


def reviewers_named(seen: LabelsSeen) -> str:
    """Name the reviewers, "" if no label does."""
    names = ", ".join(map(visible_name, seen.reviewers[:REVIEWERS]))
    more = len(seen.reviewers) - REVIEWERS
    return f"{names} and {more} more" if more > 0 else names


def measured(fitted: Fitted) -> Facts:
    """List how well the proxy does over all labels that it did not see."""
    pooled = fitted.pooled
    facts = [
        ("AUC", with_interval(pooled.auc)),
        ("Brier score", with_interval(pooled.brier)),
        ("by the base rate", plain(pooled.brier_of_base_rate)),
        ("gain", with_interval(pooled.gain, gain)),
        ("ECE", with_interval(pooled.ece)),
        ("ECE by chance, at most", plain(pooled.ece_by_chance)),
        ("clusters of labels", str(pooled.clusters)),
    ]
    if fitted.segments and fitted.within is not None:
        facts.insert(1, ("AUC within segments, 90 % interval", with_interval(fitted.within)))
    return facts


def bin_rows(found: Reliability) -> list[tuple[str, str, str, int]]:
    """Return the reliability table: predicted, overridden, its interval, labels."""
    return [
        (share(each.predicted), share(each.observed), shares(each.interval), each.rows)
        for each in found.bins
    ]


def segment_rows(fitted: Fitted) -> list[SegmentRow]:
    """Return all labels first, then the segments, the one that is farthest off first."""
    ranked = worst_first(list(fitted.segments.items()))[:SEGMENTS]
    return [
        SegmentRow(name=visible_name(name), is_off=each.is_off, cells=_cells(each))
        for name, each in [("all labels", fitted.pooled), *ranked]
    ]


def _cells(found: Reliability) -> tuple[tuple[str, str, str], ...]:
    return (
        ("labels", str(found.rows), ""),
        ("overridden", share(found.overridden), ""),
        ("predicted", share(found.predicted), ""),
        ("AUC", "unknown" if found.auc is None else plain(found.auc.value), interval_of(found.auc)),
        ("Brier", plain(found.brier.value), ""),
        ("gain", gain(found.gain.value), interval_of(found.gain, gain)),
        ("ECE", plain(found.ece.value), interval_of(found.ece)),
        ("by chance", plain(found.ece_by_chance), ""),
    )


def judge_view(judge: JudgeSeen, humans: Agreement | None) -> JudgeView:
    """Draw a judge's agreement with the reviewers beside their own with each other."""
    shown = list(judge.segments.items())[:SEGMENTS]
    others: Sequence[tuple[str, Agreement | None]] = [
        ("judge and reviewers", judge.agreement),
        ("reviewers with each other", humans),
        *((visible_name(name), each) for name, each in shown),
    ]
    return JudgeView(
        model=visible_name(judge.model),
        alone=decides_alone(judge),
        may_decide=not judge.alone,
        rows=tuple(_kappa_row(who, each) for who, each in others),
        more=len(judge.segments) - len(shown),
        ticks=tuple(Tick(at=_KAPPA.at(at), label=f"{at:g}") for at in (-1.0, 0.0, 1.0)),
        position=position(judge.bias),
        missing=judge.missing,
    )


def _kappa_row(who: str, found: Agreement | None) -> KappaRow:
    value = None if found is None else found.kappa
    low, high = (found and found.interval) or (None, None)
    return KappaRow(
        who=who,
        told=kappa(found).removeprefix("kappa "),
        agreed="" if found is None else share(found.agreed),
        items=0 if found is None else found.items,
        at=None if value is None else _KAPPA.at(value),
        low=None if low is None else _KAPPA.at(low),
        high=None if high is None else _KAPPA.at(high),
    )
