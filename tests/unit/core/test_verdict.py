from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from unit.core.builders import given_estimate, measured

from gate.core.estimate import estimate
from gate.core.limit import Limit
from gate.core.report import Verdict
from gate.core.sequential import Look
from gate.core.sharpness import detectable_rise
from gate.core.verdict import judge

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def limit(tolerance=0.01, *, alpha=0.05, **more):
    return Limit(tolerance=tolerance, alpha=alpha, **more)


RATIO = limit(0.0, is_rate=False)


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
        pytest.param({"change": 0.05, "p_value": 0.0499}, 0.01, FAIL, id="just-below-alpha"),
        pytest.param({"change": 0.05, "p_value": 0.0501}, 0.01, OPEN, id="large-but-maybe-chance"),
        pytest.param({"change": 0.005, "p_value": 0.001}, 0.01, OPEN, id="real-and-tolerated"),
        pytest.param({"change": 0.01, "p_value": 0.001}, 0.01, OPEN, id="real-and-just-tolerated"),
        pytest.param({"change": 0.002, "p_value": 0.001}, 0.01, PASS, id="real-small-and-bounded"),
        pytest.param({"change": -0.2, "variance": 0.01**2, "p_value": 1}, 0, PASS, id="better"),
        pytest.param({}, 0, OPEN, id="no-tolerance-cannot-be-proved-by-no-change"),
        # n = 50: half a trial is 0.01
        pytest.param({"change": -0.009, "trials_new": 50}, 0, OPEN, id="less-than-half-a-trial"),
        pytest.param({"change": -0.01, "trials_new": 50}, 0, PASS, id="half-a-trial-better"),
    ],
)
def test_a_verdict_takes_two_keys_to_fail_and_a_bound_to_pass(found, tolerance, verdict):
    assert judge(given_estimate(**found), limit(tolerance)).verdict is verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param({"change": 0.1, "p_value": 0.01}, FAIL, id="real-and-above-the-ratio"),
        pytest.param({"change": 0.1, "p_value": 0.06, "variance": 1}, OPEN, id="maybe-chance"),
        pytest.param({"change": 0.0, "p_value": 0.01, "variance": 1}, OPEN, id="at-the-ratio"),
        # 1.645 x 0.1 = 0.1645
        pytest.param({"change": -0.164, "variance": 0.01}, OPEN, id="not-far-enough-below"),
        pytest.param({"change": -0.165, "variance": 0.01}, PASS, id="far-enough-below"),
        pytest.param({"change": -1e-9}, PASS, id="below-the-ratio-without-noise"),
        pytest.param({"change": 0.0}, PASS, id="exactly-the-ratio-without-noise"),
        pytest.param({"change": 1e-9}, OPEN, id="above-the-ratio-by-chance-or-not"),
    ],
)
def test_a_verdict_against_a_ratio(found, verdict):
    assert judge(given_estimate(**found), RATIO).verdict is verdict


@pytest.mark.parametrize(
    ("change", "alpha", "strict", "verdict"),
    [
        # sqrt(V) = 0.01: the bound is change - 0.01645, and at alpha 0.01 change - 0.02326
        pytest.param(0.026, 0.05, True, OPEN, id="the-bound-is-tolerated"),
        pytest.param(0.026, 0.05, False, FAIL, id="the-estimate-is-not"),
        pytest.param(0.027, 0.05, True, FAIL, id="nor-is-the-bound"),
        pytest.param(0.033, 0.01, True, OPEN, id="the-bound-at-a-smaller-alpha-is-tolerated"),
        pytest.param(0.034, 0.01, True, FAIL, id="the-bound-at-a-smaller-alpha-is-not"),
        # At alpha 0.5 its own quantile is 0: the interval that is shown counts
        pytest.param(0.026, 0.5, True, OPEN, id="never-laxer-than-the-interval"),
    ],
)
def test_a_strict_fail_needs_the_lower_bound_above_the_tolerance(change, alpha, strict, verdict):
    found = given_estimate(change=change, variance=1e-4, p_value=1e-6)
    assert judge(found, limit(0.01, alpha=alpha, strict=strict)).verdict is verdict


def test_the_numbers_beside_a_verdict_by_hand():
    # sqrt(V) = 0.01, n = 1000
    found = judge(given_estimate(change=0.02, variance=1e-4), limit(0.02))
    assert found.interval == pytest.approx((0.02 - 0.01645, 0.02 + 0.01645))
    # (1.645 + 0.842) x 0.01 + 0.5 / 1000: the spread is larger than 0.0254 x 0.9746 / 1000 asks
    assert found.sharpness.provable == pytest.approx(0.02487 + 0.0005)
    # Key 2: x = d - 0.02 solves x = 0.842 sqrt(0.0001 + 0.00002 + x / 1000):
    # (0.00070896 + sqrt(0.00070896^2 + 4 x 0.70896 x 0.00012)) / 2 = 0.0095849
    assert found.sharpness.detectable == pytest.approx(0.0295849, abs=1e-7)
    # 2.487 sqrt(0.1) = 0.78646; ((0.78646 + sqrt(0.61852 + 0.04)) / 0.04)^2 = 1595.9
    assert found.sharpness.trials_needed == 1596
    assert (found.fail_chance, found.pass_chance) == (0, 0)  # no look is to come


def test_the_detectable_rise_is_that_of_the_tests_own_alpha():
    # Alpha 0.0125: z = 2.2414; (2.2414 + 0.842)^2 = 9.5074;
    # (0.0095074 + sqrt(0.0095074^2 + 4 x 9.5074 x 0.0001)) / 2 = 0.035952, more than key 2 asks
    found = judge(given_estimate(variance=1e-4), limit(0.02, alpha=0.0125))
    assert found.sharpness.detectable == pytest.approx(0.035952, abs=1e-6)


def test_the_numbers_beside_a_verdict_against_a_ratio_by_hand():
    # Alpha 0.05: (1.64485 + 0.842) x 0.01
    found = judge(given_estimate(change=0.02, variance=1e-4), RATIO)
    assert found.interval == pytest.approx((0.02 - 0.01645, 0.02 + 0.01645))
    assert found.sharpness.detectable == pytest.approx(0.0248685, abs=1e-7)
    assert found.sharpness.provable == pytest.approx(0.02487)  # (1.645 + 0.842) x 0.01
    assert found.sharpness.trials_needed is found.sharpness.cases_needed is None


def test_the_interval_of_a_rate_stays_between_the_rates_there_are():
    assert judge(given_estimate(change=0.9, variance=0.04), limit()).interval == (
        pytest.approx(0.9 - 0.329),
        1.0,
    )
    assert judge(given_estimate(change=-0.9, variance=0.04), limit()).interval == (
        -1.0,
        pytest.approx(-0.9 + 0.329),
    )
    low, high = judge(given_estimate(change=0.9, variance=4.0), RATIO).interval
    assert (low, high) == pytest.approx((0.9 - 3.29, 0.9 + 3.29))


@given(
    variance=st.floats(0, 0.25),
    trials=st.tuples(st.integers(1, 100_000), st.integers(1, 100_000)),
    tolerance=st.floats(0, 0.2),
    alpha=st.floats(0.0001, 0.2),
    strict=st.booleans(),
)
def test_the_detectable_rise_turns_both_keys(variance, trials, tolerance, alpha, strict):
    held = limit(tolerance, alpha=alpha, strict=strict)
    rise = detectable_rise(variance, *trials, held)
    null, error = (math.sqrt(variance + rise / each) for each in trials)
    z = stats.norm.isf(alpha)
    real = z * null + 0.842 * error
    matters = tolerance + (0.842 + (z if strict else 0)) * error
    if rise < 1:
        assert rise == pytest.approx(max(real, matters), abs=1e-8)
    else:
        assert rise == 1 <= max(real, matters) + 1e-8


def test_a_detectable_rise_is_found_in_four_runs_of_five():
    # Of 50,000 cases that never failed each breaks with this probability: more than 500 must, and
    # then McNemar's mid-p is below 2^-501. Source: scipy.stats.binom
    rise = detectable_rise(0, 50_000, 50_000, limit(0.01))
    assert stats.binom.sf(500, 50_000, rise) == pytest.approx(0.8, abs=0.01)


def test_many_old_trials_make_a_rise_easier_to_find():
    # V = 0 and no tolerance: d = (1.64485 / sqrt(2000) + 0.842 / sqrt(1000))^2
    found = detectable_rise(0, 2000, 1000, limit(0.0))
    assert found == pytest.approx((0.0367800 + 0.0266264) ** 2, abs=1e-7)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(limit(), 1.0, id="a-rate-rises-by-1-at-most"),
        pytest.param(RATIO, (1.644854 + 0.842) * 2, id="a-cost-by-any-number"),
    ],
)
def test_a_rise_that_no_run_finds_is_told_as_the_largest_there_is(held, expected):
    assert detectable_rise(4.0, 10, 10, held) == pytest.approx(expected, abs=1e-6)


SIDE = st.lists(st.integers(0, 1), min_size=1, max_size=4)
ROWS = st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=40)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS, tolerances=st.tuples(st.floats(0, 1), st.floats(0, 1)), strict=st.booleans())
def test_a_stricter_limit_never_turns_fail_into_anything_else(rows, tolerances, strict):
    found = estimate(measured(*rows))
    tight, loose = (
        judge(found, limit(each, alpha=0.3, strict=strict)).verdict for each in sorted(tolerances)
    )
    if loose is FAIL:
        assert tight is FAIL


def test_a_stricter_limit_does_turn_pass_into_fail():
    found = estimate(measured(*[([0], [1])] * 5, *[([0], [0])] * 95))
    verdicts = [judge(found, limit(each)).verdict for each in (0.2, 0.06, 0.04)]
    assert verdicts == [PASS, OPEN, FAIL]


@settings(max_examples=50, deadline=None)
@given(sides=st.lists(SIDE, min_size=2, max_size=40), tolerance=st.floats(0, 1))
@pytest.mark.parametrize("population", [False, True])
def test_an_old_side_that_equals_the_new_one_never_fails(population, sides, tolerance):
    found = estimate(measured(*[(side, side) for side in sides]), population=population)
    assert found.change == 0
    assert judge(found, limit(tolerance, alpha=0.5)).verdict is not FAIL
    assert judge(found, limit(0.0, alpha=0.5, is_rate=False)).verdict is not FAIL


@pytest.mark.parametrize(
    ("look", "alpha"),
    [
        pytest.param(Look(), 0.05, id="one-look"),
        pytest.param(Look(times=(0.5, 1.0), index=0), 0.05, id="before-the-last"),
        pytest.param(Look(times=(0.5, 1.0), index=1), 0.01, id="the-last-of-two"),
    ],
)
def test_up_to_the_lower_bound_it_passes_and_from_the_upper_one_it_fails(look, alpha):
    tolerance, error = 0.05, 0.01
    held = limit(tolerance, alpha=alpha)
    # p = 1 - Phi(change / SE), the normal law that the upper bound is told by
    found = [
        given_estimate(
            change=change, variance=error**2, p_value=float(stats.norm.sf(change / error)),
            trials_new=2000,
        )
        for change in (x / 10_000 for x in range(-500, 1500, 7))
    ]  # fmt: skip
    for each in found:
        judged = judge(each, held, look)
        passes, fails = judged.bounds
        assert passes < tolerance <= fails
        assert (judged.verdict is PASS) is (each.change <= passes)
        assert (judged.verdict is FAIL) is (each.change > fails)


def test_the_bounds_of_one_look_by_hand():
    # 0.05 - 0.5 / 2000 - 1.645 x max(0.01, sqrt(0.05 x 0.95 / 2000)) and max(0.05, 1.6449 x 0.01)
    judged = judge(given_estimate(variance=0.01**2, trials_new=2000), limit(0.05))
    assert judged.bounds == pytest.approx((0.0333, 0.05), abs=1e-6)
    strict = judge(given_estimate(variance=0.01**2, trials_new=2000), limit(0.05, strict=True))
    assert strict.bounds[1] == pytest.approx(0.05 + 0.01645)
