"""From the suites' verdicts to the verdict of the run and its exit code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.report import Report, Verdict

if TYPE_CHECKING:
    from gate.core.policy import Policy

EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.INCOMPLETE: 4,
    Verdict.INCONCLUSIVE: 0,  # 3 where the policy says `inconclusive: fail`
}
_INCONCLUSIVE_FAILS = 3
_WORST_FIRST = (Verdict.FAIL, Verdict.INCOMPLETE, Verdict.INCONCLUSIVE, Verdict.PASS)


_SEVERITY = {
    None: 0,
    Verdict.PASS: 0,
    Verdict.INCONCLUSIVE: 1,
    Verdict.INCOMPLETE: 2,
    Verdict.FAIL: 2,
}


def is_consistent(report: Report) -> bool:
    """Tell whether verdict and exit code fit, and are not better than the suites' verdicts."""
    codes = {EXIT_CODES[report.verdict]}
    if report.verdict is Verdict.INCONCLUSIVE:
        codes.add(_INCONCLUSIVE_FAILS)
    worst = max((_SEVERITY[suite.verdict] for suite in report.suites), default=0)
    return report.exit_code in codes and _SEVERITY[report.verdict] >= worst


def blind(*notes: str) -> Report:
    """Return the report of a gate that could not look, with what it knows in sentences."""
    verdict = Verdict.INCOMPLETE
    return Report(
        verdict=verdict, exit_code=EXIT_CODES[verdict], owner="", policy_source="", alpha=0.0,
        suites=(), notes=notes,
    )  # fmt: skip


def finish(report: Report, *, policy: Policy) -> Report:
    """Give the whole run the worst verdict of its suites, and the exit code of that."""
    verdicts = {suite.verdict for suite in report.suites}
    verdict = next((each for each in _WORST_FIRST if each in verdicts), Verdict.PASS)
    exit_code = EXIT_CODES[verdict]
    if verdict is Verdict.INCONCLUSIVE and policy.inconclusive == "fail":
        exit_code = _INCONCLUSIVE_FAILS
    return replace(report, verdict=verdict, exit_code=exit_code)
