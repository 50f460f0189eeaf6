"""How often intervals hold the truth, on labels of which it is known. Draws are seeded."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from unit.core.signal_tables import Reviewers

from gate.core.reliability import reliability

DRAWS = 300  # of which 285 are 95 in 100; 271 to 296 are within 3.5 standard deviations
BASE = 0.35  # in the place of the base rate: the gain over any number has an interval


def drawn(reviewers, rows):
    """Hold what a proxy states against so many labels, DRAWS times."""
    for seed in range(DRAWS):
        probability, overridden, cluster = reviewers.draw(np.random.default_rng(seed), rows)
        yield reliability(probability, overridden, cluster, base=np.full(rows, BASE))


@pytest.mark.parametrize(
    ("size", "alike"),
    [
        pytest.param(1, 0.0, id="single-labels"),
        pytest.param(5, 0.5, id="clusters-of-five"),
        pytest.param(5, 0.9, id="clusters-of-five-that-are-nearly-one-label"),
    ],
)
def test_the_auc_and_the_gain_lie_in_their_intervals(size, alike):
    probability, overridden, _ = Reviewers().draw(np.random.default_rng(0), 400_000)
    auc = roc_auc_score(overridden, probability)
    gain = np.mean((BASE - overridden) ** 2 - (probability - overridden) ** 2)
    found = list(drawn(Reviewers(size=size, alike=alike), 500))
    held = [
        sum(low <= truth <= high for low, high in (each.interval for each in measures))
        for truth, measures in (
            (auc, [each.auc for each in found]),
            (gain, [each.gain for each in found]),
        )
    ]
    assert all(271 <= count <= 296 for count in held), held


def test_intervals_that_take_alike_labels_for_independent_ones_are_too_narrow():
    probability, overridden, _ = Reviewers().draw(np.random.default_rng(0), 400_000)
    auc = roc_auc_score(overridden, probability)
    held = 0
    for seed in range(DRAWS):
        said, decided, cluster = Reviewers(size=5, alike=0.9).draw(np.random.default_rng(seed), 500)
        rows = np.arange(len(cluster))
        low, high = reliability(said, decided, rows, base=said).auc.interval
        held += low <= auc <= high
    assert held < 250


def test_the_calibration_error_of_a_perfect_proxy_is_chance():
    below = sum(each.ece.value <= each.ece_by_chance for each in drawn(Reviewers(), 200))
    assert 271 <= below <= 296


def test_the_calibration_error_of_a_bad_proxy_is_more_than_chance():
    # It states 0.4 where 0.1 would be true, and 0.76 for 0.5.
    below = sum(each.ece.value <= each.ece_by_chance for each in drawn(Reviewers(bent=0.4), 200))
    assert below < 0.05 * DRAWS


def test_a_bad_proxy_has_a_calibration_error_inside_its_interval():
    # All that it states lies too high, so that the error is the mean of how much.
    probability, overridden, _ = Reviewers(bent=0.4).draw(np.random.default_rng(0), 400_000)
    error = probability.mean() - overridden.mean()
    intervals = [each.ece.interval for each in drawn(Reviewers(bent=0.4), 1000)]
    assert sum(low <= error <= high for low, high in intervals) >= 271
