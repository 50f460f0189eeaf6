from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable, mcnemar

from gate.core.permutation import binary_p_value, value_p_value


def binary(rows, *, mid_p=True):
    """P-value of rows of (trials, new trials, failed, failed among the new ones)."""
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    return binary_p_value(*columns, mid_p=mid_p)


def value(pairs, *, mid_p=True):
    """P-value of pairs of (old values, new values)."""
    long = [
        (index, is_new, each)
        for index, pair in enumerate(pairs)
        for is_new, side in enumerate(pair)
        for each in side
    ]
    case, is_new, values = zip(*long, strict=True)
    return value_p_value(
        np.array(case), np.array(is_new, dtype=bool), np.array(values, dtype=float), mid_p=mid_p
    )


def enumerated(pairs, *, mid_p, weights=None):
    """The same by going through every way to call some trials of each case new."""
    weights = weights or [1] * len(pairs)
    sums = []
    for (old, new), weight in zip(pairs, weights, strict=True):
        trials = [*old, *new]
        ways = itertools.combinations(trials, len(new))
        sums.append([weight * math.fsum(way) for way in ways])
    observed = sum(w * math.fsum(new) for (_, new), w in zip(pairs, weights, strict=True))
    totals = np.array([math.fsum(way) for way in itertools.product(*sums)])
    at = np.isclose(totals, observed, atol=1e-9)
    above = (totals > observed) & ~at
    return (above.sum() + (0.5 if mid_p else 1.0) * at.sum()) / len(totals)


def marks(row):
    """The trials behind a row: old and new values of 0 and 1."""
    trials, new, failed, failed_new = row
    failed_old = failed - failed_new
    old = [1] * failed_old + [0] * (trials - new - failed_old)
    return old, [1] * failed_new + [0] * (new - failed_new)


def test_one_case_of_two_and_two_trials_by_hand():
    # Both failures are new; of the 6 ways to call 2 of 4 trials new, 1 has both.
    assert binary([(4, 2, 2, 2)], mid_p=False) == pytest.approx(1 / 6)
    assert binary([(4, 2, 2, 2)]) == pytest.approx(1 / 12)
    # One failure on each side: 1 way above, 4 ways as observed.
    assert binary([(4, 2, 2, 1)], mid_p=False) == pytest.approx(5 / 6)
    assert binary([(4, 2, 2, 1)]) == pytest.approx(3 / 6)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((13, 3, 4, 2), id="ten-old-three-new"),
        pytest.param((13, 3, 12, 3), id="nearly-all-failed"),
        pytest.param((13, 3, 12, 2), id="the-least-possible-on-the-new-side"),
        pytest.param((2000, 1000, 900, 470), id="many-trials"),
        pytest.param((6, 5, 3, 3), id="more-new-than-old"),
    ],
)
def test_one_case_is_hypergeometric(row):
    # Source: the law of scipy.stats.hypergeom, whose arguments are population, marked, drawn
    trials, new, failed, failed_new = row
    law = stats.hypergeom(trials, failed, new)
    above, at = law.sf(failed_new), law.pmf(failed_new)
    assert binary([row], mid_p=False) == pytest.approx(above + at)
    assert binary([row]) == pytest.approx(above + at / 2)


@pytest.mark.parametrize("mid_p", [True, False])
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(4, 2, 1, 1), (4, 2, 2, 1), (4, 2, 3, 2)], id="equal-numbers"),
        pytest.param([(5, 2, 1, 1), (4, 3, 3, 3), (6, 1, 2, 0)], id="unequal-numbers-of-trials"),
        pytest.param([(2, 1, 1, 1), (7, 3, 4, 2), (3, 1, 3, 1), (3, 1, 0, 0)], id="some-tell-none"),
        pytest.param([(4, 2, 2, 2), (4, 2, 2, 2), (4, 2, 2, 0)], id="equal-cases"),
    ],
)
def test_several_cases_are_every_permutation_within_cases(rows, mid_p):
    # Source: exhaustive enumeration, failures of a case weighted by round(8 / sqrt(m))
    weights = [max(1, round(8 / math.sqrt(max(1, row[2])))) for row in rows]
    expected = enumerated([marks(row) for row in rows], mid_p=mid_p, weights=weights)
    assert binary(rows, mid_p=mid_p) == pytest.approx(expected)


@pytest.mark.parametrize(("fixed", "broken"), [(3, 9), (0, 5), (7, 7), (6, 2)])
def test_one_trial_a_side_is_mcnemars_exact_test(fixed, broken):
    # Source: scipy.stats.binom; statsmodels' exact McNemar is two-sided
    rows = (
        [(2, 1, 1, 1)] * broken + [(2, 1, 1, 0)] * fixed + [(2, 1, 2, 1)] * 4 + [(2, 1, 0, 0)] * 5
    )
    law = stats.binom(fixed + broken, 0.5)
    assert binary(rows, mid_p=False) == pytest.approx(law.sf(broken - 1))
    assert binary(rows) == pytest.approx(law.sf(broken) + law.pmf(broken) / 2)
    if broken > fixed:
        both = mcnemar([[5, broken], [fixed, 4]], exact=True).pvalue
        assert binary(rows, mid_p=False) == pytest.approx(both / 2)


def test_many_cases_of_equal_weight_are_close_to_cochran_mantel_haenszel():
    # Source: statsmodels' StratifiedTable, by the normal approximation
    rows = [(6, 3, 2, 2)] * 30 + [(6, 3, 2, 1)] * 90 + [(6, 3, 2, 0)] * 20
    tables = [
        [[failed_new, new - failed_new], [failed - failed_new, trials - new - failed + failed_new]]
        for trials, new, failed, failed_new in rows
    ]
    found = StratifiedTable(tables).test_null_odds(correction=False)
    one_sided = stats.norm.sf(math.sqrt(found.statistic))
    assert binary(rows) == pytest.approx(one_sided, rel=0.05)
    assert binary(rows) < 0.1


def test_long_laws_are_the_same_by_fourier_as_by_direct_sums():
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(120):
        trials = int(rng.integers(4, 20))
        new, failed = int(rng.integers(1, trials)), int(rng.integers(0, trials + 1))
        rows.append((trials, new, failed, int(rng.hypergeometric(failed, trials - failed, new))))
    law, observed = np.ones(1), 0
    for trials, new, failed, failed_new in rows:
        weight = max(1, round(8 / math.sqrt(max(1, failed))))
        one = np.zeros(min(failed, new) * weight + 1)
        one[::weight] = stats.hypergeom(trials, failed, new).pmf(range(min(failed, new) + 1))
        law = np.convolve(law, one)
        observed += weight * failed_new
    assert binary(rows) == pytest.approx(law[observed + 1 :].sum() + law[observed] / 2)


@pytest.mark.parametrize(("mid_p", "expected"), [(True, 0.5), (False, 1.0)])
def test_cases_that_cannot_tell_the_sides_apart_say_nothing(mid_p, expected):
    assert binary([(4, 2, 0, 0), (4, 2, 4, 2)], mid_p=mid_p) == pytest.approx(expected)
    assert value([([0.5, 0.5], [0.5]), ([7.0], [7.0])], mid_p=mid_p) == expected


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


def test_many_cases_of_values_are_close_to_the_normal_law():
    # Source: the sum of 400 independent differences of random sign, by the central limit theorem
    rng = np.random.default_rng(3)
    old, new = rng.random(400), rng.random(400) + 0.02
    z = (new - old).sum() / math.sqrt(((new - old) ** 2).sum())
    expected = stats.norm.sf(z)
    assert value([([a], [b]) for a, b in zip(old, new, strict=True)]) == pytest.approx(
        expected, abs=0.005
    )


@st.composite
def tables(draw):
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        trials = draw(st.integers(2, 13))
        new, failed = draw(st.integers(1, trials - 1)), draw(st.integers(0, trials))
        low, high = max(0, failed - (trials - new)), min(failed, new)
        rows.append((trials, new, failed, draw(st.integers(low, high))))
    return rows


@settings(max_examples=50, deadline=None)
@given(rows=tables(), seed=st.randoms(use_true_random=False))
def test_the_order_of_the_cases_changes_nothing(rows, seed):
    shuffled = seed.sample(rows, len(rows))
    assert binary(shuffled) == pytest.approx(binary(rows), abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(rows=tables())
def test_the_mid_p_value_is_never_above_the_conservative_one(rows):
    mid, whole = binary(rows), binary(rows, mid_p=False)
    assert 0 <= mid < whole <= 1


@settings(max_examples=50, deadline=None)
@given(rows=tables())
def test_a_rise_and_the_fall_that_mirrors_it_share_one(rows):
    mirrored = [(k, k - new, m, m - failed_new) for k, new, m, failed_new in rows]
    assert binary(rows) + binary(mirrored) == pytest.approx(1)


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


def test_two_runs_of_the_same_prompt_rarely_look_different():
    # 300 runs at 5 %: 5 % + 3 x sqrt(0.05 x 0.95 / 300) = 8.8 %
    rng = np.random.default_rng(20240607)
    chances = np.repeat([0.0, 0.02, 0.1, 0.3, 0.5, 0.9], 10)
    sixty = np.full(60, 6), np.full(60, 3)
    alarms = []
    for _ in range(300):
        old, new = rng.binomial(3, chances), rng.binomial(3, chances)
        alarms.append(binary_p_value(*sixty, old + new, new) <= 0.05)
    assert 0.01 < np.mean(alarms) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_a_prompt_that_got_worse_does_look_different():
    rng = np.random.default_rng(20240607)
    old, new = rng.binomial(3, 0.1, size=(100, 60)), rng.binomial(3, 0.3, size=(100, 60))
    sixty = np.full(60, 6), np.full(60, 3)
    found = [binary_p_value(*sixty, a + b, b) <= 0.05 for a, b in zip(old, new, strict=True)]
    assert np.mean(found) > 0.9
