"""Failure codes, old beside new, as shares of each side's trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.reports import numbers
from gate.reports.page.links import code_link
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from gate.core.report import SuiteReport

_ROWS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How often one side failed with a code."""

    width: float  # per cent of the longest bar
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBars:
    """One failure code."""

    code: str
    link: str | None
    old: Bar
    new: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """All failure codes of a suite."""

    rows: tuple[CodeBars, ...]
    more: int  # codes that are not shown


def codes(suite: SuiteReport) -> Codes:
    """Draw each code, the one that grew most first."""
    old, new = suite.failure_codes_old, suite.failure_codes_new

    def shares(code: str) -> tuple[float, float]:
        return (
            old.get(code, 0) / max(1, suite.trials_old),
            new.get(code, 0) / max(1, suite.trials_new),
        )

    ranked = sorted({**new, **old}, key=lambda code: shares(code)[0] - shares(code)[1])
    shown = ranked[:_ROWS]
    longest = max((share for code in shown for share in shares(code)), default=0) or 1
    known = {change.failure_code for change in suite.cases_changed}

    def bar(count: int, trials: int) -> Bar:
        share = count / max(1, trials)
        told = f"{count} of {trials} ({numbers.level(share, 'rate')})"
        return Bar(width=round(share / longest * 100, 2), told=told)

    rows = tuple(
        CodeBars(
            code=visible_name(code),
            link=code_link(code, suite) if code in known else None,
            old=bar(old.get(code, 0), suite.trials_old),
            new=bar(new.get(code, 0), suite.trials_new),
        )
        for code in shown
    )
    return Codes(rows=rows, more=len(ranked) - len(shown))
