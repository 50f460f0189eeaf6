from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable, mcnemar
from unit.core.builders import enumerated

from gate.core.permutation import binary_p_value


def binary(rows, *, mid_p=True):
    """P-value of rows of (trials, new trials, failed, failed among the new ones)."""
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    return binary_p_value(*columns, mid_p=mid_p)


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
    none = np.zeros(0, dtype=np.int64)
    assert binary_p_value(none, none, none, none, mid_p=mid_p) == expected


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
