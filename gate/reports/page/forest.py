"""Every finding as an interval against its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.report import Verdict
from gate.reports.findings_table import cells, suspicious
from gate.reports.page.links import segment_link
from gate.reports.page.scale import Scale, Tick, scale_over
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.core.report import Finding, SuiteReport

_ROWS = 40  # on one axis


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One finding; places are in per cent of the axis."""

    told: Mapping[str, str]  # what each column says
    link: str | None  # to the cases of the segment
    state: str  # a verdict, or "waived"
    dot: float
    limit: float
    low: float | None
    high: float | None
    is_cut_low: bool  # the interval goes on beyond the axis
    is_cut_high: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Findings on one axis."""

    unit: str
    rows: tuple[ForestRow, ...]
    folded: tuple[ForestRow, ...]  # segments that look no worse than chance would have them
    more: int  # findings that are not shown
    zero: float
    ticks: tuple[Tick, ...]


def forests(suite: SuiteReport) -> tuple[Forest, ...]:
    """Draw rates in points and ratios in per cent, each on an axis of its own."""
    rates = [each for each in suite.findings if each.unit == "rate"]
    ratios = [each for each in suite.findings if each.unit != "rate"]
    return tuple(
        _forest(group, unit, suite)
        for group, unit in ((rates, "percentage points"), (ratios, "per cent"))
        if group
    )


def state_of(finding: Finding) -> str:
    """Name the verdict as the page colours it."""
    return "waived" if finding.waived else finding.verdict.value


def _forest(findings: Sequence[Finding], unit: str, suite: SuiteReport) -> Forest:
    loud = {id(each) for each in suspicious(suite)}
    shown = sorted(findings, key=_order)[:_ROWS]
    scale = scale_over(
        [value for each in shown for value in (each.change, each.allowed)],
        [end for each in shown for end in each.interval or ()],
    )
    rows = [(each, _row(each, scale, suite)) for each in shown]
    return Forest(
        unit=unit,
        rows=tuple(row for each, row in rows if each.segment is None or id(each) in loud),
        folded=tuple(row for each, row in rows if each.segment and id(each) not in loud),
        more=len(findings) - len(shown),
        zero=scale.at(0),
        ticks=scale.ticks(is_signed=True),
    )


def _order(finding: Finding) -> tuple[bool, bool, float]:
    """Put findings over all cases first, then the segments that fail, then the largest rise."""
    if finding.segment is None:
        return False, False, 0.0
    fails = finding.verdict is Verdict.FAIL and not finding.waived
    return True, not fails, -(finding.change - finding.allowed)


def _row(finding: Finding, scale: Scale, suite: SuiteReport) -> ForestRow:
    told = cells(finding)
    segment = finding.segment
    low, high = finding.interval or (None, None)
    return ForestRow(
        told={**told, "segment": visible_name(segment) if segment else "all cases"},
        link=segment_link(segment, suite) if segment and suite.cases_changed else None,
        state=state_of(finding),
        dot=scale.at(finding.change),
        limit=scale.at(finding.allowed),
        low=None if low is None else scale.at(low),
        high=None if high is None else scale.at(high),
        is_cut_low=low is not None and low < scale.low,
        is_cut_high=high is not None and high > scale.high,
    )
