from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.report import Verdict
from gate.core.verdict import Estimate, Samples, detectable_rise, estimate, judge, judge_ratio

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def samples(*pairs):
    """Samples of pairs of (old values, new values)."""
    long = [
        (index, is_new, each)
        for index, pair in enumerate(pairs)
        for is_new, side in enumerate(pair)
        for each in side
    ]
    case, is_new, value = zip(*long, strict=True)
    return Samples(
        case=np.array(case), is_new=np.array(is_new, dtype=bool), value=np.array(value, dtype=float)
    )


def given_estimate(*, change=0.0, variance=0.0, trials_new=1000, p_value=0.5):
    return Estimate(
        old=0.1,
        new=0.1 + change,
        change=change,
        variance=variance,
        cases=trials_new,
        trials_new=trials_new,
        p_value=p_value,
    )


def test_an_estimate_by_hand():
    # Case 1 has 0 of 2 and 2 of 2, cases 2 to 4 nothing: V = 2 x 2 / (2 x 2 x 3) / 16
    quiet = ([0, 0], [0, 0])
    found = estimate(samples(([0, 0], [1, 1]), quiet, quiet, quiet))
    assert (found.old, found.new, found.change) == (0, 0.25, 0.25)
    assert (found.cases, found.trials_new) == (4, 8)
    assert found.variance == pytest.approx(1 / 48)
    assert found.p_value == pytest.approx(1 / 12)  # 1 of 6 ways, half of it


def test_an_estimate_can_count_the_whole_of_what_was_observed():
    assert estimate(samples(([0, 0], [1, 1])), mid_p=False).p_value == pytest.approx(1 / 6)
    assert estimate(samples(([0, 0], [0.5, 0.5])), mid_p=False).p_value == pytest.approx(1 / 6)


def test_each_case_counts_the_same_however_many_trials_it_has():
    # Old is half of 0 + 1/4, new is half of 1 + 0.
    found = estimate(samples(([0], [1]), ([1, 0, 0, 0], [0, 0])))
    assert (found.old, found.new, found.change) == (0.125, 0.5, 0.375)


def test_an_estimate_against_a_ratio_by_hand():
    # Mean 1.15; squares 0.0225 + 0.0025 + 0.0025 + 0.0225; V = 0.05 / 3 x (1/2 + 1.21/2)
    found = estimate(samples(([1.0, 1.2], [1.1, 1.3])), ratio=1.1)
    assert found.change == pytest.approx(1.2 - 1.1 * 1.1)
    assert found.variance == pytest.approx(0.05 / 3 * (0.5 + 0.605))


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.lists(st.integers(0, 1), min_size=1, max_size=6),
            st.lists(st.integers(0, 1), min_size=1, max_size=6),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_variance_of_a_rate_is_the_one_of_the_design(rows):
    # V = N^-2 sum m (K - m) / (k_new k_old (K - 1)), DESIGN section 4
    total = 0.0
    for old, new in rows:
        k_all, failed = len(old) + len(new), sum(old) + sum(new)
        total += failed * (k_all - failed) / (len(new) * len(old) * (k_all - 1))
    assert estimate(samples(*rows)).variance == pytest.approx(total / len(rows) ** 2)


@pytest.mark.parametrize(
    ("found", "tolerance", "verdict"),
    [
        # The pass: change + 0.5 / n - limit <= -1.645 sqrt(max(V, limit (1 - limit) / n))
        # n = 1000: 0.0005 - 0.01 = -0.0095; 1.645 x sqrt(0.0099 / 1000) = 0.0052
        pytest.param({}, 0.01, PASS, id="nothing-failed-in-1000"),
        # n = 300: 0.0017 - 0.01 = -0.0083; 1.645 x sqrt(0.0099 / 300) = 0.0095
        pytest.param({"trials_new": 300}, 0.01, OPEN, id="nothing-failed-but-300-are-too-few"),
        # sqrt(V) = 0.005: 0.0082; sqrt(V) = 0.006: 0.0099
        pytest.param({"variance": 0.005**2}, 0.01, PASS, id="quiet-enough"),
        pytest.param({"variance": 0.006**2}, 0.01, OPEN, id="too-noisy"),
        pytest.param({"change": 0.05, "p_value": 0.001}, 0.01, FAIL, id="real-and-too-large"),
        pytest.param({"change": 0.05, "p_value": 0.05}, 0.01, FAIL, id="alpha-itself-is-real"),
        pytest.param({"change": 0.05, "p_value": 0.051}, 0.01, OPEN, id="large-but-maybe-chance"),
        pytest.param({"change": 0.005, "p_value": 0.001}, 0.01, OPEN, id="real-and-tolerated"),
        pytest.param({"change": 0.01, "p_value": 0.001}, 0.01, OPEN, id="real-and-just-tolerated"),
        pytest.param({"change": 0.002, "p_value": 0.001}, 0.01, PASS, id="real-small-and-bounded"),
        pytest.param({"change": -0.2, "variance": 0.01**2, "p_value": 1}, 0, PASS, id="better"),
        pytest.param({}, 0, OPEN, id="no-tolerance-cannot-be-proved-by-no-change"),
        pytest.param({"change": -0.01, "trials_new": 50}, 0, OPEN, id="half-a-trial-better"),
        pytest.param({"change": -0.02, "trials_new": 50}, 0, PASS, id="a-whole-trial-better"),
    ],
)
def test_a_verdict_takes_two_keys_to_fail_and_a_bound_to_pass(found, tolerance, verdict):
    assert judge(given_estimate(**found), tolerance=tolerance, alpha=0.05).verdict is verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param({"change": 0.1, "p_value": 0.01}, FAIL, id="real-and-above-the-ratio"),
        pytest.param({"change": 0.1, "p_value": 0.06, "variance": 1}, OPEN, id="maybe-chance"),
        pytest.param({"change": 0.0, "p_value": 0.01, "variance": 1}, OPEN, id="at-the-ratio"),
        # 1.645 x 0.1 = 0.1645
        pytest.param({"change": -0.164, "variance": 0.01}, OPEN, id="not-far-enough-below"),
        pytest.param({"change": -0.165, "variance": 0.01}, PASS, id="far-enough-below"),
        pytest.param({"change": 0.0}, PASS, id="exactly-the-ratio-without-noise"),
    ],
)
def test_a_verdict_against_a_ratio(found, verdict):
    assert judge_ratio(given_estimate(**found), alpha=0.05).verdict is verdict


def test_the_numbers_beside_a_verdict_by_hand():
    # sqrt(V) = 0.01, n = 1000
    found = judge(given_estimate(change=0.02, variance=1e-4), tolerance=0.02, alpha=0.05)
    assert found.interval == pytest.approx((0.02 - 0.01645, 0.02 + 0.01645))
    assert found.provable == pytest.approx(0.0249 + 0.0005)
    # (0.0062001 + sqrt(0.0062001^2 + 4 x 6.2001 x 0.0001)) / 2
    assert found.detectable == pytest.approx(0.028192, abs=1e-6)
    # 2.49 sqrt(0.1) = 0.78740; ((0.78740 + sqrt(0.62 + 0.04)) / 0.04)^2 = 1599.6
    assert found.trials_needed == 1600


def test_the_numbers_beside_a_verdict_against_a_ratio_by_hand():
    found = judge_ratio(given_estimate(change=0.02, variance=1e-4), alpha=0.05)
    assert found.interval == pytest.approx((0.02 - 0.01645, 0.02 + 0.01645))
    assert found.detectable == found.provable == pytest.approx(0.0249)
    assert found.trials_needed is None


@given(variance=st.floats(0, 0.25), trials_new=st.integers(1, 100_000))
def test_the_detectable_rise_solves_its_equation(variance, trials_new):
    # d = 2.49 sqrt(V + d / n), DESIGN section 4
    rise = detectable_rise(variance, trials_new)
    assert rise == pytest.approx(2.49 * math.sqrt(variance + rise / trials_new))


def test_a_rise_among_quiet_cases_is_detected_by_what_it_brings_itself():
    # V = 0: d = 2.49^2 / n
    assert detectable_rise(0, 1000) == pytest.approx(0.0062001)


@given(
    variance=st.floats(1e-6, 0.01),
    trials_new=st.integers(10, 5000),
    tolerance=st.floats(0.005, 0.2),
)
def test_the_trials_needed_are_the_fewest_that_prove_the_tolerance(variance, trials_new, tolerance):
    found = given_estimate(variance=variance, trials_new=trials_new)
    needed = judge(found, tolerance=tolerance, alpha=0.05).trials_needed

    def provable(trials):
        seen = 2.49 * math.sqrt(variance * trials_new / trials)
        reckoned = 1.645 * math.sqrt(tolerance * (1 - tolerance) / trials)
        return max(seen, reckoned) + 0.5 / trials

    if needed is None:
        assert provable(trials_new) <= tolerance * (1 + 1e-9)
    else:
        assert needed > trials_new
        assert provable(needed) <= tolerance * (1 + 1e-9)
        assert provable(needed - 1) > tolerance * (1 - 1e-9)


def test_without_any_failure_a_tolerance_of_one_point_takes_361_trials():
    # 1.645 sqrt(0.0099 / n) + 0.5 / n = 0.01, solved for n: 360.98
    found = given_estimate(variance=0.0, trials_new=100)
    assert judge(found, tolerance=0.01, alpha=0.05).trials_needed == 361


@pytest.mark.parametrize(
    ("variance", "tolerance"),
    [
        pytest.param(1e-4, 0.0, id="no-number-of-trials-proves-no-tolerance"),
        pytest.param(1e-4, 1e-200, id="nor-next-to-none"),
        pytest.param(1e-8, 0.02, id="enough-already"),
    ],
)
def test_no_number_of_trials_is_named_where_none_would_help(variance, tolerance):
    found = judge(given_estimate(variance=variance), tolerance=tolerance, alpha=0.05)
    assert found.trials_needed is None


SIDE = st.lists(st.integers(0, 1), min_size=1, max_size=4)
ROWS = st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=40)
LIMIT = st.floats(0, 1)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS, limits=st.tuples(LIMIT, LIMIT))
def test_a_stricter_limit_never_turns_fail_into_anything_else(rows, limits):
    found = estimate(samples(*rows))
    strict, loose = (judge(found, tolerance=each, alpha=0.3).verdict for each in sorted(limits))
    if loose is FAIL:
        assert strict is FAIL


def test_a_stricter_limit_does_turn_pass_into_fail():
    found = estimate(samples(*[([0], [1])] * 5, *[([0], [0])] * 95))
    verdicts = [judge(found, tolerance=each, alpha=0.05).verdict for each in (0.2, 0.06, 0.04)]
    assert verdicts == [PASS, OPEN, FAIL]


@settings(max_examples=50, deadline=None)
@given(sides=st.lists(SIDE, min_size=1, max_size=40), limit=LIMIT)
def test_an_old_side_that_equals_the_new_one_never_fails(sides, limit):
    found = estimate(samples(*[(side, side) for side in sides]))
    assert found.change == 0
    assert judge(found, tolerance=limit, alpha=0.5).verdict is not FAIL
    assert judge_ratio(found, alpha=0.5).verdict is not FAIL


@settings(max_examples=50, deadline=None)
@given(rows=ROWS, seed=st.randoms(use_true_random=False))
def test_the_order_of_the_cases_changes_nothing(rows, seed):
    one, two = estimate(samples(*rows)), estimate(samples(*seed.sample(rows, len(rows))))
    for name in Estimate.__dataclass_fields__:
        assert getattr(one, name) == pytest.approx(getattr(two, name), abs=1e-12)
