"""The findings of a suite as a table that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.core.report import Verdict
from gate.reports import numbers
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.report import Finding, SuiteReport
    from gate.reports.paint import Paint

SEGMENTS = 10  # rows of segments
_SUSPICIOUS = 0.05  # p-value up to which a segment's rise is shown
_RIGHT = {"n", "old", "new", "change", "interval", "limit", "p"}
_ALL = ("metric", "segment", "n", "old", "new", "change", "interval", "limit", "p", "verdict")
# What goes where the terminal is narrow, in this order: the verdict and its cause stay.
_SHED: tuple[tuple[str, ...], ...] = ((), ("n",), ("n", "p"), ("n", "p", "interval"))
_PADDING = 2  # that tabulate gives a head at least
_NARROWEST = 8  # characters of a segment's name


def findings_table(suite: SuiteReport, width: int | None, paint: Paint) -> str:
    """Return the findings over all cases and the suspicious segments, a row each.

    Args:
        suite: Whose findings.
        width: Columns that there are; None: as many as it takes.
        paint: Colours the verdicts.
    """
    shown = [each for each in suite.findings if each.segment is None]
    shown += suspicious(suite)[:SEGMENTS]
    last = "so far" if suite.verdict is Verdict.INCOMPLETE else "verdict"
    columns, rows = _fitting(shown, width)
    painted = [
        [*row[:-1], row[-1] if each.waived else paint.verdict(row[-1], each.verdict)]
        for row, each in zip(rows, shown, strict=True)
    ]
    return _tabulated(painted, [*columns[:-1], last])


def _fitting(shown: Sequence[Finding], width: int | None) -> tuple[list[str], list[list[str]]]:
    """Choose the columns that fit, and return the cells under them."""
    room = 10_000 if width is None else width
    for shed in _SHED:
        columns = [name for name in _ALL if name not in shed]
        rows = [_row(each, columns, is_short=bool(shed)) for each in shown]
        if _width(rows, columns) <= room:
            return columns, rows
    at = columns.index("segment")
    longest = max((len(row[at]) for row in rows), default=0)
    left = max(_NARROWEST, longest - (_width(rows, columns) - room))
    return columns, [[*row[:at], _cut(row[at], left), *row[at + 1 :]] for row in rows]


def suspicious(suite: SuiteReport) -> list[Finding]:
    """List the segments worth a row: those that fail, or look worse than one in twenty would."""
    found = [
        each
        for each in suite.findings
        if each.segment is not None
        and (each.verdict is Verdict.FAIL or (each.change > 0 and each.p_value <= _SUSPICIOUS))
    ]
    return sorted(found, key=lambda each: (each.verdict is not Verdict.FAIL, each.p_value))


def cells(finding: Finding, *, is_short: bool = False) -> dict[str, str]:
    """Return what each column says of a finding; short, without what the column's head implies."""
    p_value = finding.p_value if finding.p_adjusted is None else finding.p_adjusted
    metric = numbers.metric_name(finding)
    old, new = (numbers.level(value, finding.unit) for value in (finding.old, finding.new))
    interval, limit = numbers.interval(finding), numbers.limit(finding)
    if is_short:
        metric = metric.removesuffix(" (proxy)")
        interval, limit = (text.replace(" pp", "").replace(" %", "") for text in (interval, limit))
        if finding.unit in {"tokens", "usd"}:
            metric = f"{metric}, {finding.unit}"
            old, new = (text.partition(" ")[0] for text in (old, new))
    return {
        "metric": metric,
        "segment": visible_name(finding.segment) if finding.segment else "all",
        "n": str(finding.n),
        "old": old,
        "new": new,
        "change": numbers.change(finding),
        "interval": interval,
        "limit": limit,
        "p": numbers.p_value(p_value),
        "verdict": "waived" if finding.waived else finding.verdict.value,
    }


def _row(finding: Finding, columns: Sequence[str], *, is_short: bool) -> list[str]:
    told = cells(finding, is_short=is_short)
    return [told[name] for name in columns]


def _width(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> int:
    heads = [" " * (len(name) + _PADDING) for name in columns]
    longest = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return sum(longest) + 2 * (len(longest) - 1)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _tabulated(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> str:
    from tabulate import tabulate

    aligned = tuple("right" if name in _RIGHT else "left" for name in columns)
    return tabulate(rows, headers=columns, disable_numparse=True, colalign=aligned if rows else ())
