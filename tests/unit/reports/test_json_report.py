from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from gate.core.report import Confirmation, FieldChange, Outcome, Verdict
from gate.core.schemas.report import REPORT
from gate.reports.formats import render
from gate.reports.json_report import as_value

if TYPE_CHECKING:
    from conftest import Builder

    from gate.core.report import Report


def assert_valid(report: Report) -> None:
    Draft202012Validator.check_schema(REPORT)
    errors = [error.message for error in Draft202012Validator(REPORT).iter_errors(as_value(report))]
    assert errors == []
    assert json.loads(render(report, "json")) == as_value(report)


def test_a_full_report_is_valid_by_its_schema(build: Builder) -> None:
    suites = (
        build.suite(
            build.finding(),
            build.finding(segment="channel=email", waived=True),
            build.finding(verdict=Verdict.INCONCLUSIVE, trials_needed=7),
            build.finding(metric="cost", unit="usd"),
            build.finding(metric="cost", unit="tokens"),
            build.finding(metric="latency_p95", unit="ms"),
            not_measured={"cost": "no price"},
        ),
        build.suite(
            cases_changed=tuple(
                build.case(f"t-{outcome.value}", outcome=outcome, is_new=True)
                for outcome in Outcome
                if outcome is not Outcome.UNCHANGED
            )
        ),
    )
    waiver = {"finding": "failure-rate-rise", "segment": None, "owner": "o", "reason": "r",
              "expires": "2026-01-01"}  # fmt: skip
    assert_valid(build.report(*suites, notes=("a note",), waivers=(waiver,)))


@pytest.mark.parametrize(
    ("verdict", "exit_code"),
    [
        (Verdict.PASS, 0),
        (Verdict.FAIL, 1),
        (Verdict.INCONCLUSIVE, 0),
        (Verdict.INCONCLUSIVE, 3),
        (Verdict.INCOMPLETE, 4),
    ],
)
def test_every_verdict_is_valid(build: Builder, verdict: Verdict, exit_code: int) -> None:
    suite = build.suite(verdict=verdict)
    report = build.report(suite, verdict=verdict, exit_code=exit_code)
    assert_valid(report)
    assert as_value(report)["verdict"] == verdict.value
    assert as_value(report)["exit_code"] == exit_code


def test_a_suite_that_is_not_affected_says_so(build: Builder) -> None:
    idle = build.suite(verdict=None, prompt_old=None, prompt_new=None, findings=(), cost_usd=None)
    report = build.report(idle, verdict=Verdict.PASS, exit_code=0)
    assert_valid(report)
    assert as_value(report)["suites"][0]["verdict"] == "not_affected"
    assert as_value(report)["suites"][0]["prompts"] == {"old": None, "new": None}


def test_a_report_without_suites_is_valid(build: Builder) -> None:
    report = replace(build.report(), suites=(), verdict=Verdict.INCOMPLETE, exit_code=4)
    assert_valid(report)


def test_the_numbers_stand_under_their_names(build: Builder) -> None:
    value = as_value(build.report())
    assert value["policy"] == {"source": "abc123:gate.yaml", "alpha": 0.05}
    assert value["duration_s"] == 12.346
    suite = value["suites"][0]
    assert suite["trials"] == {"old": 2000, "new": 600}
    assert suite["calls"]["new_live"] == 412
    assert suite["failure_codes"] == {"old": {"schema": 12}, "new": {"schema": 51, "truncated": 4}}
    finding = suite["findings"][0]
    assert (finding["old"], finding["new"], finding["change"]) == (0.031, 0.092, 0.061)
    assert finding["interval"] == [0.038, 0.084]
    case = suite["cases_changed"][0]
    assert (case["case"], case["outcome"], case["new_case"]) == ("t-017", "regressed", False)
    assert case["diff"] == [{"path": "queue", "old": "billing", "new": "other"}]


def test_segments_quantiles_and_confirmations_stand_under_their_names(build: Builder) -> None:
    suite = build.suite(
        build.finding(segment="channel=web", p_adjusted=0.03),
        build.finding(metric="latency_p95", unit="ms", quantile=0.5, interval=None,
                      detectable=None, provable=None),
        small_segments=("channel=fax",),
        missing_p_value=0.25,
        stopped_early=True,
        not_measured={"cost": "no price"},
    )  # fmt: skip
    report = build.report(suite)
    assert_valid(report)
    value = as_value(report)["suites"][0]
    web, latency = value["findings"]
    assert (web["p_adjusted"], web["quantile"]) == (0.03, None)
    assert (latency["p_adjusted"], latency["quantile"]) == (None, 0.5)
    assert latency["interval"] is None
    assert value["small_segments"] == ["channel=fax"]
    assert value["missing_p_value"] == 0.25
    assert value["stopped_early"] is True
    assert value["confirmation"] is None
    assert value["calls"]["saved_by_stopping"] == 188


@pytest.mark.parametrize("confirmation", [None, *Confirmation])
def test_every_confirmation_is_valid(build: Builder, confirmation: Confirmation | None) -> None:
    report = build.report(build.suite(confirmation=confirmation))
    assert_valid(report)
    told = as_value(report)["suites"][0]["confirmation"]
    assert told == (confirmation.value if confirmation else None)


OPTIONAL = {"override_estimates"}  # reports that were stored before have none


def test_the_schema_knows_every_key_and_no_other(build: Builder) -> None:
    value = as_value(build.report())
    for part in (value, value["suites"][0], value["suites"][0]["findings"][0]):
        part["unknown"] = 1
        assert not Draft202012Validator(REPORT).is_valid(value)
        del part["unknown"]
        for name in list(part):
            kept = part.pop(name)
            assert Draft202012Validator(REPORT).is_valid(value) is (name in OPTIONAL), name
            part[name] = kept
    assert Draft202012Validator(REPORT).is_valid(value)


def test_hostile_text_is_escaped(build: Builder) -> None:
    attack = "\x1b[2J\u202e\U000e0041\x00\x9b::error::\ud83d</script>"
    case = build.case(attack, new_output=attack, diff=(FieldChange(path=attack, old=1, new=None),))
    text = render(build.report(build.suite(cases_changed=(case,)), notes=(attack,)), "json")
    assert text.isascii()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert json.loads(text)["notes"] == [attack]
