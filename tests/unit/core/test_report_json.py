from __future__ import annotations

import json

from hypothesis import given
from jsonschema import Draft202012Validator
from report_strategies import REPORTS

from gate.core.report import OwnRules, Report, Verdict
from gate.core.report_json import as_value, report_of
from gate.core.schemas.report import REPORT

SCHEMA = Draft202012Validator(REPORT)


@given(REPORTS)
def test_what_is_written_reads_back_equal(report: Report) -> None:
    SCHEMA.validate(as_value(report))
    text = json.dumps(as_value(report))
    again = report_of(json.loads(text))
    assert again == report
    # Where a case stands is left out of its equality.
    for suite, other in zip(report.suites, again.suites, strict=True):
        for one, two in zip(suite.cases_changed, other.cases_changed, strict=True):
            assert (one.case.path, one.case.line) == (two.case.path, two.case.line)


def test_a_waiver_is_told_with_all_its_keys() -> None:
    waiver = {"finding": "cost-rise", "owner": "me"}
    report = Report(
        verdict=Verdict.PASS, exit_code=0, owner="", policy_source="", alpha=0.05, suites=(),
        waivers=(waiver,),
    )  # fmt: skip
    assert as_value(report)["waivers"] == [waiver]
    assert report_of(as_value(report)) == report


def test_what_a_changes_own_rules_say_reads_back_equal() -> None:
    own = OwnRules(verdict=Verdict.PASS, exit_code=0, suites={"s": Verdict.PASS})
    report = Report(
        verdict=Verdict.FAIL, exit_code=1, owner="", policy_source="", alpha=0.05, suites=(),
        own_rules=own,
    )  # fmt: skip
    value = as_value(report)
    assert value["own_rules"] == {"verdict": "pass", "exit_code": 0, "suites": {"s": "pass"}}
    assert report_of(value) == report
