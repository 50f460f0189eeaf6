"""Which cases a reader should see first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.core.report import Outcome
from gate.core.segment_names import is_in_segment

if TYPE_CHECKING:
    from gate.core.report import CaseChange, Finding, SuiteReport


def failed_findings(suite: SuiteReport) -> list[Finding]:
    """List the findings that fail the build, the one furthest beyond its limit first."""
    return sorted(suite.failed, key=lambda each: -_excess(each))


def _excess(finding: Finding) -> float:
    return finding.change / max(finding.allowed, 0.001)


def worst_first(suite: SuiteReport) -> list[CaseChange]:
    """List all cases that changed: as `regressed_cases`, and the others after them."""
    others = [each for each in suite.cases_changed if each.outcome is not Outcome.REGRESSED]
    return [*regressed_cases(suite), *others]


def regressed_cases(suite: SuiteReport) -> list[CaseChange]:
    """List the cases that regressed: those of the segments that fail come first.

    The order of the report, the worst first, stays among those that one finding is of.
    """
    failed = failed_findings(suite)
    regressed = [each for each in suite.cases_changed if each.outcome is Outcome.REGRESSED]

    def rank(change: CaseChange) -> int:
        tags = change.case.segment
        return next(
            (at for at, each in enumerate(failed) if is_in_segment(tags, each.segment)),
            len(failed),
        )

    return sorted(regressed, key=rank)
