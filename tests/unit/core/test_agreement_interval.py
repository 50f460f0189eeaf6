from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa
from unit.core.raters import CELLS, raters

from gate.core.agreement import agreement

# -- its interval


def test_the_interval_by_hand_where_all_agree():
    # With four items pretended 6, 1, 1, 6: agreed 12/14, by chance 1/2, kappa 5/7. An agreeing
    # item moves kappa by (2/14) / 0.5 = 2/7, one of the two others by (-12/14) / 0.5 = -12/7, so
    # the variance is (12 * 4/49 + 2 * 144/49) / 14^2 = 0.034985; Student's t of 9 is 2.2622.
    found = agreement(*raters([[5, 0], [0, 5]])).interval
    assert found == pytest.approx((5 / 7 - 2.2622 * math.sqrt(0.034985), 1.0), abs=1e-4)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param([[20, 5], [10, 15]], id="two-categories"),
        pytest.param([[1, 3], [2, 1]], id="few-items"),
        pytest.param([[75, 1, 4], [5, 4, 1], [0, 0, 10]], id="three-categories"),
    ],
)
def test_the_interval_is_fleiss_cohen_and_everitts_after_four_items_were_pretended(table):
    size = len(table)
    pretended = np.full((size, size), 2 / (size * (size - 1)))
    np.fill_diagonal(pretended, 2 / size)
    known = cohens_kappa(table + pretended)
    away = stats.t.ppf(0.975, np.sum(table) - 1) * known.std_kappa
    found = agreement(*raters(table)).interval
    # Our quantile of Student is a series; of 49 degrees of freedom it is exact.
    assert found == pytest.approx((known.kappa - away, known.kappa + away), abs=2e-4)


def weighed(rows, clusters, size):
    """Kappa and its error when each cluster's weight moves a little; four more are pretended."""
    rows = np.array([*rows, *CELLS])
    groups = np.array([*clusters, *range(-4, 0)])
    weights = np.array([1.0] * (len(rows) - 4) + [size] * 4)

    def kappa(weights):
        return cohen_kappa_score(rows[:, 0], rows[:, 1], sample_weight=weights)

    moves = [
        (kappa(weights * (1 + 1e-5 * (groups == group))) - kappa(weights)) / 1e-5
        for group in set(groups.tolist())
    ]
    return kappa(weights), math.hypot(*moves)


@pytest.mark.parametrize("clusters", [9, 25, 47])
@pytest.mark.parametrize(
    "table",
    [
        pytest.param([[20, 5], [10, 15]], id="some-agreement"),
        pytest.param([[10, 30], [5, 5]], id="less-than-by-chance"),
        pytest.param([[30, 0], [0, 10]], id="always"),
        pytest.param([[1, 45], [42, 2]], id="almost-never"),
    ],
)
def test_the_error_of_clusters_is_what_one_of_them_moves_kappa(table, clusters):
    first, second = raters(table)
    rows = list(zip(first, second, strict=True))
    # All but the last are one item each.
    groups = [min(index * 7 % len(rows), clusters) for index in range(len(rows))]
    sizes = np.bincount(groups)
    worth = sizes.sum() ** 2 / (sizes**2).sum()  # clusters of equal size
    middle, error = weighed(rows, groups, len(rows) / worth)
    away = stats.t.ppf(0.975, worth - 1) * error
    found = agreement(first, second, clusters=groups).interval
    limits = max(-1, middle - away), min(1, middle + away)
    # Our quantile of Student is a series, which is rough below 4 degrees of freedom.
    assert found == pytest.approx(limits, abs=0.02 if worth < 5 else 1e-3)


def test_copies_of_an_item_make_nothing_surer():
    first, second = raters([[20, 5], [10, 15]])
    once = agreement(first, second)
    copied = agreement(first * 6, second * 6, clusters=[*range(50)] * 6)
    assert copied.interval == pytest.approx(once.interval)
    assert agreement(first * 6, second * 6).interval[0] > once.interval[0] + 0.1


def test_a_cluster_that_is_most_of_the_items_leaves_nothing_sure():
    first, second = raters([[25, 0], [0, 25]])
    alone = agreement(first, second, clusters=[0] * 40 + [*range(1, 11)])
    assert alone.kappa == 1
    assert alone.interval == (-1, 1)


def test_too_few_clusters_have_no_interval():
    first, second = raters([[20, 5], [10, 15]])
    two = agreement(first, second, clusters=[index % 2 for index in range(50)])
    assert two.kappa == pytest.approx(0.4)
    assert two.interval is None
    three = agreement(first, second, clusters=[index % 3 for index in range(50)])
    assert three.interval is not None


def test_the_interval_of_ten_items_is_honest_where_the_plain_one_is_not():
    # Source: all tables of ten items, and statsmodels; the worlds have a share and a kappa.
    tables = [
        np.array([[a, b], [c, 10 - a - b - c]])
        for a in range(11)
        for b in range(11 - a)
        for c in range(11 - a - b)
        if max(a, 10 - a - b - c) < 10
    ]
    with np.errstate(invalid="ignore"):  # where statsmodels rounds a variance to below 0
        known = [cohens_kappa(table) for table in tables]
    away = [1.96 * np.nan_to_num(each.std_kappa) for each in known]
    plain = [(each.kappa - z, each.kappa + z) for each, z in zip(known, away, strict=True)]
    ours = [agreement(*raters(table)).interval for table in tables]

    def misses(intervals, share, kappa):
        both = share * share + kappa * share * (1 - share)
        cells = [both, share - both, share - both, 1 - 2 * share + both]
        chances = stats.multinomial.pmf([table.ravel() for table in tables], 10, cells)
        out = [not low - 1e-9 <= kappa <= high + 1e-9 for low, high in intervals]
        return chances @ np.array(out) / chances.sum()

    worlds = list(product((0.1, 0.2, 0.5), (0.0, 0.3, 0.6, 0.9)))
    assert max(misses(plain, *world) for world in worlds) > 0.8
    assert max(misses(ours, *world) for world in worlds) < 0.06
