"""SARIF 2.1.0: a result a finding that fails and a case that regressed, for code scanning."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gate.core.canonical import digest
from gate.core.policy import FINDING_IDS
from gate.reports import numbers
from gate.reports.headline import counted, headline
from gate.reports.safe_text import visible
from gate.reports.told_cases import (
    UNTOLD,
    failing,
    is_blind,
    name,
    place,
    policy_file,
    regressions,
    sentence,
    untold,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.core.report import Finding, Report, SuiteReport
    from gate.reports.medium import Medium
    from gate.reports.told_cases import Told

MOST = 5000  # results that code scanning shows of a run
_RULES = {
    **{
        finding_id: f"{numbers.METRIC_NAMES[metric]} rose by more than the policy allows"
        for finding_id, metric in FINDING_IDS.items()
    },
    "case-regressed": "a case that was usable fails with the new prompt",
    UNTOLD: "not everything could be judged, or not clearly",
}


def render(report: Report, _medium: Medium) -> str:
    """Return the log."""
    results = list(islice(_results(report), MOST))
    left = _count(report) - len(results)
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "invocations": [_invocation(report, left)],
                "results": results,
                "columnKind": "unicodeCodePoints",
            }
        ],
    }
    return json.dumps(log, indent=1) + "\n"


def _count(report: Report) -> int:
    findings = sum(1 for _ in failing(report))
    return bool(untold(report)) + findings + sum(1 for _ in regressions(report))


def _driver() -> dict[str, Any]:
    from gate import __version__

    rules = [{"id": each, "shortDescription": {"text": told}} for each, told in _RULES.items()]
    return {"name": "gate", "version": __version__, "rules": rules}


def _invocation(report: Report, left: int) -> dict[str, Any]:
    told = [headline(report), *(visible(note, longest=1000) for note in report.notes)]
    if left:
        told.append(f"{counted(left, 'more result')} in report.json")
    blind = is_blind(report)
    level = "error" if blind else "note"
    return {
        "executionSuccessful": not blind,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": [
            {"level": level, "message": _message(text)} for text in told
        ],
    }


def _results(report: Report) -> Iterator[dict[str, Any]]:
    told_of_run = untold(report)
    if told_of_run:
        yield {
            "ruleId": UNTOLD,
            "level": "error",
            "message": _message(told_of_run),
            "locations": [_location(report, ("", 0))],
            "partialFingerprints": {"gateRun/v1": digest([UNTOLD])},
        }
    for suite, each, where in failing(report):
        yield _finding(report, suite, each, where)
    for told in regressions(report):
        yield _case(report, told)


def _finding(
    report: Report, suite: SuiteReport, finding: Finding, where: tuple[str, int]
) -> dict[str, Any]:
    told = (
        f"{visible(suite.suite)}: {name(finding)}: {numbers.level(finding.old, finding.unit)} -> "
        f"{numbers.level(finding.new, finding.unit)} ({numbers.change(finding)}, allowed "
        f"{numbers.limit(finding)})"
    )
    result = {
        "ruleId": finding.id,
        "level": "error",
        "message": _message(told),
        "locations": [_location(report, where)],
        "partialFingerprints": {
            "gateFinding/v1": digest([finding.id, suite.suite, finding.segment])
        },
    }
    return {**result, "suppressions": [{"kind": "external"}]} if finding.waived else result


def _case(report: Report, told: Told) -> dict[str, Any]:
    return {
        "ruleId": "case-regressed",
        "level": "error" if told.fails else "warning",
        "message": _message(sentence(told.change)),
        "locations": [_location(report, place(report, told.change))],
        "partialFingerprints": {"gateCase/v1": told.fingerprint},
    }


def _message(text: str) -> dict[str, str]:
    """Return a text as a message; brackets would be a link to a place in the log."""
    for char in "\\[]":
        text = text.replace(char, f"\\{char}")
    return {"text": text}


def _location(report: Report, where: tuple[str, int]) -> dict[str, Any]:
    path, line = where
    uri = quote(path or policy_file(report), errors="replace")
    artifact = {"uri": uri, "uriBaseId": "%SRCROOT%"}
    physical: dict[str, Any] = {"artifactLocation": artifact}
    if line:
        physical["region"] = {"startLine": line}
    return {"physicalLocation": physical}
