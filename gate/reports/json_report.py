"""The JSON report, by `gate schema report`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gate.core.report import CaseChange, Finding, PromptSeen, Report, SuiteReport


def render(report: Report) -> str:
    """Return the report as JSON text; escapes keep hostile text from doing anything."""
    return json.dumps(as_value(report), indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def as_value(report: Report) -> dict[str, Any]:
    """Return the report as a JSON value."""
    return {
        "version": 1,
        "verdict": report.verdict.value,
        "exit_code": report.exit_code,
        "owner": report.owner,
        "policy": {"source": report.policy_source, "alpha": report.alpha},
        "suites": [_suite(suite) for suite in report.suites],
        "notes": list(report.notes),
        "waivers": [dict(waiver) for waiver in report.waivers],
        "duration_s": round(report.duration_s, 3),
    }


def _suite(suite: SuiteReport) -> dict[str, Any]:
    return {
        "suite": suite.suite,
        "verdict": suite.verdict.value if suite.verdict else "not_affected",
        "cases": suite.cases,
        "trials": {"old": suite.trials_old, "new": suite.trials_new},
        "prompts": {"old": _prompt(suite.prompt_old), "new": _prompt(suite.prompt_new)},
        "findings": [_finding(each) for each in suite.findings],
        "not_measured": dict(suite.not_measured),
        "small_segments": list(suite.small_segments),
        "confirmation": suite.confirmation.value if suite.confirmation else None,
        "missing_p_value": suite.missing_p_value,
        "failure_codes": {
            "old": dict(suite.failure_codes_old),
            "new": dict(suite.failure_codes_new),
        },
        "cases_changed": [_case(each) for each in suite.cases_changed],
        "calls": asdict(suite.calls),
        "cost_usd": suite.cost_usd,
        "stopped_early": suite.stopped_early,
        "cases_not_asked": suite.cases_not_asked,
    }


def _prompt(seen: PromptSeen | None) -> dict[str, str] | None:
    return asdict(seen) if seen else None


def _finding(finding: Finding) -> dict[str, Any]:
    value = asdict(finding)
    interval = list(finding.interval) if finding.interval else None
    return {**value, "interval": interval, "verdict": finding.verdict.value}


def _case(change: CaseChange) -> dict[str, Any]:
    return {
        "case": change.case.case_id,
        "segment": dict(change.case.segment),
        "new_case": change.case.is_new,
        "outcome": change.outcome.value,
        "old_trials": change.old_trials,
        "new_trials": change.new_trials,
        "old_failures": change.old_failures,
        "new_failures": change.new_failures,
        "failure_code": change.failure_code,
        "old_output": change.old_output,
        "new_output": change.new_output,
        "diff": [{"path": each.path, "old": each.old, "new": each.new} for each in change.diff],
    }
