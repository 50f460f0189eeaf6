from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from unit.core.builders import enumerated

from gate.core.saddlepoint import SignFlips, SubsetSums, tail


def subset_tail(pairs, *, shift=0.0):
    """The tail of pairs of (old values, new values), all of the same numbers of trials."""
    values = np.array([[*old, *new] for old, new in pairs], dtype=float)
    new = len(pairs[0][1])
    centred = values - values.mean(axis=1, keepdims=True)
    observed = float(centred[:, -new:].sum()) + shift
    most = float(np.sort(centred, axis=1)[:, -new:].sum())
    return tail([SubsetSums(centred, new)], observed, most)


def flip_tail(values, observed):
    values = np.array(values, dtype=float)
    return tail([SignFlips(values)], observed, float(np.abs(values).sum()))


def random_pairs(seed, cases, *, old=2, new=2, rise=0.2):
    rng = np.random.default_rng(seed)
    return [(rng.random(old), rng.random(new) + rise) for _ in range(cases)]


def test_the_cumulants_of_sign_flips_by_hand():
    # K(t) = log cosh t + log cosh 2t; at 0 it is flat, and K'' = 1 + 4
    law = SignFlips(np.array([1.0, -2.0]))
    assert law.cumulants(0.0) == pytest.approx((0, 0, 5))
    log_cosh = math.log(math.cosh(0.3)) + math.log(math.cosh(0.6))
    slope = math.tanh(0.3) + 2 * math.tanh(0.6)
    curvature = 1 / math.cosh(0.3) ** 2 + 4 / math.cosh(0.6) ** 2
    assert law.cumulants(0.3) == pytest.approx((log_cosh, slope, curvature))


def test_the_cumulants_of_one_value_of_three_by_hand():
    # exp K(t) = (e^-t + 1 + e^t) / 3; the variance of one of -1, 0, 1 is 2/3
    law = SubsetSums(np.array([[-1.0, 0.0, 1.0]]), 1)
    assert law.cumulants(0.0) == pytest.approx((0, 0, 2 / 3))
    total = math.exp(-0.5) + 1 + math.exp(0.5)
    mean = (math.exp(0.5) - math.exp(-0.5)) / total
    second = (math.exp(0.5) + math.exp(-0.5)) / total
    assert law.cumulants(0.5) == pytest.approx((math.log(total / 3), mean, second - mean**2))


@pytest.mark.parametrize(("trials", "picked"), [(4, 2), (5, 1), (5, 4), (13, 3)])
def test_the_variance_at_no_tilt_is_that_of_a_draw_without_replacement(trials, picked):
    # p (K - p) / (K (K - 1)) x sum of squares. Source: Cochran (1977), theorem 2.2
    values = np.random.default_rng(trials).random((3, trials))
    values -= values.mean(axis=1, keepdims=True)
    expected = picked * (trials - picked) / (trials * (trials - 1)) * (values**2).sum()
    level, mean, variance = SubsetSums(values, picked).cumulants(0.0)
    assert (level, mean) == pytest.approx((0, 0), abs=1e-12)
    assert variance == pytest.approx(expected)


@pytest.mark.parametrize(
    "law",
    [
        pytest.param(SignFlips(np.array([0.2, 1.0, 3.0])), id="sign-flips"),
        pytest.param(
            SubsetSums(np.array([[-1.0, 0.2, 0.3, 0.5], [-2, 0, 1, 1]]), 2), id="subset-sums"
        ),
    ],
)
def test_the_second_and_third_numbers_are_the_slopes_of_the_ones_before(law):
    step = 1e-5
    below, at, above = (law.cumulants(0.7 + each) for each in (-step, 0, step))
    assert at[1] == pytest.approx((above[0] - below[0]) / (2 * step), rel=1e-6)
    assert at[2] == pytest.approx((above[1] - below[1]) / (2 * step), rel=1e-6)


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param(random_pairs(1, 8), id="two-and-two"),
        pytest.param(random_pairs(2, 8, rise=-0.1), id="a-fall"),
        pytest.param(random_pairs(3, 9, old=3, new=1), id="three-and-one"),
        pytest.param(random_pairs(4, 18, old=1, new=1, rise=0.1), id="one-and-one"),
        pytest.param(random_pairs(5, 4, old=4, new=3), id="four-and-three"),
    ],
)
def test_the_tail_is_close_to_every_permutation(pairs):
    # Source: exhaustive enumeration of up to 1.7 million ways
    assert subset_tail(pairs) == pytest.approx(enumerated(pairs), rel=0.03)


def test_laws_of_unequal_cases_add_up():
    # Source: exhaustive enumeration; cases of 2 + 2 and of 3 + 1 trials in one sum
    even, odd = random_pairs(6, 5), random_pairs(7, 5, old=3, new=1)
    laws, observed, most = [], 0.0, 0.0
    for pairs in (even, odd):
        values = np.array([[*old, *new] for old, new in pairs])
        values -= values.mean(axis=1, keepdims=True)
        new = len(pairs[0][1])
        laws.append(SubsetSums(values, new))
        observed += values[:, -new:].sum()
        most += np.sort(values, axis=1)[:, -new:].sum()
    assert tail(laws, observed, most) == pytest.approx(enumerated(even + odd), rel=0.03)


def test_the_tail_is_scipys_permutation_test_of_many_trials():
    # Source: scipy.stats.permutation_test, 50,000 sign flips drawn: three errors are 0.003
    rng = np.random.default_rng(2)
    difference = rng.exponential(1, 300) * rng.choice([-1, 1], 300) + 0.05
    found = stats.permutation_test(
        (difference,),
        lambda each, axis: each.sum(axis=axis),
        permutation_type="samples",
        n_resamples=50_000,
        batch=5_000,
        alternative="greater",
        rng=rng,
    )
    assert 0.01 < found.pvalue < 0.2
    assert flip_tail(difference, difference.sum()) == pytest.approx(found.pvalue, abs=0.004)


def test_a_far_tail_is_binomial():
    # 190 of 240 rise. Source: scipy.stats.binom
    law = stats.binom(240, 0.5)
    expected = law.sf(190) + law.pmf(190) / 2
    assert expected < 1e-19
    assert flip_tail([1.0] * 240, 140.0) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("trials", "successes"),
    [
        pytest.param(5, 1, id="far-fewer-than-expected"),
        pytest.param(5, 20, id="more-than-expected"),
        pytest.param(5, 58, id="nearly-all"),
        pytest.param(100, 30, id="far-out-in-a-very-skewed-law"),
    ],
)
def test_the_tail_of_a_skewed_law_is_binomial(trials, successes):
    # One trial of each of 60 cases failed, and it is the new one with probability 1 / trials.
    # Source of the law: scipy.stats.binom
    law = stats.binom(60, 1 / trials)
    expected = law.sf(successes) + law.pmf(successes) / 2
    values = np.eye(1, trials, trials - 1).repeat(60, axis=0) - 1 / trials
    found = tail([SubsetSums(values, 1)], successes - 60 / trials, 60 - 60 / trials)
    assert found == pytest.approx(expected, rel=0.05)


def test_the_largest_sum_there_is_and_the_smallest():
    pairs = [([0.0, 0.1], [0.5, 0.9])] * 9
    assert subset_tail(pairs) == 0.0
    assert subset_tail([(new, old) for old, new in pairs]) == 1.0
    assert flip_tail([1.0, 2.0, 3.0], 6.0) == 0.0
    assert flip_tail([1.0, 2.0, 3.0], -6.0) == 1.0


@pytest.mark.parametrize(
    ("values", "observed"),
    [
        pytest.param([0.0, 0.0], 0.0, id="nothing-moves"),
        pytest.param([1.0] * 100, 0.0, id="the-mean-itself"),
        pytest.param([1.0] * 100, 5e-4, id="within-a-ten-thousandth-of-the-mean"),
    ],
)
def test_at_the_mean_the_tail_is_half(values, observed):
    # The standard deviation of 100 flips of 1 is 10.
    assert flip_tail(values, observed) == 0.5


def test_next_to_the_mean_a_skewed_law_is_half_too():
    # One of 0, 0, 0, 0, 5 in each of 9 cases is skewed: the depth at the mean's edge is the least.
    values = np.array([[-1.0, -1, -1, -1, 4]] * 9)
    deviation = math.sqrt(9 * 4)
    law = SubsetSums(values, 1)
    assert tail([law], 1.0000001e-4 * deviation, 36.0) == 0.5
    assert tail([law], 0.1 * deviation, 36.0) < 0.5


@pytest.mark.parametrize(
    ("is_swapped", "expected"),
    [
        pytest.param(False, 0, id="nearly-the-largest-sum-there-is"),
        pytest.param(True, 1, id="nearly-the-smallest"),
    ],
)
def test_exponents_of_far_apart_values_do_not_overflow(is_swapped, expected):
    # New is above every old value: but for two of the last cases each sum is the largest.
    rng = np.random.default_rng(0)
    pairs = [(rng.integers(100, 200, 2), rng.integers(5000, 6000, 2)) for _ in range(100)]
    pairs += [([0, 3], [3, 3])] * 6 + [([0, 3], [0, 3])] * 2
    swapped = [(new, old) for old, new in pairs]
    found = subset_tail(swapped if is_swapped else pairs)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "deviations",
    [pytest.param(2, id="near"), pytest.param(4, id="far-out")],
)
def test_many_trials_of_a_case_do_not_overflow(deviations):
    # 600 of 1,200 normal numbers. Source: the normal law, by the central limit theorem
    values = stats.norm.ppf((np.arange(1200) + 0.5) / 1200).reshape(1, -1)
    deviation = math.sqrt(600 * 600 / (1200 * 1199) * (values**2).sum())
    most = float(values[0, 600:].sum())
    found = tail([SubsetSums(values, 600)], deviations * deviation, most)
    assert found == pytest.approx(stats.norm.sf(deviations), rel=0.05)


@pytest.mark.parametrize("tilt", [-300.0, -1.0, 0.5, 300.0])
def test_the_cumulants_of_a_steep_tilt_by_hand(tilt):
    # exp K(t) = (e^-10t + 1 + e^10t) / 3: at t = 300 that is e^3000 / 3, beyond any float.
    x = 10 * abs(tilt)
    log_sum = x + math.log1p(math.exp(-x) + math.exp(-2 * x)) - math.log(3)
    slope = 10 * (1 - math.exp(-2 * x)) / (1 + math.exp(-x) + math.exp(-2 * x))
    found = SubsetSums(np.array([[-10.0, 0.0, 10.0]]), 1).cumulants(tilt)
    assert found[:2] == pytest.approx((log_sum, math.copysign(slope, tilt)))


@settings(max_examples=30, deadline=None)
@given(shifts=st.lists(st.floats(-3, 3), min_size=2, max_size=5))
def test_a_larger_sum_is_never_more_likely(shifts):
    pairs = random_pairs(9, 30, rise=0.0)
    tails = [subset_tail(pairs, shift=shift) for shift in sorted(shifts)]
    assert all(left >= right - 1e-9 for left, right in itertools.pairwise(tails))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rise=st.floats(-0.3, 0.3))
@example(seed=22269, rise=-0.039774101076033075)
def test_a_rise_and_the_fall_that_mirrors_it_share_one(seed, rise):
    pairs = random_pairs(seed, 30, rise=rise)
    mirrored = [(new, old) for old, new in pairs]
    # Close to the mean two large numbers nearly cancel, which costs the fifth digit.
    assert subset_tail(pairs) + subset_tail(mirrored) == pytest.approx(1, abs=1e-4)


def test_two_runs_of_the_same_prompt_rarely_look_different():
    # 400 runs at 5 %: 5 % -+ 3 x sqrt(0.05 x 0.95 / 400) = 1.7 % to 8.3 %
    alarms = [subset_tail(random_pairs(seed, 60, rise=0.0)) <= 0.05 for seed in range(400)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.033)
