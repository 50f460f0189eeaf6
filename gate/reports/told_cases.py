"""What the machine formats tell of a case: how bad it is, where it stands, one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from gate.core.canonical import digest
from gate.core.report import Outcome, Verdict
from gate.core.segment_names import is_in_segment
from gate.reports.diff_lines import as_text, diff_lines
from gate.reports.headline import headline
from gate.reports.safe_text import visible, visible_name
from gate.reports.worst import regressed_cases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.core.report import CaseChange, FieldChange, Finding, Report, SuiteReport

UNTOLD = "not-judged"  # the rule by which what `untold` says is reported
_FIELDS = 3  # that differ, in a sentence
_PATH = 1000  # characters; no file system has longer ones
_VALUE = 60  # characters of one value in it
_TAGS = 8  # of a case, in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A regressed case."""

    suite: SuiteReport
    change: CaseChange

    @property
    def fails(self) -> bool:
        """Whether its suite fails; otherwise the policy allows what became of it."""
        return self.suite.verdict is Verdict.FAIL

    @property
    def fingerprint(self) -> str:
        """The same in every run, whatever was answered."""
        return digest(["case-regressed", self.suite.suite, self.change.case.case_id])


def regressions(report: Report) -> Iterator[Told]:
    """Go through the regressed cases: those of failing suites first, the worst first."""
    for fails in (True, False):
        for suite in report.suites:
            if (suite.verdict is Verdict.FAIL) is fails:
                yield from (Told(suite=suite, change=each) for each in regressed_cases(suite))


def is_blind(report: Report) -> bool:
    """Tell whether something was not looked at; a fail hides it in the verdict of the run."""
    return Verdict.INCOMPLETE in {report.verdict, *(suite.verdict for suite in report.suites)}


def untold(report: Report) -> str:
    """Say why a run is not green where no finding and no case says it; empty elsewhere.

    A file of results without an entry reads as "all is well".
    """
    if is_blind(report):
        why = f": {visible(report.notes[0], longest=400)}" if report.notes else ""
        return f"the gate could not see enough to judge everything{why}"
    is_told = any(suite.failed for suite in report.suites)
    return headline(report) if report.exit_code and not is_told else ""


def sentence(change: CaseChange) -> str:
    """Say of a case how often it fails now and before, why, and what differs."""
    tags = ", ".join(
        f"{visible(tag, longest=_VALUE)}={visible(value, longest=_VALUE)}"
        for tag, value in islice(change.case.segment.items(), _TAGS)
    )
    code = f": {visible(change.failure_code, longest=_VALUE)}" if change.failure_code else ""
    parts = [
        f"{visible_name(change.case.case_id)}{f' ({tags})' if tags else ''} fails in "
        f"{change.new_failures} of {change.new_trials} trials, {change.old_failures} of "
        f"{change.old_trials} before{code}"
    ]
    if change.outcome is Outcome.REGRESSED:
        parts += map(_moved, change.diff[:_FIELDS])
    return "; ".join(parts)


def _moved(field: FieldChange) -> str:
    """Say what a short value became, or which words of a long one are new."""
    old, new = as_text(field.old), as_text(field.new)
    if len(old) > _VALUE or len(new) > _VALUE:
        return diff_lines([field], longest=2 * _VALUE, most=1)[1].removeprefix("+ ")
    name = f"{visible(field.path, longest=_VALUE)}: " if field.path else ""
    return f"{name}{visible(old)} -> {visible(new)}"


def place(report: Report, change: CaseChange) -> tuple[str, int]:
    """Return the file of a case, from the top of the repository, and its line; "" and 0 if none."""
    case = change.case
    # A stored report may name any path, and two slashes would name a host.
    path = f"{report.folder}{case.path}".lstrip("/")[:_PATH]
    is_inside = case.path and ".." not in path.split("/")
    return (path, case.line) if is_inside else ("", 0)


def failing(report: Report) -> Iterator[tuple[SuiteReport, Finding, tuple[str, int]]]:
    """Go through the findings that fail, waived ones too, each with the place of its worst case."""
    for suite in report.suites:
        findings = [each for each in suite.findings if each.verdict is Verdict.FAIL]
        regressed = regressed_cases(suite) if findings else []
        for each in findings:
            yield suite, each, _worst_place(report, regressed, each)


def _worst_place(
    report: Report, regressed: Sequence[CaseChange], finding: Finding
) -> tuple[str, int]:
    for change in regressed:
        if is_in_segment(change.case.segment, finding.segment):
            return place(report, change)
    return "", 0


def policy_file(report: Report) -> str:
    """Return the file that says what is allowed: what has no place of its own is shown there."""
    commit, _, path = report.policy_source.rpartition(":")
    path = path if commit else f"{report.folder}{path}"  # a commit's is told from the top
    known = path.lstrip("/")[:_PATH]
    return "gate.yaml" if known in {"", "(defaults)"} or ".." in known.split("/") else known


def name(finding: Finding) -> str:
    """Return the id of a finding with its segment."""
    where = f" {visible_name(finding.segment)}" if finding.segment else ""
    return f"{finding.id}{where}"
