"""GitLab's code quality report: what fails, and which cases regressed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gate.core.canonical import digest
from gate.reports import numbers
from gate.reports.safe_text import visible
from gate.reports.told_cases import name, place, regressions, sentence

if TYPE_CHECKING:
    from gate.core.report import Finding, Report, SuiteReport
    from gate.reports.medium import Medium

_CONFIG = "gate.yaml"  # where what has no file of its own is shown


def render(report: Report, _medium: Medium) -> str:
    """Return a JSON array, an object a finding that fails and a case that regressed."""
    findings = [_finding(report, suite, each) for suite in report.suites for each in suite.failed]
    cases = [
        _entry(
            "case-regressed",
            sentence(each.change),
            each.fingerprint,
            "major" if each.fails else "minor",
            place(report, each.change),
            report,
        )
        for each in regressions(report)
    ]
    return json.dumps([*findings, *cases], indent=1) + "\n"


def _finding(report: Report, suite: SuiteReport, finding: Finding) -> dict[str, Any]:
    told = (
        f"{visible(suite.suite)}: {name(finding)}: {numbers.change(finding)}, allowed "
        f"{numbers.limit(finding)}"
    )
    fingerprint = digest([finding.id, suite.suite, finding.segment])
    return _entry(finding.id, told, fingerprint, "critical", ("", 0), report)


def _entry(
    check: str,
    description: str,
    fingerprint: str,
    severity: str,
    where: tuple[str, int],
    report: Report,
) -> dict[str, Any]:
    path, line = where
    return {
        "description": description,
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": visible(path) or f"{report.folder}{_CONFIG}",
            "lines": {"begin": max(1, line)},
        },
    }
