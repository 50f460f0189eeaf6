"""Reports built by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gate.core.model import Case
from gate.core.report import (
    Calls,
    CaseChange,
    FieldChange,
    Finding,
    Outcome,
    PromptSeen,
    Report,
    SuiteReport,
    Verdict,
)


class Builder:
    """Makes parts of a report; each keyword replaces one value."""

    def finding(self, **keys: Any) -> Finding:
        return replace(
            Finding(
                id="failure-rate-rise",
                metric="failure_rate",
                segment=None,
                old=0.031,
                new=0.092,
                change=0.061,
                interval=(0.038, 0.084),
                p_value=0.00001,
                limit=0.01,
                unit="rate",
                n=200,
                detectable=0.021,
                provable=0.033,
                trials_needed=None,
                alpha=0.01,
                verdict=Verdict.FAIL,
            ),
            **keys,
        )

    def case(self, case_id: str = "t-017", *, is_new: bool = False, **keys: Any) -> CaseChange:
        segment = keys.pop("segment", {"channel": "email"})
        return replace(
            CaseChange(
                case=Case(case_id=case_id, input="in", segment=segment, is_new=is_new),
                outcome=Outcome.REGRESSED,
                old_trials=3,
                new_trials=3,
                old_failures=0,
                new_failures=3,
                failure_code="schema",
                old_output='{"queue": "billing"}',
                new_output='{"queue": "other"}',
                diff=(FieldChange(path="queue", old="billing", new="other"),),
            ),
            **keys,
        )

    def suite(self, *findings: Finding, **keys: Any) -> SuiteReport:
        return replace(
            SuiteReport(
                suite="triage",
                verdict=Verdict.FAIL,
                cases=200,
                trials_old=2000,
                trials_new=600,
                prompt_old=PromptSeen(fingerprint="f0", model="openai/tiny"),
                prompt_new=PromptSeen(fingerprint="f1", model="openai/tiny"),
                findings=findings or (self.finding(),),
                failure_codes_old={"schema": 12},
                failure_codes_new={"schema": 51, "truncated": 4},
                cases_changed=(self.case(),),
                calls=Calls(new_live=412, recorded=2000, saved_by_stopping=188, retries=3),
                cost_usd=0.12,
            ),
            **keys,
        )

    def report(self, *suites: SuiteReport, **keys: Any) -> Report:
        return replace(
            Report(
                verdict=Verdict.FAIL,
                exit_code=1,
                owner="support-automation",
                policy_source="abc123:gate.yaml",
                alpha=0.05,
                suites=suites or (self.suite(),),
                duration_s=12.3456,
            ),
            **keys,
        )


@pytest.fixture
def build() -> Builder:
    return Builder()
