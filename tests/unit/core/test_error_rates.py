"""How often the whole gate is wrong on suites whose truth is known.

A small part of `tests/bench/simulate_verdict.py`, with fixed seeds.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from bench.simulation.rows import EVERYTHING, ONE_METRIC, SEGMENTED
from bench.simulation.runs import Setup, tally
from bench.simulation.world import FIVE_PERCENT, Truth

from gate.core.policy import Tolerance

SMALL = Truth(cases=100, trials=1, mixture=FIVE_PERCENT, segments=5, first_segment=15)
CLUSTERED = Truth(cases=100, trials=2, cluster_size=10, cluster_effect=0.5)
FIVE_POINTS = replace(ONE_METRIC, metrics={"failure_rate": Tolerance(max_rise=0.05)})


def run(truth, policy, runs, **more):
    """Count the runs of a gate on a suite; return the counts before and after confirmation."""
    return tally(Setup(truth=truth, policy=policy, **more), "unit test", range(runs))


def at_most_5_percent(runs):
    """The largest count that a rate of 5 % explains, three standard deviations above its mean."""
    return 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs)


@pytest.mark.parametrize(
    ("truth", "policy", "runs"),
    [
        pytest.param(Truth(trials=1), ONE_METRIC, 400, id="one-metric-live"),
        pytest.param(Truth(trials=1, recorded=10), ONE_METRIC, 300, id="one-metric-recorded"),
        pytest.param(Truth(cases=50, trials=1), EVERYTHING, 100, id="every-option-live"),
        pytest.param(replace(SMALL, trials=3), SEGMENTED, 150, id="segments-of-noisy-cases"),
        pytest.param(
            CLUSTERED, replace(ONE_METRIC, scope="population"), 80, id="clusters-that-move"
        ),
    ],
)
def test_the_gate_fails_at_most_one_in_twenty_runs_without_a_change(truth, policy, runs):
    seen, _ = run(truth, policy, runs)
    assert seen.fails <= at_most_5_percent(runs)


def test_clusters_that_move_are_a_change_of_these_very_cases():
    seen, _ = run(CLUSTERED, ONE_METRIC, 150)
    assert seen.fails > at_most_5_percent(150)


@pytest.mark.parametrize("recorded", [pytest.param(0, id="live"), pytest.param(10, id="recorded")])
def test_a_rise_as_large_as_the_tolerance_passes_at_most_one_time_in_twenty(recorded):
    truth = Truth(cases=50, trials=5, recorded=recorded, rise=0.05)
    seen, _ = run(truth, FIVE_POINTS, 300)
    assert seen.passes <= at_most_5_percent(300)


def test_a_rise_of_five_points_is_found_with_fewer_calls():
    seen, _ = run(Truth(rise=0.05), SEGMENTED, 100)
    assert seen.fails >= 95
    assert seen.calls < 60


def test_a_segment_of_fifteen_cases_that_broke_is_caught_twenty_times_of_twenty():
    seen, _ = run(replace(SMALL, broken=1.0), SEGMENTED, 20)
    assert seen.fails == 20


def test_a_fail_against_a_stale_baseline_does_not_outlive_its_confirmation():
    truth = Truth(cases=100, recorded=10, stale=1.0)
    seen, confirmed = run(truth, ONE_METRIC, 200, confirm=True)
    assert seen.fails >= 190
    assert confirmed.fails <= at_most_5_percent(200)


def test_a_baseline_saves_more_than_half_of_the_calls():
    seen, _ = run(Truth(recorded=10), SEGMENTED, 40)
    assert seen.calls <= 0.45 * 40
