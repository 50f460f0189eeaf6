from __future__ import annotations

import math

import numpy as np
import pytest
from unit.core.builders import long_form

from gate.core import permutation
from gate.core.permutation import value_p_value
from gate.core.sign_flips import sign_flip_p_value

RUNS = 1000


def runs(draw):
    rng = np.random.default_rng(20240607)
    return [draw(rng) for _ in range(RUNS)]


def huge_cluster(rng):
    """One cluster of 1 that weighs more than 220 tiny ones together."""
    sums = np.append(rng.exponential(0.0005, 220), 1.0)
    return sign_flip_p_value(sums * rng.choice([-1, 1], len(sums)))


def huge_case(trials):
    """One case of values up to a million, beside 300 of values up to 1."""

    def draw(rng):
        pairs = [(rng.random(1), rng.random(1)) for _ in range(300)]
        pairs.append((rng.random(trials) * 1e6, rng.random(trials) * 1e6))
        return value_p_value(*long_form(pairs))

    return draw


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(huge_cluster, id="a-cluster"),
        pytest.param(huge_case(5), id="a-case"),
    ],
)
def test_where_one_outweighs_the_others_a_run_without_a_change_rarely_looks_different(
    draw, monkeypatch
):
    monkeypatch.setattr(permutation, "MOST_POINTS", 0)  # the law is no less whole where it is slow
    # 1,000 runs at 1 %: 1 % -+ 3 x sqrt(0.01 x 0.99 / 1000) = 0.06 % to 1.94 %
    alarms = [p_value <= 0.01 for p_value in runs(draw)]
    assert np.mean(alarms) == pytest.approx(0.01, abs=3 * math.sqrt(0.01 * 0.99 / RUNS))


def test_a_case_that_outweighs_the_others_says_no_more_than_its_own_ways(monkeypatch):
    monkeypatch.setattr(permutation, "MOST_POINTS", 0)
    # Of the 6 ways to call 2 of 4 trials new one is the highest, and half of it is 1/12.
    assert min(runs(huge_case(2))) == pytest.approx(1 / 12)


def test_clusters_far_below_one_of_them_say_nothing_beside_it():
    # Of the signs of one cluster one is up: the mid-p is 1/4, and 3/4 where it fell.
    tiny = np.random.default_rng(3).normal(0, 1e-6, 220)
    assert sign_flip_p_value(np.append(tiny, 1.0)) == pytest.approx(1 / 4)
    assert sign_flip_p_value(np.append(tiny, -1.0)) == pytest.approx(3 / 4)
