from __future__ import annotations

import numpy as np
import pytest

from gate.core.ppi import Labelled, override_change, override_rate

DRAWS = 400
UNKNOWN = float("nan")


def logistic(x):
    return 1 / (1 + np.exp(-x))


def mean_rate(intercept, slope):
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    return float(weights @ logistic(intercept + slope * nodes) / weights.sum())


def drawn(rng, *, labels, intercept, trials_a_case=1, power=1.0, surprise=0.0):
    """Draw 600 trials; proxies are `power` of the probability, and surprises are not foreseen."""
    case = np.arange(600) // trials_a_case
    shared = rng.standard_normal(600)[case]
    sides = []
    for _ in range(2):
        risk = 0.7 * shared + 0.51**0.5 * rng.standard_normal(600)
        probability = logistic(intercept + 3 * risk)
        label = (rng.random(600) < probability).astype(float)
        label = np.where(rng.random(600) < surprise, 1 - label, label)
        label[rng.permutation(600)[labels:]] = UNKNOWN
        sides.append(Labelled(case=case, proxy=probability**power, label=label))
    return sides


@pytest.mark.parametrize(
    ("labels", "intercept", "world"),
    [
        pytest.param(30, -2.0, {}, id="thirty-labels"),
        pytest.param(100, -2.0, {"power": 0.4}, id="a-miscalibrated-proxy"),
        pytest.param(100, -4.0, {}, id="few-overrides"),
        pytest.param(300, -2.0, {"trials_a_case": 5}, id="five-trials-a-case"),
        pytest.param(30, -4.0, {"surprise": 0.03}, id="rare-surprises"),
    ],
)
def test_the_intervals_hold_the_truth_in_95_of_100(labels, intercept, world):
    rng = np.random.default_rng(12)
    error = world.get("surprise", 0.0)
    rate = mean_rate(intercept, 3.0)
    truth = rate * (1 - error) + (1 - rate) * error
    held, held_change = 0, 0
    for _ in range(DRAWS):
        old, new = drawn(rng, labels=labels, intercept=intercept, **world)
        low, high = override_rate(old).interval
        held += low <= truth <= high
        low, high = override_change(old, new).interval
        held_change += low <= 0 <= high
    # 95 %, less three standard errors of 400 draws
    assert held >= 0.917 * DRAWS
    assert held_change >= 0.917 * DRAWS


def test_a_good_proxy_is_worth_many_labels():
    rng = np.random.default_rng(13)
    widths = np.zeros(2)
    for _ in range(50):
        old, _ = drawn(rng, labels=100, intercept=-2.0)
        alone = Labelled(case=old.case, proxy=np.zeros(600), label=old.label)
        for index, each in enumerate((old, alone)):
            low, high = override_rate(each).interval
            widths[index] += high - low
    assert widths[0] < 0.8 * widths[1]


def test_counting_trials_of_a_case_as_independent_would_be_too_sure():
    # All labels of whole cases: 40 cases of 5 trials that are nearly alike.
    rng = np.random.default_rng(14)
    truth = mean_rate(-2.0, 6.0)
    held = {"cases": 0, "trials": 0}
    for _ in range(DRAWS):
        case = np.arange(200) // 5
        risk = rng.standard_normal(40)[case]
        label = (rng.random(200) < logistic(-2.0 + 6 * risk)).astype(float)
        by_case = Labelled(case=case, proxy=np.zeros(200), label=label)
        by_trial = Labelled(case=np.arange(200), proxy=np.zeros(200), label=label)
        for name, each in (("cases", by_case), ("trials", by_trial)):
            low, high = override_rate(each).interval
            held[name] += low <= truth <= high
    assert held["cases"] >= 0.917 * DRAWS
    assert held["trials"] <= 0.85 * DRAWS
