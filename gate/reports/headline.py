"""The verdict in one sentence, with its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.core.report import Confirmation, Verdict
from gate.core.segment_names import is_in_segment
from gate.reports import numbers
from gate.reports.safe_text import visible
from gate.reports.worst import failed_findings, regressed_cases

if TYPE_CHECKING:
    from gate.core.report import Finding, Report, SuiteReport


def headline(report: Report) -> str:
    """Return the verdict and its cause in one sentence; nothing in it acts or hides."""
    match report.verdict:
        case Verdict.FAIL:
            return _fail(report)
        case Verdict.INCOMPLETE:
            return "INCOMPLETE: the gate could not see enough to judge; the notes say why"
        case Verdict.INCONCLUSIVE:
            return "INCONCLUSIVE: no regression is shown, but one above a limit cannot be excluded"
    judged = [suite for suite in report.suites if suite.verdict is not None]
    if not judged:
        return "PASS: nothing to judge"
    marked = sum(each.waived for suite in judged for each in suite.findings)
    # A waiver may also let a rise through that is not shown, and not excluded either.
    waived = max(marked, len(report.waivers))
    found = f"{counted(waived, 'finding')} waived, otherwise no" if waived else "no"
    text = f"PASS: {found} regression; over all cases, rises as large as the limits are excluded"
    small = {
        each.segment
        for suite in judged
        for each in suite.findings
        if each.segment and each.verdict is Verdict.INCONCLUSIVE
    }
    return f"{text}; not so in {counted(len(small), 'segment')}" if small else text


def beside(report: Report) -> str:
    """Return what stands beside the verdict: that by the change's own rules; empty if by none."""
    own = report.own_rules
    if own is None:
        return ""
    is_same = (own.verdict, own.exit_code) == (report.verdict, report.exit_code)
    come_to = f"{own.verdict.value}{', too' if is_same else f' (exit {own.exit_code})'}"
    return (
        "by the rules that this change brings, which count once they are merged, the same answers "
        f"come to {come_to}"
    )


def counted(count: int, what: str) -> str:
    """Return a number with its noun: "1 case", "2 cases"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _fail(report: Report) -> str:
    failed = [(each, suite) for suite in report.suites for each in failed_findings(suite)]
    unconfirmed = any(suite.confirmation is Confirmation.UNCONFIRMED for suite in report.suites)
    more = f" (and {counted(len(failed) - 1, 'more finding')})" if len(failed) > 1 else ""
    # A stored report may say fail and hold no finding that does.
    cause = _cause(*failed[0]) if failed else "no finding says why"
    return f"FAIL{' (unconfirmed)' if unconfirmed else ''}: {cause}{more}"


def _cause(finding: Finding, suite: SuiteReport) -> str:
    where = f" in {visible(finding.segment)}" if finding.segment else ""
    old, new = (numbers.level(value, finding.unit) for value in (finding.old, finding.new))
    regressed = [
        change
        for change in regressed_cases(suite)
        if is_in_segment(change.case.segment, finding.segment)
    ]
    worst = ""
    if regressed and finding.unit == "rate":
        first = visible(regressed[0].case.case_id)
        of_it = " of it" if finding.segment else ""
        worst = f"; {counted(len(regressed), 'case')}{of_it} regressed, worst {first}"
    metric = numbers.metric_name(finding)
    return (
        f"suite {visible(suite.suite)}: {metric}{where} rose from {old} to {new} "
        f"({numbers.change(finding)}, allowed {numbers.limit(finding)}){worst}"
    )
