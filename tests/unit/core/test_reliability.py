from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from statsmodels.stats.proportion import proportion_confint
from unit.core.signal_tables import Reviewers

from gate.core.clustered import mean_with_interval, spread
from gate.core.reliability import bins_of, reliability


def held(probability, marks, *, cluster=None, base=0.5):
    rows = len(marks)
    return reliability(
        np.array(probability, dtype=float),
        np.array([mark == "x" for mark in marks], dtype=float),
        np.arange(rows) if cluster is None else np.array(cluster),
        base=np.full(rows, base),
    )


# --- by hand --------------------------------------------------------------------------------------


def test_the_brier_score_is_the_mean_squared_distance():
    found = held([0.1, 0.2, 0.6, 0.9], "..xx")
    # 0.01, 0.04, 0.16, 0.01; with the base rate alone 0.25 each
    assert found.brier.value == pytest.approx(0.22 / 4)
    assert found.gain.value == pytest.approx(0.25 - 0.22 / 4)
    assert (found.rows, found.clusters) == (4, 4)
    assert (found.overridden, found.predicted) == (0.5, pytest.approx(0.45))


def test_a_mean_has_the_interval_of_student():
    # Of 0, 1 and 2: mean 1, variance of the mean 1 / 3, t = 4.302653 with two degrees of freedom.
    found = mean_with_interval(np.array([0.0, 1.0, 2.0]), np.array([4, 7, 5]))
    assert found.value == 1
    assert found.interval == pytest.approx((1 - 2.484138, 1 + 2.484138), abs=1e-6)


def test_labels_of_one_cluster_count_as_one():
    # Sums of the deviations -0.5 and 0.5 by cluster: -1 and 1; (1 + 1) x 2 / 1 over 4 x 4 is 0.25,
    # and t = 12.706205 with one degree of freedom.
    found = mean_with_interval(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]))
    assert found.interval == pytest.approx((0.5 - 6.353102, 0.5 + 6.353102), abs=1e-5)


def test_one_cluster_says_nothing_of_chance():
    assert spread(np.array([0.1, -0.1]), np.array([3, 3])) == (np.inf, 1)
    assert mean_with_interval(np.array([0.0, 1.0]), np.array([3, 3])).interval == (-np.inf, np.inf)


def test_the_calibration_error_is_the_weighted_gap_of_the_bins():
    # Ten bins of two: nothing is overridden up to 0.45, and everything from 0.55 on, so that twice
    # 0.05 + 0.15 + 0.25 + 0.35 + 0.45 is to be weighted with 2 / 20.
    found = held(np.repeat(np.arange(10) / 10 + 0.05, 2), "." * 10 + "x" * 10)
    assert found.ece.value == pytest.approx(0.25)
    assert [each.rows for each in found.bins] == [2] * 10
    assert [each.observed for each in found.bins] == [0] * 5 + [1] * 5
    assert [each.predicted for each in found.bins] == pytest.approx(np.arange(10) / 10 + 0.05)


@pytest.mark.parametrize(
    ("marks", "predicted", "ece"),
    [
        # One bin of four, at 0.5.
        pytest.param("..xx", [0.5] * 4, 0.0, id="as-many-as-it-says"),
        pytest.param(".xxx", [0.5] * 4, 0.25, id="one-more"),
        pytest.param("xxxx", [0.5] * 4, 0.5, id="all"),
        # Two bins of two: 0.25 over and 0.25 under do not cancel.
        pytest.param("..xx", [0.25, 0.25, 0.75, 0.75], 0.25, id="gaps-do-not-cancel"),
    ],
)
def test_calibration_errors_by_hand(marks, predicted, ece):
    assert held(predicted, marks).ece.value == pytest.approx(ece)


def test_chance_alone_makes_a_calibration_error():
    # One bin of 100 at 0.5: its gap has a standard deviation of 0.05, and its size is below
    # 1.959964 of them in 95 of 100 (2,000 draws find it up to a twentieth).
    found = held([0.5] * 100, "." * 50 + "x" * 50)
    assert found.ece_by_chance == pytest.approx(0.05 * 1.959964, rel=0.05)


def test_a_single_cluster_in_a_bin_may_be_as_far_off_as_it_is():
    found = held([0.2] * 3 + [0.9] * 3, "xxxxxx", cluster=[1] * 3 + [2] * 3)
    assert found.ece.value == pytest.approx(0.8 / 2 + 0.1 / 2)
    assert found.ece.interval[0] == 0.0


# --- bins -----------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.floats(0, 1) | st.sampled_from([0.2, 0.5]), min_size=1, max_size=50))
def test_equal_scores_never_part_and_bins_rise(scores):
    scores = np.array(scores)
    bins = bins_of(scores)
    order = np.argsort(scores, kind="stable")
    assert (np.diff(bins[order]) >= 0).all()
    assert all(len(set(bins[scores == each])) == 1 for each in scores)
    assert set(bins) == set(range(len(set(bins))))
    assert len(set(bins)) <= 10


def test_what_is_too_low_of_most_does_not_make_up_for_what_is_too_high_of_some():
    # 0.02 is said of 95, of which seven are overridden; 0.95 of five, of which none is: over all
    # 6.65 are foretold of 7, but (5.1 + 4.75) / 100 lie beside.
    found = held([0.02] * 95 + [0.95] * 5, "x" * 7 + "." * 93)
    assert found.ece.value == pytest.approx(0.0985)


@pytest.mark.parametrize(
    ("scores", "bins"),
    [
        pytest.param(np.arange(20) / 20, [n // 2 for n in range(20)], id="two-in-each-of-ten"),
        pytest.param([0.3, 0.1, 0.2], [2, 0, 1], id="fewer-than-ten"),
        pytest.param([0.4] * 7, [0] * 7, id="all-equal"),
        pytest.param([0.02] * 95 + [0.9] * 5, [0] * 95 + [1] * 5, id="most-are-equal-and-low"),
        pytest.param([0.02] * 5 + [0.9] * 95, [0] * 5 + [1] * 95, id="most-are-equal-and-high"),
    ],
)
def test_bins_by_hand(scores, bins):
    assert bins_of(np.array(scores)).tolist() == bins


def test_the_table_is_that_of_scikit_learn():
    probability, overridden, cluster = Reviewers().draw(np.random.default_rng(2), 400)
    found = reliability(probability, overridden, cluster, base=probability)
    observed, predicted = calibration_curve(overridden, probability, n_bins=10, strategy="quantile")
    assert [each.observed for each in found.bins] == pytest.approx(observed)
    assert [each.predicted for each in found.bins] == pytest.approx(predicted)
    assert found.brier.value == pytest.approx(brier_score_loss(overridden, probability))
    assert found.gain.value == pytest.approx(0)


@pytest.mark.parametrize(
    ("marks", "counted"),
    [(".x.x", 2), (".x" * 50, 50), pytest.param("." * 30, 0, id="none-of-thirty")],
)
def test_shares_of_bins_have_the_exact_interval(marks, counted):
    # Source: statsmodels.stats.proportion.proportion_confint, "beta".
    (only,) = held([0.5] * len(marks), marks).bins
    wanted = proportion_confint(counted, len(marks), method="beta")
    assert only.interval == pytest.approx(wanted, abs=1e-6)


def test_labels_that_are_alike_count_as_fewer_in_a_bin():
    # Ten clusters of ten labels each that all agree: the design effect is 11, a hundred labels are
    # worth 9, of which 4.5 are overridden: between 4 and 5.
    (only,) = held([0.5] * 100, ("." * 10 + "x" * 10) * 5, cluster=np.arange(100) // 10).bins
    low, high = (proportion_confint(each, 9, method="beta") for each in (4, 5))
    assert only.interval == pytest.approx((low[0], high[1]), abs=1e-6)


def test_the_interval_is_that_of_statsmodels():
    # Source: OLS on a constant, cov_type="cluster" with Student's law.
    probability, overridden, cluster = Reviewers(size=4).draw(np.random.default_rng(3), 200)
    squared = (probability - overridden) ** 2
    oracle = sm.OLS(squared, np.ones(200)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True
    )
    found = reliability(probability, overridden, cluster, base=probability).brier
    assert found.interval == pytest.approx(oracle.conf_int()[0])
