"""The page: one file to look at, without a network, that nothing in it can make do anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.core.report import Verdict
from gate.reports.headline import beside, headline
from gate.reports.page.assets import policy, script, style, templates
from gate.reports.page.suite_view import suite_view
from gate.reports.safe_text import visible_name
from gate.reports.sentences import footer, waived

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gate.core.report import Report, SuiteReport
    from gate.reports.medium import Medium

LARGEST = 7_900_000  # bytes of the page
_ROWS = 0.4  # of the room for cases that their rows may take; what they leave is for texts
_DRAWN = (15, 5, 1, 0)  # suites; the first number that leaves room for cases
_NAMED = 300  # suites that are listed
_NOTES = 100
_DATA = "<!-- data -->"  # no text can write this: each `<` of one is escaped
_WORST_FIRST = (
    Verdict.FAIL, Verdict.INCOMPLETE, Verdict.INCONCLUSIVE, Verdict.PASS, None,
)  # fmt: skip


def render(report: Report, _medium: Medium) -> str:
    """Return the page; it is smaller than 8 MB, whatever is in the report."""
    for most in _DRAWN:
        page = _page(report, most)
        room = LARGEST - len(page.encode())
        if room >= LARGEST // 2:
            break
    return page.replace(_DATA, _data(report, room), 1)


def _data(report: Report, room: int) -> str:
    """Return the cases as blocks of data, which a browser neither runs nor reads as text."""
    from gate.reports.page.case_rows import packed_rows, page_cases
    from gate.reports.page.case_texts import packed_texts

    cases = page_cases(report)
    if not cases:
        return ""
    rows, count = packed_rows(cases, int(room * _ROWS))
    texts, whole = packed_texts(report, cases[:count], room - len(rows) - 400)
    return "\n".join(
        f'<script type="application/octet-stream" id="{block}" data-{label}="{number}">{packed}'
        "</script>"
        for block, label, number, packed in (
            ("cases", "all", len(cases), rows),
            ("texts", "whole", whole, texts),
        )
    )


def _page(report: Report, most: int) -> str:
    """Return the page without its cases, and with so many suites drawn."""
    style_text, script_text = style(), script()
    verdict, _, cause = headline(report).partition(": ")
    text: str = (
        templates()
        .get_template("report.html.j2")
        .render(
            style=style_text,
            script=script_text,
            policy=policy(style_text, script_text),
            data=_DATA,
            state=report.verdict.value,
            verdict=verdict,
            cause=cause,
            beside=beside(report),
            footer=footer(report),
            alpha=report.alpha,
            notes=report.notes[:_NOTES],
            notes_more=max(0, len(report.notes) - _NOTES),
            waivers=waived(report),
            has_cases=any(suite.cases_changed for suite in report.suites),
            **_suites(report, most),
        )
    )
    return text


def _suites(report: Report, most: int) -> dict[str, Any]:
    """Return what the template says of suites: all are listed and drawn, but of very many."""
    placed = list(enumerate(report.suites, start=1))
    worst = sorted(placed, key=lambda each: _WORST_FIRST.index(each[1].verdict))[:most]
    drawn = {place for place, _ in worst}
    return {
        "names": ", ".join(visible_name(suite.suite) for suite in report.suites[:3]),
        "suites": [suite_view(suite, place) for place, suite in placed if place in drawn],
        "listed": [_listed(suite, place, drawn) for place, suite in placed[:_NAMED]],
        "listed_more": max(0, len(placed) - _NAMED),
    }


def _listed(suite: SuiteReport, place: int, drawn: set[int]) -> Sequence[str]:
    state = suite.verdict.value if suite.verdict else "not affected"
    return visible_name(suite.suite), state, f"#suite-{place}" if place in drawn else ""
