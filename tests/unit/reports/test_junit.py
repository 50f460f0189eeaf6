"""JUnit XML is held against the schema that Jenkins reads it by."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from attacks import ATTACKS, MARK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemas_of_others import junit_schema
from unit.reports.hostile import hostile

from gate.core.report import FieldChange, Outcome, Report, Verdict
from gate.reports.formats import render

if TYPE_CHECKING:
    import xmlschema
    from conftest import Builder


@lru_cache(maxsize=1)
def schema() -> xmlschema.XMLSchema:
    import xmlschema

    return xmlschema.XMLSchema(str(junit_schema()))


def parsed(report: Report) -> ET.Element:
    """Return the root of the document, once its counts are seen to be true."""
    root = ET.fromstring(render(report, "junit"))  # noqa: S314 -- written here
    for part in [*root, root]:
        tests = list(part.iter("testcase"))
        assert int(part.attrib["tests"]) == len(tests)
        for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if name in part.attrib:
                assert int(part.attrib[name]) == len(list(part.iter(kind)))
    return root


def kinds(root: ET.Element) -> dict[str, str]:
    """What became of each test: the name of its first child, or "passed"."""
    return {
        test.attrib["name"]: test[0].tag if len(test) else "passed"
        for test in root.iter("testcase")
    }


def moved(build: Builder) -> tuple[object, ...]:
    return tuple(
        build.case(outcome.value, outcome=outcome)
        for outcome in Outcome
        if outcome is not Outcome.UNCHANGED
    )


def test_every_case_of_a_suite_is_a_test(build: Builder) -> None:
    suite = build.suite(cases_changed=moved(build), unchanged=("same",), not_asked=("later",))
    root = parsed(build.report(suite))
    assert kinds(root) == {
        "failure-rate-rise": "failure",
        "regressed": "failure",
        "fixed": "system-out",
        "flaky": "system-out",
        "unscored": "skipped",
        "same": "passed",
        "later": "skipped",
    }
    assert {each.attrib["name"] for each in root} == {"gate.triage"}


def test_a_regressed_case_fails_with_its_diff(build: Builder) -> None:
    (failure,) = [
        test[0]
        for test in parsed(build.report()).iter("testcase")
        if test.attrib["name"] == "t-017"
    ]
    assert failure.attrib["message"] == "t-017  channel=email  failures 0/3 -> 3/3  schema"
    assert failure.text == "- queue: billing\n+ queue: other"


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.INCONCLUSIVE])
def test_a_regressed_case_that_the_policy_allows_is_told_and_passes(
    build: Builder, verdict: Verdict
) -> None:
    suite = build.suite(build.finding(verdict=verdict), verdict=verdict)
    root = parsed(build.report(suite, verdict=verdict, exit_code=0))
    assert kinds(root) == {"failure-rate-rise": "system-out", "t-017": "system-out"}
    assert (root.attrib["failures"], root.attrib["errors"]) == ("0", "0")


def test_a_waived_finding_passes(build: Builder) -> None:
    suite = build.suite(build.finding(waived=True), verdict=Verdict.PASS)
    root = parsed(build.report(suite, verdict=Verdict.PASS, exit_code=0))
    assert kinds(root)["failure-rate-rise"] == "system-out"


def test_a_finding_of_a_segment_is_named_with_it(build: Builder) -> None:
    suite = build.suite(build.finding(), build.finding(segment="channel=email"))
    assert kinds(parsed(build.report(suite)))["failure-rate-rise channel=email"] == "failure"


def test_a_suite_that_is_not_affected_is_skipped(build: Builder) -> None:
    idle = build.suite(suite="idle", verdict=None, findings=(), cases_changed=())
    root = parsed(build.report(idle, verdict=Verdict.PASS, exit_code=0))
    assert kinds(root) == {"not affected": "skipped"}


@pytest.mark.parametrize("has_suites", [True, False])
def test_what_could_not_be_looked_at_is_an_error(build: Builder, *, has_suites: bool) -> None:
    suite = build.suite(build.finding(verdict=Verdict.PASS), verdict=Verdict.INCOMPLETE)
    report = Report(
        verdict=Verdict.INCOMPLETE, exit_code=4, owner="", policy_source="", alpha=0.0,
        suites=(suite,) if has_suites else (), notes=("no key",),
    )  # fmt: skip
    root = parsed(report)
    (error,) = root.iter("error")
    assert error.attrib["message"].startswith("INCOMPLETE")
    assert error.text == "no key"


def test_a_suite_that_was_not_judged_is_an_error_beside_one_that_fails(build: Builder) -> None:
    blind = build.suite(suite="blind", verdict=Verdict.INCOMPLETE, findings=(), cases_changed=())
    root = parsed(build.report(build.suite(), blind, notes=("no key",)))
    (error,) = root.iter("error")
    assert (root[1].attrib["name"], root[1].attrib["errors"]) == ("gate.blind", "1")
    assert error.text == "no key"


def test_an_inconclusive_run_that_fails_the_build_fails_a_test(build: Builder) -> None:
    open_suite = build.suite(
        build.finding(verdict=Verdict.INCONCLUSIVE), verdict=Verdict.INCONCLUSIVE, cases_changed=()
    )
    report = build.report(open_suite, verdict=Verdict.INCONCLUSIVE, exit_code=3)
    assert kinds(parsed(report)) == {"failure-rate-rise": "system-out", "run": "failure"}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_hostile_text_is_text(build: Builder, attack: str) -> None:
    text = render(hostile(build, attack), "junit")
    assert len(text) < 40_000
    root = parsed(hostile(build, attack))
    assert {each.tag for each in root.iter()} == {
        "testsuites", "testsuite", "testcase", "failure", "skipped", "system-out",
    }  # fmt: skip
    assert MARK in "".join(root.itertext())
    assert schema().is_valid(text)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=50,
    deadline=None,  # the first example reads the schema
)
@given(st.text(st.characters(), max_size=60))
def test_any_text_is_valid(build: Builder, text: str) -> None:
    case = build.case(text, failure_code=text, diff=(FieldChange(path=text, old=text, new="x"),))
    schema().validate(render(build.report(build.suite(suite=text, cases_changed=(case,))), "junit"))


def test_a_full_report_is_valid(build: Builder) -> None:
    idle = build.suite(suite="idle", verdict=None, findings=(), cases_changed=())
    suite = build.suite(cases_changed=moved(build), unchanged=("a",), not_asked=("b",))
    schema().validate(render(build.report(suite, idle), "junit"))
    blind = build.report(suite, verdict=Verdict.INCOMPLETE, exit_code=4)
    schema().validate(render(blind, "junit"))
