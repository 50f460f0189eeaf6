from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from gate.core.review import Reviewed, needed, review_threshold, reviewed

rates = st.sampled_from([0.01, 0.05, 0.1, 0.3, 0.5, 0.9])
confidences = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])
tied_scores = arrays(np.float64, st.integers(1, 120), elements=st.integers(0, 20).map(float))


@pytest.mark.parametrize(
    ("max_miss", "confidence", "labels"),
    [
        # Wilks (1941), Annals of Mathematical Statistics 12(1): 59 for 95 % of 95 %
        pytest.param(0.05, 0.95, 59, id="five-percent-at-ninety-five"),
        pytest.param(0.1, 0.9, 22, id="ten-percent-at-ninety"),
        pytest.param(0.01, 0.99, 459, id="one-percent-at-ninety-nine"),
        # 0.5^2 = 0.25, 0.9^2 = 0.81 and 0.97^3 = 0.912673: rounding must not ask for one more
        pytest.param(0.5, 0.75, 2, id="just-two"),
        pytest.param(0.1, 0.19, 2, id="just-two-rounded"),
        pytest.param(0.03, 0.087327, 3, id="just-three-rounded"),
    ],
)
def test_the_labels_that_a_threshold_takes(max_miss, confidence, labels):
    goal = {"max_miss": max_miss, "confidence": confidence}
    assert needed(**goal) == labels
    assert review_threshold(np.arange(labels - 1.0), **goal) is None
    assert review_threshold(np.arange(labels * 1.0), **goal) == 0


@pytest.mark.parametrize(
    ("labels", "below"),
    # Wilks's ranks for 95 % of 95 %: the k-th smallest of so many
    [(58, None), (59, 0), (92, 0), (93, 1), (124, 2), (153, 3), (180, 3), (181, 4)],
)
def test_the_rank_is_that_of_tolerance_limits(labels, below):
    found = review_threshold(np.arange(labels * 1.0), max_miss=0.05, confidence=0.95)
    assert found == below


def test_the_rank_by_hand():
    # Of five fair coins at most one shows heads with 6/32 = 0.1875, at most two with 0.5.
    scores = np.array([0.5, 0.1, 0.4, 0.2, 0.3])
    assert review_threshold(scores, max_miss=0.5, confidence=0.8) == 0.2
    assert review_threshold(scores, max_miss=0.5, confidence=0.9) == 0.1


@settings(deadline=None)
@given(st.integers(1, 3000), rates, confidences)
@example(1_000_000, 0.05, 0.95)
@example(1, 0.9, 0.5)
def test_the_rank_is_the_largest_that_the_binomial_law_allows(labels, max_miss, confidence):
    found = review_threshold(np.arange(float(labels)), max_miss=max_miss, confidence=confidence)
    law = stats.binom(labels, max_miss)
    if found is None:
        assert law.cdf(0) > 1 - confidence
    else:
        assert law.cdf(found) <= (1 - confidence) * (1 + 1e-9)
        assert found + 1 == labels or law.cdf(found + 1) > (1 - confidence) * (1 - 1e-9)


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_goal_that_is_no_probability_is_refused(bad):
    with pytest.raises(ValueError, match="not between 0 and 1"):
        review_threshold(np.arange(99.0), max_miss=bad, confidence=0.9)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        needed(0.1, bad)


def test_almost_no_confidence_still_gives_a_score():
    assert review_threshold(np.arange(3.0), max_miss=0.5, confidence=1e-13) == 2


@given(tied_scores, rates, confidences, st.randoms(use_true_random=False))
def test_the_order_of_labels_changes_nothing(scores, max_miss, confidence, random):
    shuffled = np.array(random.sample(scores.tolist(), len(scores)))
    goal = {"max_miss": max_miss, "confidence": confidence}
    assert review_threshold(shuffled, **goal) == review_threshold(scores, **goal)


@given(tied_scores, st.tuples(rates, rates), st.tuples(confidences, confidences))
def test_a_stricter_goal_never_raises_the_threshold(scores, misses, confidence):
    strict = review_threshold(scores, max_miss=min(misses), confidence=max(confidence))
    loose = review_threshold(scores, max_miss=max(misses), confidence=min(confidence))
    assert strict is None or strict <= loose


@given(tied_scores, rates, confidences)
def test_no_more_labels_lie_below_the_threshold_than_may_be_missed(scores, max_miss, confidence):
    found = review_threshold(scores, max_miss=max_miss, confidence=confidence)
    assume(found is not None)
    assert found in scores
    law = stats.binom(len(scores), max_miss)
    assert law.cdf((scores < found).sum()) <= (1 - confidence) * (1 + 1e-9)


@pytest.mark.parametrize(("max_miss", "confidence"), [(0.05, 0.9), (0.05, 0.95), (0.1, 0.9)])
def test_the_true_miss_rate_keeps_the_limit_as_often_as_stated(max_miss, confidence):
    # Scores are uniform, so that the threshold is itself the true miss rate.
    draws = np.random.default_rng(20).random((400, 150))
    goal = {"max_miss": max_miss, "confidence": confidence}
    thresholds = np.array([review_threshold(scores, **goal) for scores in draws])
    kept = float((thresholds <= max_miss).mean())
    rank = int(review_threshold(np.arange(150.0), **goal))
    exact = stats.beta.cdf(max_miss, rank + 1, 150 - rank)  # law of that order statistic
    assert exact >= confidence
    assert kept == pytest.approx(exact, abs=0.04)
    assert thresholds.mean() > max_miss / 3


SCORES = np.array([0.1, 0.4, 0.5, 0.2, 0.5, 0.9])
OVERRIDDEN = np.array([True, True, True, False, False, False])


def test_a_score_that_is_the_threshold_is_reviewed():
    found = reviewed(SCORES, OVERRIDDEN, 0.5)
    assert found == Reviewed(false_positives=2, accepted=3, misses=2, overridden=3)
    assert (found.false_positive_rate, found.miss_rate) == (2 / 3, 2 / 3)


def test_each_label_is_held_against_its_own_threshold():
    found = reviewed(SCORES, OVERRIDDEN, np.array([0.0, 0.5, 0.5, 0.0, 0.6, 1.0]))
    assert found == Reviewed(false_positives=1, accepted=3, misses=1, overridden=3)


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_intervals_are_exact(counted, labels):
    assume(counted <= labels)
    found = Reviewed(false_positives=counted, accepted=labels, misses=counted, overridden=labels)
    exact = proportion_confint(counted, labels, method="beta")
    assert found.false_positive_interval == pytest.approx(exact, abs=1e-7)
    assert found.miss_interval == pytest.approx(exact, abs=1e-7)


def test_where_there_is_no_label_there_is_no_rate_and_any_is_possible():
    found = reviewed(np.array([]), np.array([], dtype=bool), 0.5, np.array([], dtype=int))
    assert (found.false_positive_rate, found.miss_rate) == (None, None)
    assert found.false_positive_interval == found.miss_interval == (0.0, 1.0)
