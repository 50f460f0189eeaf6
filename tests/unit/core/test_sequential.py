from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gate.core.sequential import (
    FAIL_SPENDING,
    ONE_LOOK,
    PASS_SPENDING,
    Look,
    information,
    nominal_levels,
)

THIRDS = (1 / 3, 2 / 3, 1.0)
EIGHTHS = tuple(number / 8 for number in range(1, 9))


def crossed(times, levels):
    """Probability that a Brownian motion has crossed a level by each of these times.

    Source: scipy.stats.multivariate_normal; B(s) and B(t) have covariance min(s, t).
    """
    bounds = stats.norm.isf(levels) * np.sqrt(times)
    by_time = []
    for looks in range(1, len(times) + 1):
        covariance = np.minimum.outer(times[:looks], times[:looks])
        law = stats.multivariate_normal(np.zeros(looks), covariance, seed=1, abseps=1e-6)
        by_time.append(1 - law.cdf(bounds[:looks]))
    return by_time


@pytest.mark.parametrize("exponent", [FAIL_SPENDING, PASS_SPENDING])
@pytest.mark.parametrize("alpha", [0.05, 0.0125])
@pytest.mark.parametrize(
    "times",
    [
        pytest.param((0.5, 1.0), id="two-looks"),
        pytest.param(THIRDS, id="equally-far-apart"),
        pytest.param((0.1, 0.8, 1.0), id="unequally-far-apart"),
    ],
)
def test_by_each_look_the_probability_of_a_crossing_is_what_may_be_spent(times, alpha, exponent):
    levels = nominal_levels(times, alpha, exponent)
    spent = [alpha * time**exponent for time in times]
    assert crossed(np.array(times), levels) == pytest.approx(spent, abs=3e-6)


def test_eight_looks_together_spend_alpha():
    # 400,000 Brownian paths: sqrt(0.05 x 0.95 / 400,000) = 0.00034
    rng = np.random.default_rng(20240607)
    steps = rng.standard_normal((400_000, 8)) * math.sqrt(1 / 8)
    z = np.cumsum(steps, axis=1) / np.sqrt(EIGHTHS)
    levels = nominal_levels(EIGHTHS, 0.05, FAIL_SPENDING)
    assert (z > stats.norm.isf(levels)).any(axis=1).mean() == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize(("alpha", "exponent"), [(0.05, 3.0), (0.0125, 3.0), (0.05, 1.5)])
def test_one_look_spends_all_of_alpha(alpha, exponent):
    assert nominal_levels((1.0,), alpha, exponent) == pytest.approx((alpha,))


def test_the_first_look_spends_its_share_and_no_more():
    # 0.05 x (1/2)^3 = 0.00625; 0.05 x (1/4)^1.5 = 0.00625
    assert nominal_levels((0.5, 1.0), 0.05, 3.0)[0] == pytest.approx(0.00625)
    assert nominal_levels((0.25, 1.0), 0.05, 1.5)[0] == pytest.approx(0.00625)


def test_the_levels_of_two_looks_by_the_law_of_two_normal_numbers():
    # The second level solves P(Z1 <= z1, Z2 > z2) = 0.05 - 0.00625 with correlation sqrt(1/2)
    law = stats.multivariate_normal([0, 0], [[1, math.sqrt(0.5)], [math.sqrt(0.5), 1]])
    z1, z2 = stats.norm.isf(nominal_levels((0.5, 1.0), 0.05, 3.0))
    assert stats.norm.cdf(z1) - law.cdf([z1, z2]) == pytest.approx(0.04375, abs=1e-7)


@settings(max_examples=20, deadline=None)
@given(times=st.lists(st.integers(1, 99), min_size=1, max_size=7, unique=True))
def test_no_look_is_laxer_than_alpha_and_each_is_laxer_than_its_spending(times):
    shares = (*(each / 100 for each in sorted(times)), 1.0)
    levels = nominal_levels(shares, 0.05, FAIL_SPENDING)
    assert all(0 < level < 0.05 for level in levels)
    before = 0.0
    for share, level in zip(shares, levels, strict=True):
        assert level >= 0.05 * share**3 - before - 1e-12
        before = 0.05 * share**3


def test_a_look_knows_its_time_its_levels_and_the_end():
    look = Look(times=(0.5, 1.0), index=0)
    assert (look.time, look.is_last) == (0.5, False)
    assert look.fail_level(0.02) == pytest.approx(0.0025)  # 0.02 x 0.5^3
    assert look.pass_level() == pytest.approx(0.047 * 0.5**1.5)
    assert look.last() == Look(times=(0.5, 1.0), index=1)
    assert (look.last().time, look.last().is_last) == (1.0, True)
    assert look.last().fail_level(0.02) == nominal_levels((0.5, 1.0), 0.02, 3.0)[1]
    assert look.last().pass_level() == nominal_levels((0.5, 1.0), 0.047, 1.5)[1]


def test_a_single_look_is_the_last_and_as_strict_as_alpha():
    assert ONE_LOOK.is_last
    assert ONE_LOOK.last() == ONE_LOOK
    assert (ONE_LOOK.fail_level(0.01), ONE_LOOK.pass_level()) == pytest.approx((0.01, 0.05))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # Squared cases over the sum of 1 / k_old + 1 / k_new
        pytest.param([1], [1], 1 / 2, id="one-pair"),
        pytest.param([10, 10], [1, 1], 4 / 2.2, id="ten-old-trials-say-more-than-one"),
        pytest.param([2, 4], [2, 1], 4 / (1 + 1.25), id="unequal-numbers"),
        pytest.param([3, 0, 5], [3, 4, 0], 1 / (2 / 3), id="one-sided-cases-say-nothing"),
        pytest.param([3, 0], [0, 4], 0.0, id="no-case-has-both-sides"),
        pytest.param([], [], 0.0, id="no-case"),
    ],
)
def test_information_is_the_inverse_variance_of_the_mean_difference(old, new, expected):
    found = information(np.array(old, dtype=int), np.array(new, dtype=int))
    assert found == pytest.approx(expected)
