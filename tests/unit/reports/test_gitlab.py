from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from attacks import ATTACKS, MARK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from unit.reports.hostile import hostile

from gate.core.report import Outcome, Verdict
from gate.reports.formats import render

if TYPE_CHECKING:
    from conftest import Builder

    from gate.core.report import Report

# What GitLab's documentation asks of the report of a code quality job.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 8},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^./]"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def entries(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render(report, "gitlab"))
    Draft202012Validator(SCHEMA).validate(found)
    assert len({each["fingerprint"] for each in found}) == len(found)
    return found


def test_a_finding_is_critical_and_a_regressed_case_major(build: Builder) -> None:
    change = build.case()
    change = replace(change, case=replace(change.case, path="fixtures/c.jsonl", line=17))
    finding, case = entries(build.report(build.suite(cases_changed=(change,)), folder="bots/"))
    assert (finding["check_name"], finding["severity"]) == ("failure-rate-rise", "critical")
    assert finding["location"] == case["location"]
    assert finding["description"] == "triage: failure-rate-rise: +6.1 pp, allowed +1.0 pp"
    assert (case["check_name"], case["severity"]) == ("case-regressed", "major")
    assert case["location"] == {"path": "bots/fixtures/c.jsonl", "lines": {"begin": 17}}


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("abc123:bots/gate.yaml", "bots/gate.yaml"),
        ("strict.yaml", "strict.yaml"),
        ("(defaults)", "gate.yaml"),
        ("", "gate.yaml"),
    ],
)
def test_a_finding_without_a_case_stands_where_the_policy_does(
    build: Builder, source: str, path: str
) -> None:
    suite = build.suite(cases_changed=())
    (finding,) = entries(build.report(suite, policy_source=source))
    assert finding["location"] == {"path": path, "lines": {"begin": 1}}


def test_a_finding_of_a_segment_stands_at_its_own_worst_case(build: Builder) -> None:
    cases = [
        replace(change, case=replace(change.case, path=f"{change.case.case_id}.jsonl", line=2))
        for change in (build.case("a", segment={"channel": "chat"}), build.case("b"))
    ]
    finding = build.finding(segment="channel=email")
    first, *_ = entries(build.report(build.suite(finding, cases_changed=tuple(cases))))
    assert first["location"] == {"path": "b.jsonl", "lines": {"begin": 2}}


def test_what_the_policy_allows_is_minor(build: Builder) -> None:
    suite = build.suite(build.finding(verdict=Verdict.PASS), verdict=Verdict.PASS)
    (case,) = entries(build.report(suite, verdict=Verdict.PASS, exit_code=0))
    assert case["severity"] == "minor"


def test_what_is_waived_or_not_worse_is_not_told(build: Builder) -> None:
    fixed = build.case(outcome=Outcome.FIXED)
    suite = build.suite(build.finding(waived=True), cases_changed=(fixed,))
    assert entries(build.report(suite, verdict=Verdict.PASS, exit_code=0)) == []


def test_the_same_case_of_two_suites_has_two_fingerprints(build: Builder) -> None:
    assert len(entries(build.report(build.suite(suite="a"), build.suite(suite="b")))) == 4


@pytest.mark.parametrize("verdict", [Verdict.INCOMPLETE, Verdict.FAIL])
def test_what_could_not_be_looked_at_is_a_blocker(build: Builder, verdict: Verdict) -> None:
    blind = build.suite(verdict=Verdict.INCOMPLETE, findings=(), cases_changed=())
    found = entries(build.report(blind, verdict=verdict, exit_code=4, notes=("no key",)))
    assert [(each["check_name"], each["severity"]) for each in found] == [("not-judged", "blocker")]
    assert found[0]["description"].endswith(": no key")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=60))
def test_any_text_is_a_valid_report(build: Builder, text: str) -> None:
    assert entries(hostile(build, text))


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_hostile_text_is_text(build: Builder, attack: str) -> None:
    text = render(hostile(build, attack), "gitlab")
    assert len(text) < 10_000
    assert text.isascii()
    found = entries(hostile(build, attack))
    assert any(MARK in each["description"] for each in found)
    for each in found:
        assert each["description"].isprintable()
        assert each["location"]["path"].isprintable()


def test_a_run_that_leaves_with_an_error_is_never_without_an_entry(build: Builder) -> None:
    suite = build.suite(
        build.finding(verdict=Verdict.INCONCLUSIVE), verdict=Verdict.INCONCLUSIVE, cases_changed=()
    )
    allowed, refused = (
        entries(build.report(suite, verdict=Verdict.INCONCLUSIVE, exit_code=code))
        for code in (0, 3)
    )
    assert allowed == []
    assert [each["check_name"] for each in refused] == ["not-judged"]
    assert refused[0]["description"].startswith("INCONCLUSIVE: ")
