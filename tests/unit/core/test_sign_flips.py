from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from gate.core import sign_flips
from gate.core.sign_flips import sign_flip_p_value


def flips(sums, *, mid_p=True):
    return sign_flip_p_value(np.array(sums, dtype=float), mid_p=mid_p)


def flipped(sums, *, mid_p=True):
    """The same by going through all signs."""
    signs = np.array(list(itertools.product([-1, 1], repeat=len(sums))))
    totals, observed = signs @ np.array(sums, dtype=float), math.fsum(sums)
    at = np.isclose(totals, observed, atol=1e-9)
    return ((totals > observed) & ~at).mean() + (0.5 if mid_p else 1.0) * at.mean()


@pytest.mark.parametrize(
    ("sums", "mid", "whole"),
    [
        # Of the 8 signs of three equal sums, 1 has all up, 3 have two up
        pytest.param([1, 1, 1], 1 / 16, 1 / 8, id="three-of-three-rise"),
        pytest.param([1, 1, -1], 1 / 8 + 3 / 16, 4 / 8, id="two-of-three-rise"),
        # Totals of 3, 1: 4, 2, -2, -4
        pytest.param([3, -1], 1 / 4 + 1 / 8, 2 / 4, id="the-larger-cluster-rises"),
        pytest.param([-1, -1, -1], 7 / 8 + 1 / 16, 1, id="three-of-three-fall"),
        pytest.param([5], 1 / 4, 1 / 2, id="one-cluster"),
    ],
)
def test_signs_counted_by_hand(sums, mid, whole):
    assert flips(sums) == pytest.approx(mid)
    assert flips(sums, mid_p=False) == pytest.approx(whole)


@pytest.mark.parametrize("mid_p", [True, False])
@pytest.mark.parametrize(
    "sums",
    [
        pytest.param([1, 2, 3, -1, 2, 1, -2, 1, 1, 4], id="ties"),
        pytest.param([0.5, 0.25, -0.75, 1.0, 0, 0, 0.25], id="quarters-and-clusters-of-no-change"),
        pytest.param([8, -1, -1, -1, -1, -1, -1, -1, -1], id="one-against-many"),
        pytest.param([0.1, 0.2, -0.3], id="tenths-that-tie-though-rounded"),
    ],
)
def test_the_law_is_that_of_all_signs(sums, mid_p):
    # Source: exhaustive enumeration
    assert flips(sums, mid_p=mid_p) == pytest.approx(flipped(sums, mid_p=mid_p))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-64, 64), min_size=1, max_size=10))
def test_the_law_of_whole_numbers_is_that_of_all_signs(sums):
    # 64 divides 4,096, so that numbers up to 64 lie on the grid when 64 is one of them
    assert flips([64, *sums]) == pytest.approx(flipped([64, *sums]))


def test_any_values_are_close_to_scipys_permutation_test():
    # Source: scipy.stats.permutation_test goes through all 2^12 signs and counts the observed one
    rng = np.random.default_rng(5)
    sums = rng.normal(0.4, 1, 12)
    found = stats.permutation_test(
        (sums,),
        lambda each, axis: each.sum(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="greater",
    )
    assert flips(sums) == pytest.approx(found.pvalue - 0.5 / 2**12, abs=0.002)
    assert flips(sums, mid_p=False) == pytest.approx(found.pvalue, abs=0.002)


@pytest.mark.parametrize(("fixed", "broken"), [(3, 9), (0, 5), (2, 30)])
def test_equal_clusters_give_mcnemars_exact_test(fixed, broken):
    # Source: statsmodels' exact McNemar is two-sided
    both = mcnemar([[5, broken], [fixed, 4]], exact=True).pvalue
    sums = [1] * broken + [-1] * fixed + [0] * 9
    assert flips(sums, mid_p=False) == pytest.approx(both / 2)


@pytest.mark.parametrize(("mid_p", "expected"), [(True, 0.5), (False, 1.0)])
def test_clusters_that_did_not_move_say_nothing(mid_p, expected):
    assert flips([0, 0, 0], mid_p=mid_p) == expected
    assert flips([], mid_p=mid_p) == expected


def test_above_many_clusters_the_tail_is_that_of_the_whole_law(monkeypatch):
    # Source: the convolution of the clusters' laws
    sums = np.random.default_rng(11).normal(0.1, 1, 260)
    tail, conservative = flips(sums), flips(sums, mid_p=False)
    monkeypatch.setattr(sign_flips, "MOST_FLIPS", 10_000)
    whole = flips(sums)
    assert tail == pytest.approx(whole, rel=0.01)
    assert tail != whole
    assert whole < conservative < whole * 1.05


@pytest.mark.parametrize("mid_p", [True, False])
@pytest.mark.parametrize(
    "sums",
    [
        pytest.param([1, 2, 3, -1, -2, 4, 1, 1, -3], id="thirds"),
        pytest.param([10, 6, -4, 3, 3, -1, 7, 2, -10], id="thirtieths"),
        pytest.param([4, 6, 10, -4, -6, 10, 6], id="none-of-the-smallest-size"),
        pytest.param([64, 65, 66, -195, 65, 130], id="a-sixty-fourth-of-the-smallest"),
    ],
)
@pytest.mark.parametrize("unit", [1 / 3, 1 / 30, 0.7, 1e-9, 1e7])
def test_ties_of_clusters_stay_ties_in_any_unit(sums, unit, mid_p):
    # Source: exhaustive enumeration in whole numbers
    expected = flipped(sums, mid_p=mid_p)
    assert flips(np.array(sums) * unit, mid_p=mid_p) == pytest.approx(expected, abs=1e-12)


def test_sixty_clusters_have_their_whole_law_computed():
    # 38 of 60 rise, and 38 of 61. Source: scipy.stats.binom
    for falls, exactly in ((22, True), (23, False)):
        law = stats.binom(38 + falls, 0.5)
        expected = law.sf(38) + law.pmf(38) / 2
        found = flips([1] * 38 + [-1] * falls)
        assert found == pytest.approx(expected, rel=0.05)
        assert math.isclose(found, expected, rel_tol=1e-9) is exactly


def test_above_many_equal_clusters_the_tail_is_binomial():
    # 140 of 240 rise. Source: scipy.stats.binom
    law = stats.binom(240, 0.5)
    expected = law.sf(140) + law.pmf(140) / 2
    assert flips([1] * 140 + [-1] * 100) == pytest.approx(expected, rel=0.02)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=30))
def test_a_rise_and_the_fall_that_mirrors_it_share_one(sums):
    assert flips(sums) + flips([-each for each in sums]) == pytest.approx(1)
