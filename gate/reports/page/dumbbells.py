"""Each segment's old and new rate as two dots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.reports import numbers
from gate.reports.page.forest import state_of
from gate.reports.page.links import segment_link
from gate.reports.page.scale import Scale, Tick, scale_over
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.report import Finding, SuiteReport

_ROWS = 40
_LEAST = 0.02  # that the axis reaches; where no trial failed there is one all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Dumbbell:
    """One segment; places are in per cent of the axis."""

    segment: str
    link: str | None
    n: int
    old: float
    new: float
    old_told: str
    new_told: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dumbbells:
    """All segments of one rate."""

    metric: str
    rows: tuple[Dumbbell, ...]
    more: int  # segments that are not shown
    ticks: tuple[Tick, ...]


def dumbbells(suite: SuiteReport) -> tuple[Dumbbells, ...]:
    """Draw each rate that was judged in segments, the segment that rose most first."""
    groups: dict[str, list[Finding]] = {}
    for each in suite.findings:
        if each.unit == "rate" and each.segment is not None:
            groups.setdefault(each.metric, []).append(each)
    return tuple(_dumbbells(group, suite) for group in groups.values())


def _dumbbells(findings: Sequence[Finding], suite: SuiteReport) -> Dumbbells:
    shown = sorted(findings, key=lambda each: (state_of(each) != "fail", -each.change))[:_ROWS]
    scale = scale_over([_LEAST, *(value for each in shown for value in (each.old, each.new))])
    return Dumbbells(
        metric=numbers.metric_name(shown[0]),
        rows=tuple(_row(each, scale, suite) for each in shown),
        more=len(findings) - len(shown),
        ticks=tuple(each for each in scale.ticks(is_signed=False) if each.label[0] != "-"),
    )


def _row(finding: Finding, scale: Scale, suite: SuiteReport) -> Dumbbell:
    segment = finding.segment or ""
    return Dumbbell(
        segment=visible_name(segment),
        link=segment_link(segment, suite) if suite.cases_changed else None,
        n=finding.n,
        old=scale.at(finding.old),
        new=scale.at(finding.new),
        old_told=numbers.level(finding.old, finding.unit),
        new_told=numbers.level(finding.new, finding.unit),
        state=state_of(finding),
    )
