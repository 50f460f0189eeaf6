"""SARIF is held against the schema of its standard."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from attacks import ATTACKS, MARK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import validators
from schemas_of_others import sarif_schema
from unit.reports.hostile import hostile

from gate.core.report import Verdict
from gate.reports import sarif
from gate.reports.formats import render

if TYPE_CHECKING:
    from conftest import Builder

    from gate.core.report import Report


@lru_cache(maxsize=1)
def validator() -> Any:
    schema = sarif_schema()
    return validators.validator_for(schema)(schema)


def run_of(report: Report) -> dict[str, Any]:
    """The one run of the log."""
    (run,) = json.loads(render(report, "sarif"))["runs"]
    found: dict[str, Any] = run
    return found


def test_a_finding_and_a_regressed_case_are_results(build: Builder) -> None:
    change = build.case()
    change = replace(change, case=replace(change.case, path="fixtures/a b.jsonl", line=17))
    run = run_of(build.report(build.suite(cases_changed=(change,)), folder="bots/"))
    finding, case = run["results"]
    assert (finding["ruleId"], finding["level"]) == ("failure-rate-rise", "error")
    assert finding["message"]["text"] == (
        "triage: failure-rate-rise: 3.1 % -> 9.2 % (+6.1 pp, allowed +1.0 pp)"
    )
    assert (case["ruleId"], case["level"]) == ("case-regressed", "error")
    assert case["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "bots/fixtures/a%20b.jsonl", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 17},
    }
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {each["ruleId"] for each in run["results"]} <= known


def test_what_is_better_or_open_is_no_result(build: Builder) -> None:
    suite = build.suite(
        build.finding(verdict=Verdict.INCONCLUSIVE), verdict=Verdict.INCONCLUSIVE, cases_changed=()
    )
    assert run_of(build.report(suite, verdict=Verdict.INCONCLUSIVE, exit_code=0))["results"] == []


def test_a_regressed_case_that_the_policy_allows_is_a_warning(build: Builder) -> None:
    suite = build.suite(build.finding(verdict=Verdict.PASS), verdict=Verdict.PASS)
    (case,) = run_of(build.report(suite, verdict=Verdict.PASS, exit_code=0))["results"]
    assert case["level"] == "warning"


def test_a_waived_finding_is_suppressed(build: Builder) -> None:
    suite = build.suite(build.finding(waived=True), verdict=Verdict.PASS)
    finding = run_of(build.report(suite, verdict=Verdict.PASS, exit_code=0))["results"][0]
    assert finding["suppressions"] == [{"kind": "external"}]


def fingerprints(report: Report) -> list[str]:
    found = [each["partialFingerprints"] for each in run_of(report)["results"]]
    return [value for each in found for value in each.values()]


def test_fingerprints_tell_results_apart_and_stay_from_run_to_run(build: Builder) -> None:
    def one_run(failures: int) -> Report:
        findings = (build.finding(new=0.2), build.finding(segment="channel=email"))
        cases = tuple(build.case(f"t-{i}", new_failures=failures, diff=()) for i in range(3))
        suites = (build.suite(*findings, suite=name, cases_changed=cases) for name in "ab")
        return build.report(*suites)

    first = fingerprints(one_run(3))
    assert len(set(first)) == len(first) == 10
    assert fingerprints(one_run(2)) == first


def test_a_run_that_could_not_look_did_not_succeed(build: Builder) -> None:
    report = replace(
        build.report(verdict=Verdict.INCOMPLETE, exit_code=4, notes=("no key",)), suites=()
    )
    (invocation,) = run_of(report)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 4)
    told = invocation["toolExecutionNotifications"]
    assert [each["level"] for each in told] == ["error", "error"]
    assert told[1]["message"]["text"] == "no key"


def test_more_results_than_are_shown_are_counted(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sarif, "MOST", 3)
    cases = tuple(build.case(f"t-{i}") for i in range(9))
    run = run_of(build.report(build.suite(cases_changed=cases)))
    assert len(run["results"]) == 3
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert told[-1]["message"]["text"] == "7 more results in report.json"


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_hostile_text_is_valid_and_no_link(build: Builder, attack: str) -> None:
    text = render(hostile(build, attack), "sarif")
    assert len(text) < 40_000
    assert text.isascii()
    assert MARK in text
    validator().validate(json.loads(text))
    run = json.loads(text)["runs"][0]
    for message in [each["message"]["text"] for each in run["results"]]:
        assert "[" not in message.replace("\\\\", "").replace("\\[", "")
        assert all(char.isprintable() for char in message)
    for each in run["results"]:
        uri = each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert urlsplit(uri)[:2] == ("", "")  # neither a scheme nor a host
        assert not uri.startswith("/")
        assert not set(uri) & set(" <>\"'\\\n:")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=50,
    deadline=None,  # the first example reads the schema
)
@given(st.text(st.characters(), max_size=60))
def test_any_text_is_a_valid_log(build: Builder, text: str) -> None:
    validator().validate(json.loads(render(hostile(build, text), "sarif")))


def test_a_suite_that_was_not_judged_is_no_success_beside_one_that_fails(build: Builder) -> None:
    blind = build.suite(suite="blind", verdict=Verdict.INCOMPLETE, findings=(), cases_changed=())
    (invocation,) = run_of(build.report(build.suite(), blind))["invocations"]
    assert invocation["executionSuccessful"] is False


def test_a_full_report_is_valid(build: Builder) -> None:
    idle = build.suite(suite="idle", verdict=None, findings=(), cases_changed=())
    waived = build.suite(build.finding(waived=True), build.finding(segment="channel=email"))
    report = build.report(waived, idle, notes=("a note",))
    validator().validate(json.loads(render(report, "sarif")))


def test_a_run_that_leaves_with_an_error_is_never_without_a_result(build: Builder) -> None:
    suite = build.suite(
        build.finding(verdict=Verdict.INCONCLUSIVE), verdict=Verdict.INCONCLUSIVE, cases_changed=()
    )
    (result,) = run_of(build.report(suite, verdict=Verdict.INCONCLUSIVE, exit_code=3))["results"]
    assert (result["ruleId"], result["level"]) == ("not-judged", "error")


def test_a_path_that_leads_out_of_the_repository_is_not_told(build: Builder) -> None:
    change = build.case()
    change = replace(change, case=replace(change.case, path="../../x.jsonl", line=1))
    for result in run_of(build.report(build.suite(cases_changed=(change,))))["results"]:
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location["uri"] == "gate.yaml"
