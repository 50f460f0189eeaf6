from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from unit.core.builders import enumerated, long_form

from gate.core import permutation
from gate.core.permutation import value_p_value


def value(pairs, *, mid_p=True):
    """P-value of pairs of (old values, new values)."""
    return value_p_value(*long_form(pairs), mid_p=mid_p)


@pytest.mark.parametrize(("mid_p", "expected"), [(True, 0.5), (False, 1.0)])
def test_cases_whose_trials_are_alike_say_nothing(mid_p, expected):
    assert value([([0.5, 0.5], [0.5]), ([7.0], [7.0])], mid_p=mid_p) == expected
    assert (
        value_p_value(np.zeros(0, dtype=int), np.zeros(0, dtype=bool), np.zeros(0), mid_p=mid_p)
        == expected
    )


QUARTERS = [
    pytest.param([([0, 0.25], [0.5, 1])], id="one-case"),
    pytest.param([([0, 0.25, 0.25], [1]), ([0.5], [0.25, 0.75])], id="unequal-numbers-of-trials"),
    pytest.param(
        [([0, 0.75], [0.5, 1]), ([0, 0], [0, 0.5]), ([1, 1], [1, 1]), ([0.5], [0])],
        id="some-tell-nothing",
    ),
    pytest.param([([10, 10.25], [10.5, 10]), ([3, 3.25], [3.5, 4])], id="cases-of-another-level"),
]


@pytest.mark.parametrize("mid_p", [True, False])
@pytest.mark.parametrize("pairs", QUARTERS)
def test_values_are_every_permutation_within_cases(pairs, mid_p):
    # Source: exhaustive enumeration; quarters lie on the grid, so nothing is rounded
    assert value(pairs, mid_p=mid_p) == pytest.approx(enumerated(pairs, mid_p=mid_p))


def test_values_off_the_grid_are_close_to_every_permutation():
    rng = np.random.default_rng(7)
    pairs = [(rng.random(2), rng.random(2) + 0.2) for _ in range(6)]
    assert value(pairs) == pytest.approx(enumerated(pairs, mid_p=True), abs=0.005)


def test_values_of_zero_and_one_give_the_hypergeometric_law_too():
    # Source: the law of scipy.stats.hypergeom
    law = stats.hypergeom(13, 4, 3)
    expected = law.sf(2) + law.pmf(2) / 2
    assert value([([1, 1] + [0] * 8, [1, 1, 0])]) == pytest.approx(expected)


def test_many_trials_of_one_case_do_not_overflow():
    # 600 of 1,200 are new and one trial differs: it is new with probability 1/2.
    old, new = [0.0] * 600, [0.0] * 599 + [1.0]
    assert value([(old, new)], mid_p=False) == pytest.approx(0.5)
    assert value([(new, old)], mid_p=False) == pytest.approx(1.0)


def test_a_hand_worked_value():
    # Of the 6 ways to call 2 of 0, 1, 2, 5 new, only 2 + 5 reaches 7
    assert value([([0, 1], [2, 5])], mid_p=False) == pytest.approx(1 / 6)
    assert value([([0, 1], [2, 5])]) == pytest.approx(1 / 12)
    # 1 + 5 = 6 is exceeded by 7 alone
    assert value([([0, 2], [1, 5])]) == pytest.approx(1 / 6 + 1 / 12)


def test_many_equal_cases_have_their_whole_law_computed():
    # 150 of 300 cases rise by 1 and 150 fall by 1: half of the way, by symmetry.
    assert value([([0.0], [1.0]), ([1.0], [0.0])] * 150) == pytest.approx(0.5)
    # 170 of 300 rise. Source: scipy.stats.binom
    law = stats.binom(300, 0.5)
    expected = law.sf(170) + law.pmf(170) / 2
    assert value([([0.0], [1.0])] * 170 + [([1.0], [0.0])] * 130) == pytest.approx(expected)


def random_pairs(seed, cases, *, trials=2, rise=20):
    """Pairs of whole numbers that lie on the grid: the largest span is that of the grid."""
    rng = np.random.default_rng(seed)
    old = rng.integers(0, 200, (cases, trials))
    new = rng.integers(0, 200, (cases, trials)) + rise
    old[0], new[0] = 0, permutation.GRID
    return list(zip(old.tolist(), new.tolist(), strict=True))


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param(random_pairs(1, 110), id="two-trials-a-side"),
        pytest.param(random_pairs(2, 210, trials=1), id="one-trial-a-side"),
        pytest.param(random_pairs(3, 70, trials=5, rise=-9), id="five-trials-a-side-and-a-fall"),
        pytest.param(
            random_pairs(4, 60) + random_pairs(5, 60, trials=3), id="unequal-numbers-of-trials"
        ),
    ],
)
def test_above_many_trials_the_tail_is_that_of_the_whole_law(pairs, monkeypatch):
    # Source: the convolution of all cases' laws
    monkeypatch.setattr(permutation, "MOST_POINTS", 0)
    tail = value(pairs)
    monkeypatch.setattr(permutation, "MOST_EXACT", 10_000)
    whole = value(pairs)
    assert tail == pytest.approx(whole, rel=0.01)
    assert tail != whole


@pytest.mark.parametrize(
    ("pairs", "points"),
    [
        pytest.param(random_pairs(6, 150), 0, id="many-kinds-of-cases-by-the-tail"),
        pytest.param(random_pairs(7, 4) * 60, math.inf, id="few-kinds-of-cases-by-the-whole-law"),
        pytest.param(random_pairs(8, 90, trials=1), math.inf, id="few-trials-by-the-whole-law"),
    ],
)
def test_the_whole_law_is_computed_where_it_is_quick(pairs, points, monkeypatch):
    found = value(pairs)
    monkeypatch.setattr(permutation, "MOST_POINTS", points)
    assert value(pairs) == found
    monkeypatch.setattr(permutation, "MOST_POINTS", 0 if points else math.inf)
    monkeypatch.setattr(permutation, "MOST_EXACT", 0)
    assert value(pairs) != found


def test_the_conservative_p_value_of_many_trials_is_computed_whole(monkeypatch):
    pairs = random_pairs(1, 110)
    monkeypatch.setattr(permutation, "MOST_POINTS", 0)
    assert value(pairs) < value(pairs, mid_p=False) < value(pairs) * 1.05


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_trials_of_values_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    case = np.repeat(np.arange(5), 4)
    is_new = np.tile([False, False, True, True], 5)
    values, order = rng.random(20), rng.permutation(20)
    assert value_p_value(case[order], is_new[order], values[order]) == pytest.approx(
        value_p_value(case, is_new, values)
    )
