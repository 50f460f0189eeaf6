"""The table: the verdict first, then why, then what to run next."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from gate.reports.diff_lines import diff_lines
from gate.reports.findings_table import findings_table
from gate.reports.headline import beside, headline
from gate.reports.paint import Paint
from gate.reports.safe_text import visible
from gate.reports.sentences import case_head, counts, explain_command, footer, remarks, waived
from gate.reports.worst import regressed_cases

if TYPE_CHECKING:
    from gate.core.report import CaseChange, Report, SuiteReport
    from gate.reports.medium import Medium

_WORST = 5  # cases shown in full
_FIELDS = 4  # of a case
_SHOWN = 160  # characters of one output, where nobody tells the width


def render(report: Report, medium: Medium) -> str:
    """Return the report for a terminal or a log."""
    paint = Paint(is_coloured=medium.is_coloured)
    verdict, colon, cause = headline(report).partition(":")
    first = "\n".join(
        [*_wrapped(f"{verdict}{colon}{cause}", medium), *_wrapped(beside(report), medium)]
    ).rstrip("\n")
    parts = [first.replace(verdict, paint.verdict(verdict, report.verdict, is_bold=True), 1)]
    parts += [_suite(suite, report, medium, paint) for suite in report.suites]
    notes = waived(report)
    notes += [f"note: {visible(note, longest=400)}" for note in report.notes]
    if notes:
        parts.append("\n".join(line for note in notes for line in _wrapped(note, medium)))
    parts.append("\n".join(paint.dim(line) for line in _wrapped(footer(report), medium)))
    return "\n\n".join(parts) + "\n"


def _wrapped(line: str, medium: Medium) -> list[str]:
    """Break a sentence where the terminal ends, with what follows set in."""
    if medium.width is None or len(line) <= medium.width:
        return [line]
    return wrap(
        line,
        max(medium.width, 20),
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _suite(suite: SuiteReport, report: Report, medium: Medium, paint: Paint) -> str:
    name = visible(suite.suite)
    if suite.verdict is None:
        return f"suite {name}: not affected"
    old_model = suite.prompt_old.model if suite.prompt_old else ""
    new_model = suite.prompt_new.model if suite.prompt_new else ""
    models = old_model if old_model == new_model else f"{old_model} -> {new_model}"
    head = (
        f"suite {name}: {suite.verdict.value}; {suite.cases} cases, trials "
        f"{suite.trials_old} old, {suite.trials_new} new"
    )
    told = [*remarks(suite), counts(suite)]
    lines = _wrapped(f"{head}; {visible(models)}" if models else head, medium)
    if suite.findings:
        lines.append(findings_table(suite, medium.width, paint))
    lines += [line for each in told for line in _wrapped(each, medium)]
    return "\n".join([*lines, *_worst(suite, report, medium, paint)])


def _worst(suite: SuiteReport, report: Report, medium: Medium, paint: Paint) -> list[str]:
    """Show the worst cases, and the command that shows the first of them in full."""
    worst = regressed_cases(suite)[:_WORST]
    lines = []
    for change in worst:
        lines += ["", *_case(change, medium, paint)]
    command = explain_command(report, suite, worst[0]) if worst else ""
    if command and suite.prompt_old != suite.prompt_new:
        lines += ["", f"next: {command}"]
    return lines


def _case(change: CaseChange, medium: Medium, paint: Paint) -> list[str]:
    indent = "    "
    # A sign, a space and the marks stand beside what is shown.
    longest = _SHOWN if medium.width is None else max(20, medium.width - len(indent) - 12)
    shown = diff_lines(change.diff, longest=longest, most=_FIELDS, marks=paint.marks)
    head = _wrapped(f"  {case_head(change)}", medium)
    return [*head, *(indent + paint.line(line) for line in shown)]
