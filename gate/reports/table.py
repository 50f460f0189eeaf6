"""The table: the verdict first, then why, then what to run next."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

from gate.core.report import Confirmation, Outcome, Verdict
from gate.core.segment_names import is_in_segment
from gate.reports import numbers
from gate.reports.safe_text import visible

if TYPE_CHECKING:
    from gate.core.report import CaseChange, Finding, Report, SuiteReport
    from gate.reports.medium import Medium

_WORST = 5  # cases shown in full
_SEGMENTS = 10  # lines on segments
_SUSPICIOUS = 0.05  # p-value up to which a segment's rise is shown
_SHOWN = 160  # characters of one output in the table
_HEADERS = ["metric", "segment", "n", "old", "new", "change", "interval", "limit", "p", "verdict"]


def render(report: Report, _medium: Medium) -> str:
    """Return the report for a terminal, without colour."""
    parts = [_headline(report)]
    parts += [_suite(suite, report) for suite in report.suites]
    if report.notes:
        parts.append("\n".join(f"note: {visible(note, longest=400)}" for note in report.notes))
    parts.append(_footer(report))
    return "\n\n".join(parts) + "\n"


def _is_suspicious(finding: Finding) -> bool:
    """A segment worth a line: it fails, or looks worse than chance makes one in twenty look."""
    return finding.verdict is Verdict.FAIL or (
        finding.change > 0 and finding.p_value <= _SUSPICIOUS
    )


def _headline(report: Report) -> str:
    causes = [_cause(finding, suite) for suite in report.suites for finding in _failed(suite)]
    judged = [suite for suite in report.suites if suite.verdict is not None]
    match report.verdict:
        case Verdict.FAIL:
            more = f" (and {_counted(len(causes) - 1, 'more finding')})" if len(causes) > 1 else ""
            unconfirmed = any(
                suite.confirmation is Confirmation.UNCONFIRMED for suite in report.suites
            )
            return f"FAIL{' (unconfirmed)' if unconfirmed else ''}: {causes[0]}{more}"
        case Verdict.INCOMPLETE:
            return "INCOMPLETE: the gate could not see enough to judge; the notes say why"
        case Verdict.INCONCLUSIVE:
            return "INCONCLUSIVE: no regression is shown, but one above a limit cannot be excluded"
    if not judged:
        return "PASS: nothing to judge"
    text = "PASS: no regression; over all cases, rises as large as the limits are excluded"
    small = {
        each.segment
        for suite in judged
        for each in suite.findings
        if each.segment and each.verdict is Verdict.INCONCLUSIVE
    }
    return f"{text}; not so in {_counted(len(small), 'segment')}" if small else text


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _failed(suite: SuiteReport) -> list[Finding]:
    """The findings that fail the build, the one furthest beyond its limit first."""
    failed = [each for each in suite.findings if each.verdict is Verdict.FAIL and not each.waived]
    return sorted(failed, key=lambda each: -_excess(each))


def _excess(finding: Finding) -> float:
    allowed = finding.limit if finding.unit == "rate" else finding.limit - 1
    return finding.change / max(allowed, 0.001)


def _cause(finding: Finding, suite: SuiteReport) -> str:
    where = f" in {visible(finding.segment)}" if finding.segment else ""
    old, new = (numbers.level(value, finding.unit) for value in (finding.old, finding.new))
    regressed = [
        change
        for change in suite.cases_changed
        if change.outcome is Outcome.REGRESSED
        and is_in_segment(change.case.segment, finding.segment)
    ]
    worst = ""
    if regressed:
        first = visible(regressed[0].case.case_id)
        worst = f"; {_counted(len(regressed), 'case')} regressed, worst {first}"
    metric = numbers.metric_name(finding)
    return (
        f"suite {visible(suite.suite)}: {metric}{where} rose from {old} to {new} "
        f"({numbers.change(finding)}, allowed {numbers.limit(finding)}){worst}"
    )


def _suite(suite: SuiteReport, report: Report) -> str:
    if suite.verdict is None:
        return f"suite {visible(suite.suite)}: not affected"
    old_model = suite.prompt_old.model if suite.prompt_old else ""
    new_model = suite.prompt_new.model if suite.prompt_new else ""
    models = old_model if old_model == new_model else f"{old_model} -> {new_model}"
    head = (
        f"suite {visible(suite.suite)}: {suite.verdict.value}; {suite.cases} cases, trials "
        f"{suite.trials_old} old, {suite.trials_new} new"
    )
    lines = [f"{head}; {visible(models)}" if models else head, _findings(suite)]
    lines += _segments(suite)
    lines += [
        f"{numbers.METRIC_NAMES[metric]}: not measured, {reason}"
        for metric, reason in suite.not_measured.items()
    ]
    lines += _sharpness(suite)
    lines += _codes(suite)
    lines += _cases(suite, report)
    return "\n".join(lines)


def _findings(suite: SuiteReport) -> str:
    from tabulate import tabulate

    shown = [each for each in suite.findings if each.segment is None]
    shown += _suspicious(suite)[:_SEGMENTS]
    rows = [
        [
            numbers.metric_name(each),
            visible(each.segment) if each.segment else "all",
            each.n,
            numbers.level(each.old, each.unit),
            numbers.level(each.new, each.unit),
            numbers.change(each),
            numbers.interval(each),
            numbers.limit(each),
            numbers.p_value(each.p_value if each.p_adjusted is None else each.p_adjusted),
            "waived" if each.waived else each.verdict.value,
        ]
        for each in shown
    ]
    aligned = ("left", "left", *["right"] * 7, "left")
    return tabulate(rows, headers=_HEADERS, disable_numparse=True, colalign=aligned if rows else ())


def _suspicious(suite: SuiteReport) -> list[Finding]:
    found = [each for each in suite.findings if each.segment is not None and _is_suspicious(each)]
    return sorted(found, key=lambda each: (each.verdict is not Verdict.FAIL, each.p_value))


def _segments(suite: SuiteReport) -> list[str]:
    """Say how many segments were judged, and which could not be."""
    judged = {each.segment for each in suite.findings if each.segment is not None}
    lines = []
    if judged:
        suspicious = _suspicious(suite)
        named = {each.segment for each in suspicious}
        line = f"segments: {len(judged)} judged, {len(named)} suspicious (p by Holm)"
        if len(suspicious) > _SEGMENTS:
            line += f", {len(suspicious) - _SEGMENTS} lines more in the JSON report"
        lines.append(line)
    if suite.small_segments:
        names = ", ".join(visible(name) for name in suite.small_segments[:_SEGMENTS])
        more = len(suite.small_segments) - _SEGMENTS
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
        line = f"{numbers.metric_name(each)}: inconclusive; "
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


def _codes(suite: SuiteReport) -> list[str]:
    sides = []
    for side, codes in (("old", suite.failure_codes_old), ("new", suite.failure_codes_new)):
        shown = ", ".join(f"{visible(code)} {count}" for code, count in codes.items())
        sides.append(f"{side}: {shown or 'none'}")
    return [f"failure codes, {'; '.join(sides)}"]


def _cases(suite: SuiteReport, report: Report) -> list[str]:
    counts = Counter(change.outcome.value for change in suite.cases_changed)
    spared = suite.cases_not_asked
    unchanged = suite.cases - sum(counts.values()) - spared
    if not counts and not spared:
        return ["cases: all unchanged"]
    parts = [f"{count} {outcome}" for outcome, count in counts.items()]
    parts += [f"{unchanged} unchanged", *([f"{spared} not asked"] if spared else [])]
    lines = [f"cases: {', '.join(parts)}"]
    worst = [each for each in suite.cases_changed if each.outcome is Outcome.REGRESSED][:_WORST]
    for change in worst:
        lines += ["", *_case(change)]
    if worst and suite.prompt_old != suite.prompt_new:
        flags = f" {report.explain_flags}" if report.explain_flags else ""
        case_id = shlex.quote(visible(worst[0].case.case_id))
        lines += ["", f"next: gate explain {visible(suite.suite)} {case_id}{flags}"]
    return lines


def _case(change: CaseChange) -> list[str]:
    tags = " ".join(
        f"{visible(tag)}={visible(value)}" for tag, value in change.case.segment.items()
    )
    new = " (new case)" if change.case.is_new else ""
    head = (
        f"  {visible(change.case.case_id)}{new}  {tags}  failures {change.old_failures}/"
        f"{change.old_trials} -> {change.new_failures}/{change.new_trials}"
        f"{f'  {visible(change.failure_code)}' if change.failure_code else ''}"
    )
    lines = [head]
    for each in change.diff[:4]:
        name = f"{visible(each.path)}: " if each.path else ""
        lines.append(f"    - {name}{visible(str(each.old), longest=_SHOWN)}")
        lines.append(f"    + {name}{visible(str(each.new), longest=_SHOWN)}")
    return lines


def _footer(report: Report) -> str:
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
