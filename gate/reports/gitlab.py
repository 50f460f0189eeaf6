"""GitLab's code quality report: what fails, and which cases regressed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gate.core.canonical import digest
from gate.reports import numbers
from gate.reports.safe_text import visible
from gate.reports.told_cases import (
    UNTOLD,
    failing,
    name,
    place,
    policy_file,
    regressions,
    sentence,
    untold,
)

if TYPE_CHECKING:
    from gate.core.report import Finding, Report, SuiteReport
    from gate.reports.medium import Medium


def render(report: Report, _medium: Medium) -> str:
    """Return a JSON array, an object a finding that fails and a case that regressed."""
    told = untold(report)
    run = [_entry(UNTOLD, told, digest([UNTOLD]), "blocker", ("", 0), report)] if told else []
    findings = [
        _finding(report, suite, each, where)
        for suite, each, where in failing(report)
        if not each.waived
    ]
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
    return json.dumps([*run, *findings, *cases], indent=1) + "\n"


def _finding(
    report: Report, suite: SuiteReport, finding: Finding, where: tuple[str, int]
) -> dict[str, Any]:
    told = (
        f"{visible(suite.suite)}: {name(finding)}: {numbers.change(finding)}, allowed "
        f"{numbers.limit(finding)}"
    )
    fingerprint = digest([finding.id, suite.suite, finding.segment])
    return _entry(finding.id, told, fingerprint, "critical", where, report)


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
            "path": visible(path or policy_file(report)),
            "lines": {"begin": max(1, line)},
        },
    }
