"""JUnit XML: a test a finding and a test a case, for the test reports of CI.

A regressed case fails where its suite does. Where the suite passes, the policy allows what became
of the case: it is told in the test's output, and CI stays as green as the gate, and no greener.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from gate.core.report import Outcome, Verdict
from gate.reports import numbers
from gate.reports.diff_lines import diff_lines
from gate.reports.headline import headline
from gate.reports.safe_text import visible, visible_name
from gate.reports.sentences import case_head
from gate.reports.told_cases import name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.core.report import CaseChange, Finding, Report, SuiteReport
    from gate.reports.medium import Medium

_SHOWN = 600  # characters of one field
_FIELDS = 20


class _Test(NamedTuple):
    """A test as XML, and what became of it."""

    kind: str  # failure, error or skipped; empty: it passes
    xml: str


def _test(classname: str, title: str, kind: str = "", told: str = "", body: str = "") -> _Test:
    """Write a test; one that passes may tell something all the same."""
    inner = f"<system-out>{escape(told)}</system-out>" if told else ""
    if kind == "skipped":  # by the common XSD it has a text and no message
        inner = f"<skipped>{escape(told)}</skipped>"
    elif kind:
        inner = f"<{kind} message={quoteattr(told)}>{escape(body)}</{kind}>"
    head = f'testcase classname={quoteattr(classname)} name={quoteattr(title)} time="0"'
    return _Test(kind, f"  <{head}>{inner}</testcase>\n" if inner else f"  <{head}/>\n")


def render(report: Report, _medium: Medium) -> str:
    """Return the document."""
    suites = [(_name(suite), _tests(suite, report)) for suite in report.suites]
    every = [test for _, tests in suites for test in tests]
    is_red = any(test.kind in {"failure", "error"} for test in every)
    if not every or (report.exit_code and not is_red):
        every.append(_run(report))
        suites.append(("gate", every[-1:]))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="gate" {_counts(every, "tests failures errors")} '
        f'time="{report.duration_s:.3f}">\n'
        f"{''.join(_suite(title, tests) for title, tests in suites)}</testsuites>\n"
    )


def _run(report: Report) -> _Test:
    """Tell of the run itself, where no test of a suite says that it fails."""
    kind = "failure" if report.exit_code else ""
    kind = "error" if report.verdict is Verdict.INCOMPLETE else kind
    return _test("gate", "run", kind, headline(report), _notes(report))


def _notes(report: Report) -> str:
    return "\n".join(visible(note) for note in report.notes)


def _suite(title: str, tests: list[_Test]) -> str:
    inner = "".join(test.xml for test in tests)
    counts = _counts(tests, "tests failures errors skipped")
    return f' <testsuite name={quoteattr(title)} {counts} time="0">\n{inner} </testsuite>\n'


def _counts(tests: list[_Test], names: str) -> str:
    """Write the counts as attributes; by the common XSD the whole knows none of skipped tests."""
    kinds = Counter(test.kind for test in tests)
    counts = {
        "tests": len(tests),
        "failures": kinds["failure"],
        "errors": kinds["error"],
        "skipped": kinds["skipped"],
    }
    return " ".join(f'{name}="{counts[name]}"' for name in names.split())


def _name(suite: SuiteReport) -> str:
    return f"gate.{visible_name(suite.suite)}"


def _tests(suite: SuiteReport, report: Report) -> list[_Test]:
    title = _name(suite)
    if suite.verdict is None:
        return [_test(title, "not affected", "skipped", "old and new are the same prompt")]
    blind = [_test(title, "verdict", "error", "INCOMPLETE: not judged", _notes(report))]
    return [
        *(blind if suite.verdict is Verdict.INCOMPLETE else []),
        *(_finding(f"{title}.findings", each) for each in suite.findings),
        *(_case(title, each, suite) for each in suite.cases_changed),
        *(_test(title, visible_name(each)) for each in suite.unchanged),
        *_skipped(title, suite.not_asked),
    ]


def _skipped(title: str, case_ids: Iterable[str]) -> list[_Test]:
    told = "not asked: the run stopped before"
    return [_test(title, visible_name(each), "skipped", told) for each in case_ids]


def _finding(title: str, finding: Finding) -> _Test:
    told = (
        f"{numbers.metric_name(finding)}: {numbers.level(finding.old, finding.unit)} -> "
        f"{numbers.level(finding.new, finding.unit)} ({numbers.change(finding)}, allowed "
        f"{numbers.limit(finding)}): {'waived' if finding.waived else finding.verdict.value}"
    )
    fails = finding.verdict is Verdict.FAIL and not finding.waived
    return _test(title, name(finding), "failure" if fails else "", told)


def _case(title: str, change: CaseChange, suite: SuiteReport) -> _Test:
    case_id = visible_name(change.case.case_id)
    told = case_head(change)
    match change.outcome:
        case Outcome.REGRESSED if suite.verdict is Verdict.FAIL:
            lines = diff_lines(change.diff, longest=_SHOWN, most=_FIELDS)
            return _test(title, case_id, "failure", told, "\n".join(lines))
        case Outcome.UNSCORED:
            return _test(title, case_id, "skipped", f"no answer on one side: {told}")
    return _test(title, case_id, "", f"{change.outcome.value}: {told}")
