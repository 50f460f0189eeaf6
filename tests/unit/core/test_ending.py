from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.config import Config, Suite
from gate.core.ending import finish
from gate.core.policy import Policy, Repeats
from gate.core.report import Report, SuiteReport, Verdict

PASS, FAIL, OPEN, INCOMPLETE = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.INCOMPLETE,
)


def finished(verdicts, **policy):
    suites = tuple(
        SuiteReport(suite=str(number), verdict=each, cases=1, trials_old=1, trials_new=1)
        for number, each in enumerate(verdicts)
    )
    report = Report(
        verdict=PASS, exit_code=0, owner="", policy_source="", alpha=0.05, suites=suites
    )
    done = finish(report, policy=Policy(**policy))
    assert replace(done, verdict=PASS, exit_code=0) == report
    return done.verdict, done.exit_code


@pytest.mark.parametrize(
    ("suites", "verdict", "exit_code"),
    [
        pytest.param([], PASS, 0, id="no-suite"),
        pytest.param([None, None], PASS, 0, id="nothing-is-affected"),
        pytest.param([None, PASS], PASS, 0, id="all-pass"),
        pytest.param([PASS, OPEN], OPEN, 0, id="inconclusive-is-no-fail-by-default"),
        pytest.param([OPEN, INCOMPLETE, PASS], INCOMPLETE, 4, id="incomplete-is-worse"),
        pytest.param([PASS, INCOMPLETE, FAIL, OPEN], FAIL, 1, id="a-shown-regression-is-worst"),
    ],
)
def test_a_run_is_as_bad_as_its_worst_suite(suites, verdict, exit_code):
    assert finished(suites) == (verdict, exit_code)


@pytest.mark.parametrize(
    ("suites", "verdict", "exit_code"),
    [
        pytest.param([OPEN], OPEN, 3, id="inconclusive"),
        pytest.param([PASS], PASS, 0, id="pass"),
        pytest.param([FAIL, OPEN], FAIL, 1, id="fail"),
        pytest.param([INCOMPLETE, OPEN], INCOMPLETE, 4, id="incomplete"),
    ],
)
def test_a_policy_can_refuse_what_is_inconclusive(suites, verdict, exit_code):
    assert finished(suites, inconclusive="fail") == (verdict, exit_code)


def test_a_configuration_that_says_nothing_has_the_documented_defaults():
    suite = Suite(name="s", prompt="s.prompt.yml")
    assert suite.repeats == Repeats(baseline=10, new=3)
    assert suite.rules.checks == ()
    assert suite.rules.detect_refusals
    assert not suite.retired
    assert Config(source="gate.yaml").policy.alpha == 0.05
