"""The report as markdown, for a comment or a summary of a job, within what those take.

Texts that come from a prompt, a model or a name stand in code only: there is no link, image,
mention or HTML in code.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from gate.core.report import Outcome, Verdict
from gate.reports.diff_lines import diff_lines
from gate.reports.findings_table import cells, suspicious
from gate.reports.headline import beside, counted, headline
from gate.reports.safe_text import code_span, fenced
from gate.reports.sentences import case_head, counts, explain_command, footer, remarks, waived
from gate.reports.worst import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.core.report import CaseChange, Finding, Report, SuiteReport
    from gate.reports.medium import Medium

COMMENT = 65_536  # characters that GitHub takes in a comment
_SEGMENTS = 20  # rows of segments
_FIELDS = 6  # of a case
_SHOWN = 600  # characters of one field
_NOTES = 30
_SENTENCE = 600  # characters
_OPEN = 5  # cases that are not folded away
_COLUMNS = ("metric", "segment", "n", "old", "new", "change", "interval", "limit", "p", "verdict")
_SIGNS = {
    Verdict.PASS: "✅",
    Verdict.FAIL: "❌",
    Verdict.INCONCLUSIVE: "❔",
    Verdict.INCOMPLETE: "⛔",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much of the cases is told."""

    most: int | None  # cases of a suite; None: all that changed
    outcomes: tuple[Outcome, ...]
    has_texts: bool = True
    has_suites: bool = True


_MOVED = tuple(each for each in Outcome if each is not Outcome.UNCHANGED)
# From all to a link: the first that fits.
DETAILS = (
    Detail(most=None, outcomes=_MOVED),
    Detail(most=None, outcomes=(Outcome.REGRESSED,)),
    Detail(most=20, outcomes=(Outcome.REGRESSED,)),
    Detail(most=5, outcomes=(Outcome.REGRESSED,), has_texts=False),
    Detail(most=0, outcomes=(), has_texts=False, has_suites=False),
)


def render(report: Report, medium: Medium) -> str:
    """Return the report as a comment of GitHub: with all that changed, or what fits of it."""
    for detail in DETAILS:
        text = "".join(islice(_within(report, medium, detail), COMMENT + 1))
        if len(text) <= COMMENT - medium.taken:
            break
    return text


def _within(report: Report, medium: Medium, detail: Detail) -> Iterator[str]:
    """Write part after part, and no more than could fit."""
    length = 0
    for part in _parts(report, medium, detail):
        length += len(part) + 2
        yield f"{part}\n\n"
        if length > COMMENT:
            return


def _parts(report: Report, medium: Medium, detail: Detail) -> Iterator[str]:
    yield f"### {_SIGNS[report.verdict]} gate: {report.verdict.value}"
    yield code_span(headline(report), longest=_SENTENCE)
    if report.own_rules is not None:
        yield f"{beside(report).capitalize()}."
    if detail.has_suites:
        for suite in report.suites:
            yield from _suite(suite, report, detail)
    yield from _notes([*waived(report), *report.notes])
    yield f"<sub>{code_span(footer(report), longest=_SENTENCE)}</sub>"
    if detail is not DETAILS[0] and report.suites:
        yield _left_out(medium)
    elif medium.link:
        yield f"[The whole run]({medium.link})"


def _left_out(medium: Medium) -> str:
    whole = f"[the run]({medium.link})" if medium.link else "`report.html` and `report.json`"
    return f"Cases were left out here to fit. All of them: {whole}."


def _suite(suite: SuiteReport, report: Report, detail: Detail) -> Iterator[str]:
    if suite.verdict is None:
        yield f"{code_span(suite.suite)}: not affected"
        return
    yield f"#### {code_span(suite.suite)}: {suite.verdict.value}"
    if suite.findings:
        yield _findings(suite)
    yield _listed([*remarks(suite, rows=_SEGMENTS), counts(suite)])
    yield from _cases(suite, report, detail)


def _findings(suite: SuiteReport) -> str:
    shown = [each for each in suite.findings if each.segment is None]
    shown += suspicious(suite)[:_SEGMENTS]
    last = "so far" if suite.verdict is Verdict.INCOMPLETE else "verdict"
    rows = [[*_COLUMNS[:-1], last], ["---", "---", *["---:"] * 7, "---"]]
    rows += [_row(each) for each in shown]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(finding: Finding) -> list[str]:
    told = cells(finding)
    told["segment"] = code_span(told["segment"]) if finding.segment else "all"
    if finding.verdict is Verdict.FAIL and not finding.waived:
        told["verdict"] = "**fail**"
    return [told[name].replace("<", "&lt;") if name == "p" else told[name] for name in _COLUMNS]


def _cases(suite: SuiteReport, report: Report, detail: Detail) -> Iterator[str]:
    shown = [each for each in worst_first(suite) if each.outcome in detail.outcomes]
    shown = shown[: detail.most]
    yield from (_case(change, detail) for change in shown[:_OPEN])
    command = explain_command(report, suite, shown[0]) if shown else ""
    if command and suite.prompt_old != suite.prompt_new:
        yield "\n".join(fenced([command], language="sh"))
    if shown[_OPEN:]:
        yield f"<details><summary>{counted(len(shown) - _OPEN, 'more case')}</summary>"
        yield from (_case(change, detail) for change in shown[_OPEN:])
        yield "</details>"


def _case(change: CaseChange, detail: Detail) -> str:
    head = f"{change.outcome.value}  {case_head(change)}"
    lines = diff_lines(change.diff, longest=_SHOWN, most=_FIELDS) if detail.has_texts else []
    if not lines:
        return f"- {code_span(head, longest=400)}"
    return "\n".join(fenced([f"# {head}", *lines], language="diff"))


def _notes(notes: Sequence[str]) -> Iterator[str]:
    if not notes:
        return
    more = len(notes) - _NOTES
    told = [*notes[:_NOTES], *([f"… {counted(more, 'more note')}"] if more > 0 else [])]
    yield f"Notes:\n\n{_listed(told)}"


def _listed(lines: Sequence[str]) -> str:
    """Return sentences as a list; as code, for they name what others wrote."""
    return "\n".join(f"- {code_span(line, longest=_SENTENCE)}" for line in lines)
