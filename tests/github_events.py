"""Payloads as GitHub writes them, and reports as a job of the gate leaves them."""

from __future__ import annotations

import json
from typing import Any

from stub_github import REPOSITORY, SHA, zipped

from gate.core.model import Case
from gate.core.report import CaseChange, FieldChange, Outcome, Report, SuiteReport, Verdict
from gate.core.report_json import as_value

RUN_URL = f"https://github.com/{REPOSITORY}/actions/runs/99"


def pull_request(number: Any = 7) -> dict[str, Any]:
    return {"action": "synchronize", "pull_request": {"number": number, "head": {"sha": SHA}}}


def workflow_run(**more: Any) -> dict[str, Any]:
    """A run of the pull request of `fork:change` that ended."""
    run = {
        "id": 99,
        "event": "pull_request",
        "conclusion": "failure",
        "head_sha": SHA,
        "head_branch": "change",
        "head_repository": {"full_name": "fork/triage", "owner": {"login": "fork"}},
        "html_url": RUN_URL,
        "pull_requests": [],
    }
    return {"action": "completed", "workflow_run": {**run, **more}}


def report(verdict: str = "fail", text: str = "routing", *, cases: int = 1) -> Report:
    """A report whose texts are those that a model, a prompt or an author may write."""
    exit_code = {"pass": 0, "fail": 1, "inconclusive": 3, "incomplete": 4}[verdict]
    changes = tuple(
        CaseChange(
            case=Case(case_id=f"t{number} {text[:500]}", input=text, segment={text[:500]: text}),
            outcome=Outcome.REGRESSED,
            old_trials=3,
            new_trials=3,
            old_failures=0,
            new_failures=3,
            failure_code=text,
            old_output=text,
            new_output=text,
            diff=(FieldChange(path=text, old=text, new=f"y {text}"),),
        )
        for number in range(cases)
    )
    suite = SuiteReport(
        suite=text, verdict=Verdict(verdict), cases=200, trials_old=600, trials_new=600,
        cases_changed=changes, failure_codes_new={text: 1}, small_segments=(text,),
        not_measured={"cost": text},
    )  # fmt: skip
    return Report(
        verdict=Verdict(verdict), exit_code=exit_code, owner=text, policy_source=text, alpha=0.05,
        suites=(suite,), notes=(text,), explain_flags=text, duration_s=1.0,
    )  # fmt: skip


def as_json(told: Report) -> bytes:
    return json.dumps(as_value(told)).encode()


def report_zip(verdict: str = "fail", text: str = "routing") -> bytes:
    return zipped({"report.json": as_json(report(verdict, text))})
