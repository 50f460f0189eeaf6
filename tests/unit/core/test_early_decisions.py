from __future__ import annotations

from dataclasses import replace

import pytest
from unit.core.builders import policy, rows, score

from gate.core.columns import columns_of
from gate.core.judgement import judge_columns
from gate.core.report import Verdict
from gate.core.sequential import ONE_LOOK, Look

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
HALF = Look(times=(0.5, 1.0), index=0)
FAILURES = ("failure-rate-rise", None)
BY_CHANNEL = {"segments_by": (("channel",),)}
WEB, FAX = {"channel": "web"}, {"channel": "fax"}


def half_way(cases, given_policy, *, look=HALF, **more):
    """Verdict and decision with half of the trials seen: one of two of each case."""
    found = judge_columns(columns_of(cases, planned_new=2), given_policy, look=look, **more)
    return found.verdict, found.is_decided


@pytest.mark.parametrize(
    ("cases", "given_policy", "expected"),
    [
        pytest.param(
            rows(40, ".", "x") + rows(20), policy(failure_rate=0.01), (FAIL, True), id="a-fail"
        ),
        pytest.param(rows(2000), policy(failure_rate=0.01), (PASS, True), id="a-pass"),
        # Half-way alpha is 0.00625; 5 of 40 broken is 2^-6 = 0.016, z = 2.15. At the end z is
        # 3.05 -+ 1 where 1.66 is needed, and 12.5 % is far above 1 %.
        pytest.param(
            rows(5, ".", "x") + rows(35),
            policy(failure_rate=0.01),
            (OPEN, False),
            id="a-fail-has-a-fair-chance",
        ),
        # No case moved, so key 1 at the end is N(0, 1) above 1.66: 4.8 %. Of a pass: 400 trials
        # seen and 800 at the end, 0.01 - 0.0006 - 1.737 x sqrt(0.0099 / 800) = 0.0033 above
        # nothing, which moves by sqrt(0.0099 / 400 / 2) = 0.0035.
        pytest.param(
            rows(400), policy(failure_rate=0.01), (OPEN, False), id="a-pass-has-a-fair-chance"
        ),
        # 40 seen and 80 at the end: 0.01 - 0.0063 - 1.737 x 0.0111 = -0.0156 at 0.0111
        pytest.param(rows(40), policy(failure_rate=0.01), (OPEN, True), id="neither-has-one"),
        pytest.param(
            rows(400),
            policy(failure_rate=0.01, cost=1.1),
            (OPEN, True),
            id="a-cost-that-nobody-knows-leaves-no-chance-of-a-pass",
        ),
        pytest.param(
            rows(400),
            policy(failure_rate=0.01, latency_p95=1.1),
            (OPEN, False),
            id="a-latency-that-nobody-knows-does-not-matter",
        ),
        pytest.param(
            rows(2000),
            policy(failure_rate=0.01, override_rate=0.0),
            (OPEN, True),
            id="one-metric-without-a-chance-is-enough",
        ),
        pytest.param(
            rows(9, "", ""), policy(failure_rate=0.01), (Verdict.INCOMPLETE, False), id="no-answer"
        ),
    ],
)
def test_a_run_stops_when_its_verdict_stands(cases, given_policy, expected):
    assert half_way(cases, given_policy) == expected
    assert half_way(cases, given_policy, look=ONE_LOOK)[1]


def test_a_pass_goes_on_while_a_segment_has_a_fair_chance_to_fail():
    # 4 of 10 by fax are broken, 2^-5: too little for the segment's 0.01 / 2 / 8 half-way
    cases = rows(4, ".", "x", segment=FAX) + rows(6, segment=FAX) + rows(3000, segment=WEB)
    assert half_way(cases, policy(failure_rate=0.01)) == (PASS, True)
    assert half_way(cases, policy(BY_CHANNEL, failure_rate=0.01)) == (PASS, False)


def test_a_pass_stops_where_the_segments_are_quiet():
    cases = rows(10, segment=FAX) + rows(3000, segment=WEB)
    assert half_way(cases, policy(BY_CHANNEL, failure_rate=0.01)) == (PASS, True)


def test_a_pass_goes_on_while_a_segment_has_not_been_seen():
    cases = rows(10, "", "", segment=FAX) + rows(3000, segment=WEB)
    assert half_way(cases, policy(BY_CHANNEL, failure_rate=0.01)) == (PASS, False)


@pytest.mark.parametrize(("old", "new"), [("", ""), (".", ""), ("", ".")])
def test_a_pass_waits_for_every_case(old: str, new: str):
    """Whoever knows the order could break the cases alone that come last."""
    cases = rows(3000) + rows(1, old, new)
    assert half_way(cases, policy(failure_rate=0.01)) == (PASS, False)
    assert half_way(cases[:-1], policy(failure_rate=0.01)) == (PASS, True)


def test_an_inconclusive_waits_for_every_case_and_a_fail_for_none():
    one_left = rows(1, "", "")
    assert half_way(rows(40) + one_left, policy(failure_rate=0.01)) == (OPEN, False)
    broken = rows(40, ".", "x") + rows(20) + one_left
    assert half_way(broken, policy(failure_rate=0.01)) == (FAIL, True)


def test_a_pass_waits_for_no_case_whose_request_the_change_leaves_alone():
    same = [replace(case, is_same=True) for case in rows(1, "", "")]
    assert half_way(rows(3000) + same, policy(failure_rate=0.01)) == (PASS, True)


def test_a_recorded_old_side_and_a_lost_answer_were_asked():
    lost = rows(1, ".", "", new_missing=1)
    assert half_way(rows(3000) + lost, policy(failure_rate=0.01)) == (PASS, True)


def test_a_pass_waits_for_no_unseen_segment_whose_fail_is_waived():
    lost = rows(1, ".", "", segment=FAX, new_missing=1)
    cases = rows(3000, segment=WEB) + rows(9, segment=FAX) + lost
    waived = [("failure-rate-rise", "channel=fax")]
    by_channel = policy(BY_CHANNEL, failure_rate=0.01)
    assert half_way(cases, by_channel, waived=waived) == (PASS, True)


def test_a_pass_goes_on_while_the_cases_of_the_base_have_a_fair_chance_to_fail():
    # 5 of 40 are broken, 2^-6: too little for 0.025 / 8 half-way, and z = 2.15 sqrt(2) = 3.05 is
    # above the 1.98 of the end. With 3,000 easy ones it is 0.16 %.
    base = rows(5, ".", "x") + rows(35)
    given_policy = policy(failure_rate=0.01)
    assert half_way(base + rows(3000, added=True), given_policy) == (OPEN, False)
    assert half_way(base + rows(3000), given_policy) == (PASS, True)


def test_a_pass_goes_on_while_a_segment_of_the_base_has_not_been_seen():
    base = rows(10, "", "", segment=FAX) + rows(3000, segment=WEB)
    given_policy = policy(BY_CHANNEL, failure_rate=0.01)
    assert half_way(base + rows(10, segment=FAX, added=True), given_policy) == (PASS, False)
    assert half_way(base[10:] + rows(10, segment=FAX, added=True), given_policy) == (PASS, True)


def test_a_first_look_at_nothing_decides_nothing():
    # Costs of no pair of answers are not those that a provider never tells.
    given_policy = policy(failure_rate=0.01, cost=1.1)
    for cases in (rows(9, "", ""), rows(9, ".", ""), rows(9, "", ".")):
        assert half_way(cases, given_policy) == (Verdict.INCOMPLETE, False)


def test_a_pass_waits_for_no_segment_that_could_not_fail():
    cases = rows(2, segment=FAX) + rows(3000, segment=WEB)
    assert half_way(cases, policy(BY_CHANNEL, failure_rate=0.01)) == (PASS, True)


def test_the_chance_of_a_fail_that_is_waived_keeps_no_run_going():
    cases = rows(5, ".", "x") + rows(35)
    assert half_way(cases, policy(failure_rate=0.01)) == (OPEN, False)
    assert half_way(cases, policy(failure_rate=0.01), waived=[FAILURES]) == (PASS, True)


def test_a_waived_metric_without_a_chance_of_a_pass_stops_no_run():
    # 400 that never failed have a fair chance to pass at 1 %, and none without any tolerance.
    given_policy = policy(failure_rate=0.01, override_rate=0.0)
    assert half_way(rows(400), given_policy) == (OPEN, True)
    waived = [("override-rate-rise", None)]
    assert half_way(rows(400), given_policy, waived=waived) == (OPEN, False)


def test_a_waived_fail_does_not_stop_a_run_whose_other_metric_may_fail():
    # Every new output fails, which is waived; 5 of 40 cost nine times as much, mid-p 2^-6.
    cases = [
        replace(case, old=(score(cost_usd=1.0),), new=(score("x", cost_usd=9.0 if n < 5 else 1.0),))
        for n, case in enumerate(rows(40))
    ]
    given_policy = policy(failure_rate=0.01, cost=1.5)
    assert half_way(cases, given_policy) == (FAIL, True)
    assert half_way(cases, given_policy, waived=[FAILURES]) == (OPEN, False)


def test_missing_trials_that_could_change_the_verdict_keep_a_run_going():
    # 2,000 as they were pass; of another 100 nobody knows.
    lost = rows(100, ".", "", new_missing=1)
    given_policy = policy(failure_rate=0.01)
    assert half_way(rows(2000) + lost, given_policy) == (Verdict.INCOMPLETE, False)
    assert half_way(rows(2000) + lost, given_policy, look=ONE_LOOK) == (Verdict.INCOMPLETE, True)
    assert half_way(rows(2000) + lost[:1], given_policy) == (PASS, True)
