from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.core.builders import policy, rows, score, scored

from gate.core.columns import columns_of
from gate.core.judgement import judge_columns
from gate.core.policy import Policy
from gate.core.report import Verdict

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
INCOMPLETE = Verdict.INCOMPLETE
FAILURES = ("failure-rate-rise", None)
BY_CHANNEL = {"segments_by": (("channel",),)}
WEB, FAX = {"channel": "web"}, {"channel": "fax"}
BROKEN = rows(30, ".", "x") + rows(70)
QUIET = rows(600)


def judged(cases, given_policy, **more):
    return judge_columns(columns_of(cases), given_policy, **more)


def verdict(cases, given_policy, **more):
    return judged(cases, given_policy, **more).verdict


def verdicts(found):
    return {(each.metric, each.segment): each.verdict for each in found.findings}


@pytest.mark.parametrize(
    ("cases", "given_policy", "expected"),
    [
        pytest.param(QUIET, policy(failure_rate=0.01), PASS, id="every-metric-passes"),
        pytest.param(BROKEN, policy(failure_rate=0.01), FAIL, id="a-metric-fails"),
        pytest.param(
            BROKEN, policy(failure_rate=0.9, override_rate=0.01), FAIL, id="one-of-two-fails"
        ),
        pytest.param(rows(50), policy(failure_rate=0.01), OPEN, id="too-few-cases"),
        pytest.param(
            rows(200), policy(failure_rate=0.01, override_rate=0.1), OPEN, id="one-of-two-is-open"
        ),
        pytest.param(
            QUIET, policy(failure_rate=0.01, cost=1.1), OPEN, id="a-cost-that-nobody-knows"
        ),
        pytest.param(
            QUIET,
            policy(failure_rate=0.01, latency_p95=1.1),
            PASS,
            id="latency-is-no-condition-of-a-pass",
        ),
        pytest.param(BROKEN, policy(failure_rate=0.01, cost=1.1), FAIL, id="a-fail-is-a-fail"),
        pytest.param([], policy(failure_rate=0.01), INCOMPLETE, id="no-case"),
        pytest.param(
            rows(9, ".", ""), policy(failure_rate=0.01), INCOMPLETE, id="no-answer-on-one-side"
        ),
        pytest.param(QUIET, policy(), INCOMPLETE, id="a-policy-of-nothing"),
        pytest.param(
            rows(20, ".", "x", segment=FAX) + rows(500, segment=WEB),
            policy(BY_CHANNEL, failure_rate=0.06),
            FAIL,
            id="a-segment-fails-alone",
        ),
        pytest.param(
            rows(10, segment=FAX) + QUIET,
            policy(BY_CHANNEL, failure_rate=0.01),
            PASS,
            id="an-open-segment-is-no-open-suite",
        ),
    ],
)
def test_the_verdict_of_a_suite(cases, given_policy, expected):
    found = judged(cases, given_policy)
    assert found.verdict is expected
    assert found.is_decided  # no further trial is planned


def test_what_could_not_be_judged_is_named_beside_the_findings():
    cases = rows(10, segment=FAX) + rows(2, segment=WEB)
    found = judged(cases, policy(BY_CHANNEL, failure_rate=0.01, cost=1.1))
    assert set(found.not_measured) == {"cost"}
    assert found.small_segments == ("channel=web",)
    assert [each.segment for each in found.findings] == [None, "channel=fax"]
    assert (found.missing.old, found.missing.new, found.missing.p_value) == (0, 0, None)


@pytest.mark.parametrize(
    ("waived", "expected"),
    [
        pytest.param([], FAIL, id="nothing-is-waived"),
        pytest.param([FAILURES], PASS, id="the-finding-over-all-cases"),
        pytest.param([("failure-rate-rise", "channel=fax")], FAIL, id="a-segment-of-it"),
        pytest.param([("override-rate-rise", None)], FAIL, id="another-finding"),
    ],
)
def test_a_waiver_lets_its_own_finding_through(waived, expected):
    found = judged(BROKEN, policy(failure_rate=0.01), waived=waived)
    (finding,) = found.findings
    assert found.verdict is expected
    assert finding.verdict is FAIL
    assert finding.waived is (expected is PASS)


def test_a_waiver_of_a_finding_that_does_not_fail_marks_nothing():
    (finding,) = judged(QUIET, policy(failure_rate=0.01), waived=[FAILURES]).findings
    assert not finding.waived


def test_a_waived_finding_that_is_open_stands_in_no_ones_way():
    # 50 cases are too few for 1 %, and enough for 20 %: 1.645 sqrt(0.16 / 50) + 0.01 = 0.103
    given_policy = policy(failure_rate=0.01, override_rate=0.2)
    assert verdict(rows(50), given_policy) is OPEN
    found = judged(rows(50), given_policy, waived=[FAILURES])
    assert found.verdict is PASS
    assert [(each.verdict, each.waived) for each in found.findings] == [
        (OPEN, False),
        (PASS, False),
    ]
    assert verdict(rows(50), given_policy, waived=[("override-rate-rise", None)]) is OPEN


def test_where_all_findings_are_waived_nothing_stands_in_the_way():
    waived = [FAILURES, ("override-rate-rise", None)]
    assert verdict(BROKEN, policy(failure_rate=0.01, override_rate=0.01), waived=waived) is PASS
    # What was not measured is no finding, and no waiver can let it through.
    assert verdict(BROKEN, policy(failure_rate=0.01, cost=1.1), waived=waived) is OPEN


def test_the_verdict_of_a_population_takes_clusters():
    cases = [case for n in range(4) for case in rows(10, ".", "x", cluster=str(n))]
    cases += rows(160)
    assert verdict(cases, policy(failure_rate=0.01)) is FAIL
    # Four clusters rise and no other moved: 2^-5; exact: 2^-4
    population = policy({"scope": "population"}, failure_rate=0.01)
    exact = policy({"scope": "population", "exact": True}, failure_rate=0.01)
    assert judged(cases, population).findings[0].p_value == pytest.approx(2**-5)
    assert judged(cases, exact).findings[0].p_value == pytest.approx(2**-4)
    assert (verdict(cases, population), verdict(cases, exact)) == (FAIL, OPEN)


def test_a_strict_policy_asks_more_of_a_fail():
    # 10 of 100 broken: between 4.8 % and 15.2 %
    cases = rows(10, ".", "x") + rows(90)
    assert verdict(cases, policy(failure_rate=0.06)) is FAIL
    assert verdict(cases, policy({"strict": True}, failure_rate=0.06)) is OPEN


SIDE = st.text(".x", min_size=1, max_size=4)
CHANNEL = st.sampled_from(["web", "fax"])
TABLE = st.lists(st.tuples(SIDE, SIDE, CHANNEL, st.booleans()), min_size=1, max_size=30)
LOOSE = Policy(alpha=0.5, **BY_CHANNEL)


def cases_of(table):
    return [
        scored(old, new, case_id=f"{n}", segment={"channel": tag}, added=added)
        for n, (old, new, tag, added) in enumerate(table)
    ]


@settings(max_examples=50, deadline=None)
@given(table=TABLE, scope=st.sampled_from(["fixtures", "population"]))
def test_a_prompt_that_answers_as_before_never_fails(table, scope):
    same = [(old, old, tag, added) for old, _, tag, added in table]
    found = judged(cases_of(same), replace(LOOSE, scope=scope))
    assert found.verdict is not FAIL
    assert all(each.verdict is not FAIL for each in found.findings)


@settings(max_examples=50, deadline=None)
@given(table=TABLE, seed=st.randoms(use_true_random=False))
def test_the_order_of_the_cases_changes_nothing(table, seed):
    cases = cases_of(table)
    one, two = judged(cases, LOOSE), judged(seed.sample(cases, len(cases)), LOOSE)
    assert one.verdict is two.verdict
    assert verdicts(one) == verdicts(two)
    assert one.small_segments == two.small_segments


@settings(max_examples=50, deadline=None)
@given(table=TABLE, limits=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_stricter_tolerance_never_turns_fail_into_anything_else(table, limits):
    tight, loose = (
        verdict(
            cases_of(table),
            policy(BY_CHANNEL | {"segments_max_rise": limit}, alpha=0.5, failure_rate=limit),
        )
        for limit in sorted(limits)
    )
    if loose is FAIL:
        assert tight is FAIL
    if tight is PASS:
        assert loose is PASS


def test_a_suite_without_a_reference_has_no_override_to_pass_by():
    unjudged = [
        replace(case, old=(score(override=None),), new=(score(override=None),)) for case in QUIET
    ]
    found = judged(unjudged, policy(failure_rate=0.01, override_rate=0.01))
    assert (found.verdict, set(found.not_measured)) == (OPEN, {"override_rate"})
