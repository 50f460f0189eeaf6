"""Whether a forecast comes true: made from one baseline after another, tried on new trials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bench.simulation.world import FIVE_PERCENT, NOISY, STEADY, Mixture, Truth, World
from unit.core.builders import policy

from gate.core.forecast import forecast
from gate.core.judgement import judge_columns
from gate.core.report import Verdict

RUNS = 600
BASELINES = 30
COIN = Mixture(steady=0.0, flaky=1.0, between=(0.3, 0.7))
NEVER = Mixture(steady=1.0, flaky=0.0, steady_p=0.0)


def truth(cases, trials, mixture):
    return Truth(cases=cases, trials=trials, recorded=10, mixture=mixture)


def told(known, tolerance):
    """What a maintainer is told about such suites, on average over their baselines."""
    nothing = np.zeros(known.cases, dtype=np.int64)
    worlds = [World(known, np.random.default_rng([number, 1])) for number in range(BASELINES)]
    found = [
        forecast(world.columns(nothing, is_live=False), policy(failure_rate=tolerance))[0]
        for world in worlds
    ]
    return tuple(
        float(np.mean([getattr(each, name) for each in found]))
        for name in ("detectable", "provable")
    )


def share(known, tolerance, verdict):
    """How often the gate, looking once, comes to a verdict."""
    every = np.full(known.cases, known.trials)
    limits = policy(failure_rate=tolerance)
    worlds = (World(known, np.random.default_rng([number, 2])) for number in range(RUNS))
    judged = (judge_columns(world.columns(every, is_live=False), limits) for world in worlds)
    return sum(each.verdict is verdict for each in judged) / RUNS


@pytest.mark.parametrize(
    ("cases", "trials", "mixture", "tolerance"),
    [
        pytest.param(20, 1, STEADY, 0.01, id="twenty-trials"),
        pytest.param(50, 3, FIVE_PERCENT, 0.01, id="all-alike"),
        pytest.param(50, 3, STEADY, 0.05, id="steady-small"),
        pytest.param(200, 3, STEADY, 0.01, id="steady"),
        pytest.param(200, 3, NOISY, 0.05, id="noisy"),
        pytest.param(200, 3, COIN, 0.05, id="coins"),
        pytest.param(200, 3, NEVER, 0.01, id="never-failed"),
    ],
)
def test_a_rise_that_it_finds_fails_in_four_runs_of_five(cases, trials, mixture, tolerance):
    known = truth(cases, trials, mixture)
    detectable, _ = told(known, tolerance)
    found = share(replace(known, rise=detectable), tolerance, Verdict.FAIL)
    assert 0.7 <= found <= 0.9


@pytest.mark.parametrize(
    ("cases", "trials", "mixture"),
    [
        pytest.param(200, 3, STEADY, id="steady"),
        pytest.param(200, 3, NOISY, id="noisy"),
        pytest.param(50, 3, FIVE_PERCENT, id="all-alike"),
        pytest.param(50, 1, COIN, id="coins"),
        pytest.param(200, 3, NEVER, id="never-failed"),
        pytest.param(20, 1, STEADY, id="twenty-trials"),
        pytest.param(50, 3, STEADY, id="steady-small"),
        pytest.param(50, 1, NOISY, id="noisy-small"),
    ],
)
def test_a_tolerance_that_it_proves_passes_in_about_four_runs_of_five(cases, trials, mixture):
    known = truth(cases, trials, mixture)
    _, provable = told(known, 0.01)
    assert share(known, provable + 1e-9, Verdict.PASS) >= 0.7
