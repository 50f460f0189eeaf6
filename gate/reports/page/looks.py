"""The sequential path: what each look saw, and what it would have taken to decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.report import Verdict
from gate.reports import numbers
from gate.reports.page.forest import state_of
from gate.reports.page.scale import Scale, Tick, scale_over
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.report import Finding, LookTaken, SuiteReport

_CHARTS = 12
_LABELS = 5  # below one chart
_LEFT = 14.0  # per cent of the width that the labels at the left take
_TOP, _HEIGHT = 10, 140  # pixels

_Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One finding at one look; x is in per cent, y in pixels from the top."""

    x: float
    left: float  # of its column
    y: float
    low: float | None
    high: float | None
    pass_from: float | None  # below this line it passes
    fail_to: float | None  # above this line it fails
    label: str  # the new trials so far; "": no room
    told: str
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One finding, look by look."""

    title: str
    unit: str
    state: str  # the verdict of the last look
    steps: tuple[Step, ...]
    column: float  # width in per cent
    zero: float
    limit: float
    limit_told: str
    ticks: tuple[Tick, ...]  # `at` is in pixels
    top: int = _TOP
    bottom: int = _TOP + _HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """All findings that the looks saw."""

    told: str
    charts: tuple[Path, ...]
    more: int  # findings that are not shown


def paths(suite: SuiteReport) -> Paths | None:
    """Draw each finding's path; None where there was one look, which is no path."""
    looks = suite.looks
    if len(looks) < 2:  # noqa: PLR2004 -- two points make a path
        return None
    found: dict[_Key, list[tuple[int, Finding]]] = {}
    for at, look in enumerate(looks):
        for each in look.findings:
            found.setdefault((each.id, each.segment), []).append((at, each))
    ordered = sorted(found.values(), key=_order)
    charts = tuple(_path(seen, looks) for seen in ordered[:_CHARTS])
    return Paths(told=_told(suite), charts=charts, more=len(ordered) - len(charts))


def _order(seen: Sequence[tuple[int, Finding]]) -> tuple[bool, bool]:
    last = seen[-1][1]
    return last.verdict is not Verdict.FAIL, last.segment is not None


def _told(suite: SuiteReport) -> str:
    count = len(suite.looks)
    if suite.stopped_early:
        last = suite.looks[-1]
        return (
            f"The run stopped early, at look {count}, with {last.trials_old} old and "
            f"{last.trials_new} new trials."
        )
    return f"The run looked {count} times."


def _path(seen: Sequence[tuple[int, Finding]], looks: Sequence[LookTaken]) -> Path:
    findings = [each for _, each in seen]
    last = findings[-1]
    scale = scale_over(
        [value for each in findings for value in (each.change, each.allowed)],
        [end for each in findings for end in (*(each.interval or ()), *(each.bounds or ()))],
    )
    column = (100 - _LEFT) / len(looks)
    steps = tuple(_step(at, each, looks, scale) for at, each in seen)
    where = visible_name(last.segment) if last.segment else "all cases"
    return Path(
        title=f"{numbers.metric_name(last)}, {where}",
        unit="pp" if last.unit == "rate" else "%",
        state=state_of(last),
        steps=steps,
        column=round(column, 2),
        zero=_down(scale, 0),
        limit=_down(scale, last.allowed),
        limit_told=numbers.limit(last),
        ticks=tuple(
            Tick(at=_down(scale, 0, percent=tick.at), label=tick.label)
            for tick in scale.ticks(is_signed=True)
        ),
    )


def _step(at: int, finding: Finding, looks: Sequence[LookTaken], scale: Scale) -> Step:
    column = (100 - _LEFT) / len(looks)
    low, high = finding.interval or (None, None)
    below, above = finding.bounds or (None, None)
    is_last = at == len(looks) - 1
    between = f", interval {numbers.interval(finding)}" if finding.interval else ""
    return Step(
        x=round(_LEFT + (at + 0.5) * column, 2),
        left=round(_LEFT + at * column, 2),
        y=_down(scale, finding.change),
        low=None if low is None else _down(scale, low),
        high=None if high is None else _down(scale, high),
        pass_from=None if below is None else _down(scale, below),
        fail_to=None if above is None else _down(scale, above),
        label=str(looks[at].trials_new) if _has_label(at, len(looks)) else "",
        told=f"look {at + 1}, {looks[at].trials_new} new trials: {numbers.change(finding)}"
        f"{between}; {state_of(finding)}",
        is_last=is_last,
    )


def _has_label(at: int, count: int) -> bool:
    """Label the last look, and those before it that are far enough from each other."""
    return (count - 1 - at) % -(-count // _LABELS) == 0


def _down(scale: Scale, value: float, *, percent: float | None = None) -> float:
    """Return how far below the top a value stands, in pixels."""
    place = scale.at(value) if percent is None else percent
    return round(_TOP + (1 - place / 100) * _HEIGHT, 1)
