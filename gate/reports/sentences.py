"""What every report says in words: about a suite, a case and the run."""

from __future__ import annotations

import shlex
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from gate.core.report import Verdict
from gate.reports import numbers
from gate.reports.findings_table import SEGMENTS, suspicious
from gate.reports.safe_text import has_hidden, visible, visible_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.report import CaseChange, Finding, Report, SuiteReport

_COMMAND = 2000  # characters of a command
_TAGS = 8  # of a case, in one line
_WAIVERS = 30  # that are told; report.json holds all


def remarks(suite: SuiteReport, *, rows: int = SEGMENTS) -> list[str]:
    """Return what the findings do not say by themselves, a sentence each.

    Args:
        suite: Of the report.
        rows: Of segments that the table of findings shows at most.
    """
    return [
        *_segments(suite, rows),
        *(
            f"{numbers.METRIC_NAMES.get(metric, visible(metric))}: not measured, {visible(reason)}"
            for metric, reason in suite.not_measured.items()
        ),
        *_sharpness(suite),
        *_codes(suite),
    ]


def waived(report: Report) -> list[str]:
    """Return what was waived, for whom, why and until when, a sentence each."""
    return [visible(_waived(each)) for each in report.waivers[:_WAIVERS]]


def _waived(waiver: Mapping[str, Any]) -> str:
    of = {key: "" if value is None else str(value) for key, value in waiver.items()}
    return (
        f"waived until {of.get('expires', '?')}: {of.get('finding', '?')} in "
        f"{of.get('segment') or 'all cases'} of suite {of.get('suite', '?')}; "
        f"{of.get('owner', '?')}: {of.get('reason', '?')}"
    )


def _segments(suite: SuiteReport, rows: int) -> list[str]:
    """Say how many segments were judged, and which could not be."""
    judged = {each.segment for each in suite.findings if each.segment is not None}
    lines = []
    if judged:
        found = suspicious(suite)
        named = {each.segment for each in found}
        line = f"segments: {len(judged)} judged, {len(named)} suspicious (p by Holm)"
        if len(found) > rows:
            line += f", {len(found) - rows} lines more in the JSON report"
        lines.append(line)
    if suite.small_segments:
        names = ", ".join(visible(name) for name in suite.small_segments[:SEGMENTS])
        more = len(suite.small_segments) - SEGMENTS
        lines.append(
            f"too few trials to fail by themselves: {names}"
            f"{f' and {more} more' if more > 0 else ''}"
        )
    return lines


def _sharpness(suite: SuiteReport) -> list[str]:
    """For an inconclusive metric: what this run could have told, and what it takes."""
    lines = []
    for each in suite.findings:
        if each.verdict is not Verdict.INCONCLUSIVE or each.segment is not None:
            continue
        scale = 100
        unit = "pp" if each.unit == "rate" else "%"
        if each.detectable is None or each.provable is None:
            continue
        line = f"{numbers.metric_name(each)}: inconclusive; {_between(each)}"
        if each.unit == "rate" and each.detectable >= 1:
            line += "with so few trials no rise can be found"
        else:
            line += f"this run finds a rise of {each.detectable * scale:.1f} {unit} in 4 of 5 runs"
        if each.trials_needed:
            line += (
                f" and could exclude one of {each.provable * scale:.1f} {unit}; the limit takes "
                f"about {each.trials_needed} new trials, as many each in {each.cases_needed} cases"
            )
        lines.append(line)
    return lines


def _between(finding: Finding) -> str:
    """Say which change would have been clear; beside an interval and a p-value it explains both."""
    if finding.bounds is None:
        return ""
    passes, fails = (numbers.signed(bound, finding.unit) for bound in finding.bounds)
    return f"up to {passes} it would pass, from about {fails} fail; "


def _codes(suite: SuiteReport) -> list[str]:
    sides = []
    for side, codes in (("old", suite.failure_codes_old), ("new", suite.failure_codes_new)):
        shown = ", ".join(f"{visible(code)} {count}" for code, count in codes.items())
        sides.append(f"{side}: {shown or 'none'}")
    return [f"failure codes, {'; '.join(sides)}"]


def counts(suite: SuiteReport) -> str:
    """Return how many cases moved which way."""
    moved = Counter(change.outcome.value for change in suite.cases_changed)
    spared = suite.cases_not_asked
    unchanged = suite.cases - sum(moved.values()) - spared
    if not moved and not spared:
        return "cases: all unchanged"
    parts = [f"{count} {outcome}" for outcome, count in moved.items()]
    parts += [f"{unchanged} unchanged", *([f"{spared} not asked"] if spared else [])]
    return f"cases: {', '.join(parts)}"


def explain_command(report: Report, suite: SuiteReport, change: CaseChange) -> str:
    """Return the command that shows a case in full; a shell reads it as nothing else.

    Empty where a name in it has characters that are not shown as they are, for it would name
    another; and where nobody would type it.
    """
    names = [suite.suite, change.case.case_id]
    if sum(map(len, [*names, report.explain_flags])) > _COMMAND:
        return ""
    try:
        flags = shlex.split(report.explain_flags)
    except ValueError:
        return ""
    dashes = ["--"] if any(name.startswith("-") for name in names) else []
    words = [*flags, *dashes, *names] if dashes else [*names, *flags]
    if any(has_hidden(word) for word in words):
        return ""
    command = shlex.join(["gate", "explain", *words])
    # To a shell two quotes are nothing; to a log they break what would be a command of its own.
    return command.replace("::", ":'':").replace("##[", "##''[")


def case_head(change: CaseChange) -> str:
    """Return what a case is and how it moved, in one line."""
    tags = " ".join(
        f"{visible_name(tag)}={visible_name(value)}"
        for tag, value in islice(change.case.segment.items(), _TAGS)
    )
    new = " (new case)" if change.case.is_new else ""
    code = f"  {visible_name(change.failure_code)}" if change.failure_code else ""
    return (
        f"{visible_name(change.case.case_id)}{new}  {tags}  failures "
        f"{change.old_failures}/{change.old_trials} -> {change.new_failures}/{change.new_trials}"
        f"{code}"
    )


def footer(report: Report) -> str:
    """Return what the run took, by which policy and whose it is, in one line."""
    calls = [suite.calls for suite in report.suites]
    live = sum(each.old_live + each.new_live for each in calls)
    recorded = sum(each.recorded for each in calls)
    missing = sum(each.missing for each in calls)
    cost = sum(suite.cost_usd or 0.0 for suite in report.suites)
    spent = f", {cost:.4f} USD" if cost else ""
    lost = f", {missing} missing" if missing else ""
    saved = sum(each.saved_by_stopping for each in calls)
    spared = f", {saved} calls saved by stopping early" if saved else ""
    retries = sum(each.retries for each in calls)
    tried = f" and {retries} retries" if retries else ""
    policy = f"; policy {visible(report.policy_source)}" if report.policy_source else ""
    owner = f"; owner {visible(report.owner)}" if report.owner else ""
    return (
        f"{live} calls{tried}, {recorded} recorded answers{lost}{spared}{spent}, "
        f"{report.duration_s:.1f} s{policy}{owner}"
    )
