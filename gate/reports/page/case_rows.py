"""What the table of cases shows, a line of JSON a case."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gate.reports.page.packed import Packed
from gate.reports.safe_text import visible_name
from gate.reports.worst import worst_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.report import Answer, CaseChange, Report, SuiteReport

_TAGS = 20  # of one case
JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCase:
    """A case that changed, and its suite."""

    change: CaseChange
    suite: SuiteReport


def page_cases(report: Report) -> list[PageCase]:
    """List the cases of the page, suite by suite: what regressed first, the worst before all."""
    return [
        PageCase(change=change, suite=suite)
        for suite in report.suites
        for change in worst_first(suite)
    ]


def packed_rows(cases: Sequence[PageCase], most: int) -> tuple[str, int]:
    """Pack the rows of the table.

    Args:
        cases: In the order of the table.
        most: Characters that the rows may take.

    Returns:
        The packed rows, and how many there was room for.
    """
    packed = Packed(most)
    for count, each in enumerate(cases):
        if not packed.add(JSON.encode(_row(each))):
            return packed.text(), count
    return packed.text(), len(cases)


def _row(each: PageCase) -> list[Any]:
    change = each.change
    tags = list(change.case.segment.items())[:_TAGS]
    return [
        visible_name(change.case.case_id),
        visible_name(each.suite.suite),
        change.outcome.value,
        int(change.case.is_new),
        [f"{visible_name(tag)}={visible_name(value)}" for tag, value in tags],
        change.old_failures,
        change.old_trials,
        change.new_failures,
        change.new_trials,
        visible_name(change.failure_code) if change.failure_code else "",
        _mean_override(change.old_answers),
        _mean_override(change.new_answers),
    ]


def _mean_override(answers: Sequence[Answer]) -> float | None:
    judged = [(each.override, each.trials) for each in answers if each.override is not None]
    trials = sum(count for _, count in judged)
    return round(sum(value * count for value, count in judged) / trials, 3) if trials else None
