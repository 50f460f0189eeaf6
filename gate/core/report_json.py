"""The report as a JSON value, by `gate schema report`, and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from gate.core.model import Case
from gate.core.report import (
    Answer,
    Calls,
    CaseChange,
    Confirmation,
    FieldChange,
    Finding,
    LookTaken,
    Outcome,
    OverrideEstimate,
    OverrideEstimates,
    OwnRules,
    PromptSeen,
    Report,
    SuiteReport,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_FINDING = tuple(each.name for each in fields(Finding))


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
        "explain_flags": report.explain_flags,
        "folder": report.folder,
        "own_rules": _own_rules(report.own_rules),
    }


def report_of(value: Mapping[str, Any]) -> Report:
    """Return the report that a JSON value is of.

    Args:
        value: Valid by the schema of the report.
    """
    return Report(
        verdict=Verdict(value["verdict"]),
        exit_code=int(value["exit_code"]),  # JSON tells 1.0 from 1 as little as its schema does
        owner=value["owner"],
        policy_source=value["policy"]["source"],
        alpha=value["policy"]["alpha"],
        suites=tuple(_suite_of(suite) for suite in value["suites"]),
        notes=tuple(value["notes"]),
        waivers=tuple(value["waivers"]),
        duration_s=value["duration_s"],
        explain_flags=value["explain_flags"],
        folder=value["folder"],
        own_rules=_own_rules_of(value["own_rules"]),
    )


def _own_rules(own: OwnRules | None) -> dict[str, Any] | None:
    if own is None:
        return None
    suites = {name: verdict.value for name, verdict in own.suites.items()}
    return {"verdict": own.verdict.value, "exit_code": own.exit_code, "suites": suites}


def _own_rules_of(value: Mapping[str, Any] | None) -> OwnRules | None:
    if value is None:
        return None
    return OwnRules(
        verdict=Verdict(value["verdict"]),
        exit_code=int(value["exit_code"]),
        suites={name: Verdict(verdict) for name, verdict in value["suites"].items()},
    )


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
        "case_ids": {"unchanged": list(suite.unchanged), "not_asked": list(suite.not_asked)},
        "looks": [
            {
                "trials": {"old": look.trials_old, "new": look.trials_new},
                "findings": [_finding(each) for each in look.findings],
            }
            for look in suite.looks
        ],
        "override_estimates": _estimates(suite.override_estimates),
    }


def _estimates(found: OverrideEstimates | None) -> dict[str, Any] | None:
    if found is None:
        return None
    sides = {side: _estimate(getattr(found, side)) for side in ("old", "new", "change")}
    return {"source": found.source, "outside": found.outside, **sides}


def _estimate(found: OverrideEstimate | None) -> dict[str, Any] | None:
    return None if found is None else {**asdict(found), "interval": list(found.interval)}


def _estimates_of(value: Mapping[str, Any] | None) -> OverrideEstimates | None:
    if value is None:
        return None
    return OverrideEstimates(
        source=value["source"],
        outside=value["outside"],
        **{
            side: value[side]
            and OverrideEstimate(**{**value[side], "interval": tuple(value[side]["interval"])})
            for side in ("old", "new", "change")
        },
    )


def _suite_of(value: Mapping[str, Any]) -> SuiteReport:
    verdict, confirmation = value["verdict"], value["confirmation"]
    return SuiteReport(
        suite=value["suite"],
        verdict=None if verdict == "not_affected" else Verdict(verdict),
        cases=value["cases"],
        trials_old=value["trials"]["old"],
        trials_new=value["trials"]["new"],
        prompt_old=_prompt_of(value["prompts"]["old"]),
        prompt_new=_prompt_of(value["prompts"]["new"]),
        findings=tuple(_finding_of(each) for each in value["findings"]),
        not_measured=value["not_measured"],
        small_segments=tuple(value["small_segments"]),
        confirmation=Confirmation(confirmation) if confirmation else None,
        missing_p_value=value["missing_p_value"],
        failure_codes_old=value["failure_codes"]["old"],
        failure_codes_new=value["failure_codes"]["new"],
        cases_changed=tuple(_case_of(each) for each in value["cases_changed"]),
        calls=Calls(**value["calls"]),
        cost_usd=value["cost_usd"],
        stopped_early=value["stopped_early"],
        unchanged=tuple(value["case_ids"]["unchanged"]),
        not_asked=tuple(value["case_ids"]["not_asked"]),
        looks=tuple(
            LookTaken(
                trials_old=look["trials"]["old"],
                trials_new=look["trials"]["new"],
                findings=tuple(_finding_of(each) for each in look["findings"]),
            )
            for look in value["looks"]
        ),
        override_estimates=_estimates_of(value.get("override_estimates")),
    )


def _prompt(seen: PromptSeen | None) -> dict[str, str] | None:
    return asdict(seen) if seen else None


def _prompt_of(value: Mapping[str, str] | None) -> PromptSeen | None:
    return PromptSeen(**value) if value else None


def _finding(finding: Finding) -> dict[str, Any]:
    value = {name: getattr(finding, name) for name in _FINDING}
    for name in ("interval", "bounds"):
        value[name] = list(value[name]) if value[name] else None
    return {**value, "verdict": finding.verdict.value}


def _finding_of(value: Mapping[str, Any]) -> Finding:
    pairs = {name: tuple(value[name]) if value[name] else None for name in ("interval", "bounds")}
    return Finding(**{**value, **pairs, "verdict": Verdict(value["verdict"])})


def _case(change: CaseChange) -> dict[str, Any]:
    case = change.case
    return {
        "case": case.case_id,
        "segment": dict(case.segment),
        "new_case": case.is_new,
        "outcome": change.outcome.value,
        "old_trials": change.old_trials,
        "new_trials": change.new_trials,
        "old_failures": change.old_failures,
        "new_failures": change.new_failures,
        "failure_code": change.failure_code,
        "old_output": change.old_output,
        "new_output": change.new_output,
        "diff": [{"path": each.path, "old": each.old, "new": each.new} for each in change.diff],
        "input": case.input,
        "expected": case.expected,
        "answers": {
            "old": [_answer(each) for each in change.old_answers],
            "new": [_answer(each) for each in change.new_answers],
        },
        "path": case.path,
        "line": case.line,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "text": answer.text,
        "trials": answer.trials,
        "failure_code": answer.failure_code,
        "override": answer.override,
    }


def _case_of(value: Mapping[str, Any]) -> CaseChange:
    return CaseChange(
        case=Case(
            case_id=value["case"],
            input=value["input"],
            expected=value["expected"],
            segment=value["segment"],
            is_new=value["new_case"],
            path=value["path"],
            line=int(value["line"]),
        ),
        outcome=Outcome(value["outcome"]),
        old_trials=value["old_trials"],
        new_trials=value["new_trials"],
        old_failures=value["old_failures"],
        new_failures=value["new_failures"],
        failure_code=value["failure_code"],
        old_output=value["old_output"],
        new_output=value["new_output"],
        diff=tuple(FieldChange(**each) for each in value["diff"]),
        old_answers=tuple(Answer(**each) for each in value["answers"]["old"]),
        new_answers=tuple(Answer(**each) for each in value["answers"]["new"]),
    )
