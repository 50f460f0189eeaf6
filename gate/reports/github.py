"""Annotations of GitHub: workflow commands that a job prints.

GitHub shows ten errors, ten warnings and ten notices of a step, so the worst come first and no
more are printed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from gate.core.report import Outcome, Verdict
from gate.reports.headline import counted, headline
from gate.reports.safe_text import command_property, command_value, visible
from gate.reports.told_cases import is_blind, place, regressions, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.core.report import Report
    from gate.reports.medium import Medium
    from gate.reports.told_cases import Told

MOST = 10  # annotations of one level


def render(report: Report, _medium: Medium) -> str:
    """Return one workflow command a line."""
    left = dict.fromkeys(("error", "warning", "notice"), MOST)
    lines = []
    for level, text, where in _annotations(report):
        if left[level]:
            left[level] -= 1
            lines.append(_command(level, text, where))
    return "".join(f"{line}\n" for line in lines)


def _annotations(report: Report) -> Iterator[tuple[str, str, tuple[str, int]]]:
    nowhere = ("", 0)
    yield _level(report), f"{headline(report)}{_why(report)}{_more(report)}", nowhere
    yield from _cases(report, "error")
    unscored = sum(
        change.outcome is Outcome.UNSCORED
        for suite in report.suites
        for change in suite.cases_changed
    )
    if unscored:
        yield "warning", f"{counted(unscored, 'case')} without an answer on one side", nowhere
    yield from _cases(report, "warning")


def _cases(report: Report, level: str) -> Iterator[tuple[str, str, tuple[str, int]]]:
    told = (each for each in regressions(report) if _level_of(each) == level)
    for each in islice(told, MOST):
        yield level, sentence(each.change), place(report, each.change)


def _level(report: Report) -> str:
    if report.exit_code:
        return "error"
    return "warning" if report.verdict is Verdict.INCONCLUSIVE else "notice"


def _level_of(told: Told) -> str:
    return "error" if told.fails else "warning"


def _why(report: Report) -> str:
    """An incomplete run has no cause but its notes."""
    if not is_blind(report):
        return ""
    told = "" if report.verdict is Verdict.INCOMPLETE else "; not everything was judged"
    return told + (f" ({visible(report.notes[0], longest=400)})" if report.notes else "")


def _more(report: Report) -> str:
    """Say how many regressed cases of failing suites have no annotation of their own."""
    failing = sum(each.fails for each in regressions(report))
    more = failing - (MOST - 1)
    return f"; {counted(more, 'more regressed case')} not annotated" if more > 0 else ""


def _command(level: str, text: str, where: tuple[str, int]) -> str:
    path, line = where
    properties = [f"file={command_property(visible(path))}"] if path else []
    properties += [f"line={line}"] if path and line else []
    properties.append("title=gate")
    return f"::{level} {','.join(properties)}::{command_value(text)}"
