from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW
from unit.core.builders import enumerated, measured

from gate.core.estimate import Estimate, estimate, quantile_of

QUIET = ([0, 0], [0, 0])
BROKEN = ([0, 0], [1, 1])


def test_an_estimate_by_hand():
    # Case 1 has 0 of 2 and 2 of 2, cases 2 to 4 nothing: V = 2 x 2 / (2 x 2 x 3) / 16
    found = estimate(measured(BROKEN, QUIET, QUIET, QUIET))
    assert (found.old, found.new, found.change) == (0, 0.25, 0.25)
    assert (found.cases, found.trials_old, found.trials_new, found.planned_new) == (4, 8, 8, 8)
    assert found.variance == pytest.approx(1 / 48)
    assert found.p_value == pytest.approx(1 / 12)  # 1 of 6 ways, half of it


def test_an_estimate_can_count_the_whole_of_what_was_observed():
    assert estimate(measured(BROKEN), mid_p=False).p_value == pytest.approx(1 / 6)
    assert estimate(measured(([0, 0], [0.5, 0.5])), mid_p=False).p_value == pytest.approx(1 / 6)


def test_each_case_counts_the_same_however_many_trials_it_has():
    # Old is half of 0 + 1/4, new is half of 1 + 0.
    found = estimate(measured(([0], [1]), ([1, 0, 0, 0], [0, 0])))
    assert (found.old, found.new, found.change) == (0.125, 0.5, 0.375)
    assert (found.trials_old, found.trials_new) == (5, 3)


def test_an_estimate_against_a_ratio_by_hand():
    # Mean 1.15; squares 0.0225 + 0.0025 + 0.0025 + 0.0225; V = 0.05 / 3 x (1/2 + 1.21/2)
    found = estimate(measured(([1.0, 1.2], [1.1, 1.3])), ratio=1.1)
    assert found.change == pytest.approx(1.2 - 1.1 * 1.1)
    assert found.variance == pytest.approx(0.05 / 3 * (0.5 + 0.605))


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([([0, 1], [1, 1]), ([0, 0], [1, 0])], id="failures"),
        pytest.param([([0, 0.25], [0.5, 1]), ([0.5], [0, 0.75])], id="values-on-the-grid"),
    ],
)
@pytest.mark.parametrize("ratio", [1.0, 1.25])
def test_the_p_value_is_that_of_a_rise_whatever_ratio_is_tolerated(pairs, ratio):
    # Source: exhaustive enumeration
    weights = [round(8 / sum(map(sum, pair)) ** 0.5) for pair in pairs]
    is_rate = all(value in (0, 1) for pair in pairs for side in pair for value in side)
    expected = enumerated(pairs, weights=weights if is_rate else None)
    assert estimate(measured(*pairs), ratio=ratio).p_value == pytest.approx(expected)


SIDE = st.lists(st.integers(0, 1), min_size=1, max_size=6)
ROWS = st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_the_variance_of_a_rate_is_the_one_of_the_design(rows):
    # V = N^-2 sum m (K - m) / (k_new k_old (K - 1)), DESIGN section 4
    total = 0.0
    for old, new in rows:
        k_all, failed = len(old) + len(new), sum(old) + sum(new)
        total += failed * (k_all - failed) / (len(new) * len(old) * (k_all - 1))
    assert estimate(measured(*rows)).variance == pytest.approx(total / len(rows) ** 2)


@pytest.mark.parametrize("population", [False, True])
def test_a_difference_that_is_only_rounded_is_none(population):
    tenths = [([0.1] * 3, [0.1] * 3), ([0.7] * 3, [0.7] * 7), ([1.1] * 6, [1.1])]
    found = estimate(measured(*tenths), population=population)
    assert (found.change, found.p_value) == (0, 0.5)
    # 1.1 x 0.1 and 0.11 differ by the last digit
    found = estimate(measured(*[([0.1] * 3, [0.11] * 3)] * 4), ratio=1.1, population=population)
    assert found.change == 0


@pytest.mark.parametrize("population", [False, True])
def test_a_small_difference_is_one(population):
    pairs = [([1e6] * 3, [1e6 + 1e-3] * 3)] * 9
    found = estimate(measured(*pairs), population=population)
    assert found.change == pytest.approx(1e-3, rel=1e-6)
    assert found.p_value < 0.01


def test_a_case_that_asks_the_same_is_a_change_of_nothing_for_certain():
    # One trial is both sides: whatever the marks, both are their mean and the case is sure.
    found = estimate(measured(BROKEN, ([1, 0], [1, 1]), same=[1]))
    assert (found.old, found.new) == (0.375, 0.875)
    assert found.change == 0.5
    # Case 1 alone has a variance, 2 x 2 / (2 x 2 x 3), over 2 cases squared
    assert found.variance == pytest.approx(1 / 12)
    assert found.p_value == estimate(measured(BROKEN)).p_value


def test_a_case_that_asks_the_same_says_nothing_of_other_values_either():
    changed, same = ([0.0, 0.25], [0.5, 1.0]), ([0.1, 0.9], [0.8, 0.2])
    found = estimate(measured(changed, same, same=[1]))
    alone = estimate(measured(changed))
    assert found.change == pytest.approx(alone.change / 2)
    assert found.variance == pytest.approx(alone.variance / 4)
    assert found.p_value == alone.p_value


@pytest.mark.parametrize("pair", [([0, 1], [1, 1]), ([0.5], [0.75])])
def test_where_every_case_asks_the_same_nothing_can_have_changed(pair):
    found = estimate(measured(pair, pair, same=[0, 1]))
    assert (found.change, found.variance, found.p_value) == (0, 0, 0.5)


def test_cases_that_are_yet_unseen_add_the_spread_between_cases():
    # Differences 1, 0, 0, 0: their variance is 1/4, of their mean 1/16. Half of 8 cases is seen:
    # half of 1/48, and half of 1/16
    pairs = [BROKEN, QUIET, QUIET, QUIET]
    found = estimate(measured(*pairs, unseen=4))
    assert found.variance == pytest.approx(0.5 / 48 + 0.5 / 16)
    # A quarter of 16 is seen.
    found = estimate(measured(*pairs, unseen=12))
    assert found.variance == pytest.approx(0.25 / 48 + 0.75 / 16)
    assert found.p_value == estimate(measured(*pairs)).p_value


def test_one_case_alone_shows_no_spread_between_cases():
    assert estimate(measured(BROKEN, unseen=9)).variance == pytest.approx(1 / 3)


def test_the_plan_is_never_less_than_what_is_here():
    assert estimate(measured(BROKEN, planned_new=10)).planned_new == 10
    assert estimate(measured(BROKEN, planned_new=1)).planned_new == 2


def test_a_population_of_single_cases_has_the_variance_of_a_mean():
    # Source: statsmodels' DescrStatsW, the standard error of a mean
    rng = np.random.default_rng(4)
    old, new = rng.random(30), rng.random(30)
    pairs = [([a], [b]) for a, b in zip(old, new, strict=True)]
    found = estimate(measured(*pairs), population=True)
    assert found.variance == pytest.approx(DescrStatsW(new - old).std_mean ** 2)


def test_clusters_by_hand():
    # Differences 1, 1 | 0 | 0: mean 1/2; sums of deviations 1, -1/2, -1/2;
    # V = (1 + 1/4 + 1/4) x 3/2 / 16. Signs of one cluster that rises by 2: 1/4
    broken, quiet = ([0], [1]), ([1], [1])
    found = estimate(measured(broken, broken, quiet, quiet, cluster=[7, 7, 2, 4]), population=True)
    assert found.change == 0.5
    assert found.variance == pytest.approx(1.5 * 1.5 / 16)
    assert found.p_value == pytest.approx(1 / 4)
    # Four clusters: V = 4 x (1/2)^2 x 4/3 / 16; two that rise: 1/4 above none, half of it
    found = estimate(measured(broken, broken, quiet, quiet), population=True)
    assert found.variance == pytest.approx(4 / 3 / 16)
    assert found.p_value == pytest.approx(1 / 8)


def test_for_a_population_the_p_value_is_that_of_a_rise_and_the_variance_that_of_the_ratio():
    # Both rise, by 1 and 3: 1/8. Against 2.25 x old: -0.25 and 0.5, whose variance is 0.28125.
    pairs = [([1], [2]), ([2], [5])]
    found = estimate(measured(*pairs), ratio=2.25, population=True)
    assert found.p_value == pytest.approx(1 / 8)
    assert found.change == pytest.approx(0.125)
    assert found.variance == pytest.approx(0.28125 / 2)
    conservative = estimate(measured(*pairs), mid_p=False, population=True)
    assert conservative.p_value == pytest.approx(1 / 4)


def test_trials_within_a_case_say_nothing_about_a_population_of_cases():
    # 500 trials a side of one case are one difference.
    many = ([0] * 500, [1] * 500)
    found = estimate(measured(many, QUIET, QUIET), population=True)
    assert found.p_value == pytest.approx(1 / 4)
    assert estimate(measured(many, QUIET, QUIET)).p_value < 1e-12


@settings(max_examples=50, deadline=None)
@given(rows=ROWS, seed=st.randoms(use_true_random=False), population=st.booleans())
def test_the_order_of_the_cases_changes_nothing(rows, seed, population):
    pairs = [*rows, BROKEN]  # a population needs two clusters
    shuffled = seed.sample(pairs, len(pairs))
    one, two = (estimate(measured(*each), population=population) for each in (pairs, shuffled))
    for field in fields(Estimate):
        assert getattr(one, field.name) == pytest.approx(getattr(two, field.name), abs=1e-12)


def test_quantiles_are_told_of_each_side():
    # The 95th percentile of 0 .. 100 is 95
    value = np.concatenate([np.arange(101.0), np.arange(200.0, 301.0)])
    assert quantile_of(value, np.arange(202) >= 101, 0.95) == (95, 295)
    assert quantile_of(value, np.arange(202) < 101, 0.5) == (250, 50)
