from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from bench.simulation.world import NOISY, Truth, World
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.core.builders import policy, rows

from gate.core.certify import _split, certificate, false_alarm, order_p_value
from gate.core.columns import columns_of

FAILURES = policy(failure_rate=0.01)


def recorded(*sides):
    """A baseline: a text of trials a case, in the order in which they were recorded."""
    return columns_of(
        [
            case
            for number, side in enumerate(sides)
            for case in rows(1, side, "", case_id=str(number))
        ]
    )


def alarms(columns, limits=FAILURES, *, repeats, runs):
    return sum(false_alarm(columns, limits, repeats=repeats, seed=seed) for seed in range(runs))


# --- splits -------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.lists(st.integers(3, 6), min_size=1, max_size=8), st.integers(0, 2**32), st.integers(1, 2)
)
def test_a_split_uses_each_trial_at_most_once_and_never_on_both_sides(trials, seed, repeats):
    columns = recorded(*("." * count for count in trials))
    named = replace(columns, tokens=np.arange(len(columns.case), dtype=float))
    rng = np.random.default_rng(seed)
    rank = np.concatenate([rng.permutation(count) for count in trials])
    due = rng.integers(0, repeats + 1, len(trials))
    found = _split(named, rank, due, repeats)
    new, old = found.tokens[found.is_new], found.tokens[~found.is_new]
    assert len({*new, *old}) == len(new) + len(old)
    assert found.counts(new=True).tolist() == due.tolist()
    assert found.counts(new=False).tolist() == [count - repeats for count in trials]
    origin = named.case[found.tokens.astype(int)]
    assert origin.tolist() == found.case.tolist()  # each trial stays with its case
    assert found.planned_new.tolist() == [repeats] * len(trials)
    assert found.is_recorded.all()


def test_each_of_a_cases_trials_stands_for_new_equally_often():
    # One of eleven failed and one stands for new: it is an alarm exactly if that is the failed
    # one. Then P(X >= 1) = 1/11, the mid-p is 1/22 = 0.0455. Source: scipy.stats.hypergeom. A
    # failed trial on both sides would give 2/12 and 0.083, which is no alarm.
    runs = 1100
    found = alarms(recorded("x" + "." * 10), repeats=1, runs=runs)
    assert abs(found - runs / 11) <= 3 * math.sqrt(runs * 10 / 121)


def test_the_same_seed_gives_the_same_answer():
    columns = recorded(*["x" + "." * 10] * 3)
    runs = [alarms(columns, repeats=2, runs=60) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_baseline_whose_trials_never_differ_raises_no_alarm():
    assert alarms(recorded(*["...."] * 20, *["xxxx"] * 20), repeats=2, runs=50) == 0


# --- the rate -----------------------------------------------------------------------------------


def baseline(cases, seed, **more):
    truth = Truth(cases=cases, trials=2, recorded=6, mixture=NOISY, **more)
    world = World(truth, np.random.default_rng(seed))
    return world.columns(np.zeros(cases, dtype=np.int64), is_live=False)


@pytest.mark.parametrize(
    ("limits", "runs"),
    [
        pytest.param(FAILURES, 300, id="one-metric"),
        pytest.param(
            policy(
                {"segments_by": (("s",),), "segments_max_rise": 0.05},
                failure_rate=0.01,
                override_rate=0.02,
                cost=1.0,
            ),
            80,
            id="several-metrics-and-segments",
        ),
        pytest.param(policy({"exact": True}, failure_rate=0.01), 300, id="exact"),
    ],
)
def test_trials_that_were_drawn_alike_raise_at_most_alpha(limits, runs):
    found = sum(
        false_alarm(baseline(40, seed), limits, repeats=2, seed=seed) for seed in range(runs)
    )
    assert found <= 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs)


def test_alarms_are_raised_by_what_the_policy_calls_a_rise():
    # Twenty cases that are each a coin: at alpha 0.5 and no tolerance nearly every rise is one.
    columns = recorded(*["x.x.x."] * 20)
    assert alarms(columns, policy(failure_rate=0, alpha=0.5), repeats=2, runs=100) > 20
    assert alarms(columns, policy(failure_rate=0.9, alpha=0.5), repeats=2, runs=100) == 0


# --- the certificate ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "runs", "is_unfit"),
    [
        # Clopper and Pearson's lower bounds; source: scipy.stats.binomtest
        pytest.param(0, 400, False, id="none"),
        pytest.param(20, 400, False, id="as-often-as-promised"),
        pytest.param(29, 400, False, id="more-often-but-not-shown"),  # 0.0491
        pytest.param(30, 400, True, id="shown-to-be-more-often"),  # 0.0512
        pytest.param(400, 400, True, id="always"),
        pytest.param(1, 1, False, id="one-run-shows-nothing"),  # 0.025
        pytest.param(2, 2, True, id="two-of-two-do"),  # 0.158
    ],
)
def test_a_suite_is_unfit_if_its_rate_is_shown_to_exceed_alpha(count, runs, is_unfit):
    found = certificate((number < count for number in range(runs)), 0.05)
    assert (found.runs, found.alarms, found.alpha) == (runs, count, 0.05)
    assert found.interval[0] <= count / runs <= found.interval[1]
    assert found.is_unfit is is_unfit


def test_a_suite_too_small_for_the_mid_p_is_unfit():
    # 1/11 = 9.1 %, see above; the conservative p-value is 1/11 itself, so it is never an alarm.
    columns = recorded("x" + "." * 10)
    mid_p = [false_alarm(columns, FAILURES, repeats=1, seed=seed) for seed in range(400)]
    assert certificate(mid_p, 0.05).is_unfit
    exact = replace(FAILURES, exact=True)
    assert not any(false_alarm(columns, exact, repeats=1, seed=seed) for seed in range(400))


# --- the order ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sides", "p_value"),
    [
        # Hypergeometric, two-sided mid-p by hand. K = 4, two late, two failed: P(X = 2) = 1/6
        pytest.param(["..xx"], 1 / 6, id="the-later-ones-failed"),
        pytest.param(["xx.."], 1 / 6, id="the-earlier-ones-failed"),
        pytest.param(["x.x."], 1.0, id="in-turns"),
        # The middle one of three counts as late: P(X = 1) = 2/3
        pytest.param(["..x"], 2 / 3, id="the-last-of-three"),
        pytest.param([".x."], 2 / 3, id="the-middle-of-three"),
        pytest.param(["...."], 1.0, id="none"),
        pytest.param(["xxxx"], 1.0, id="all"),
        pytest.param(["..xx", "x", "."], 1 / 6, id="cases-of-one-trial-say-nothing"),
        pytest.param(["x", ".", "..xx"], 1 / 6, id="nor-do-those-before"),
        pytest.param(["x", "."], 1.0, id="only-cases-of-one-trial"),
        # Both at once: (1/6)^2
        pytest.param(["..xx", "..xx"], 1 / 36, id="two-cases"),
        pytest.param(["..xx", "xx.."], 1.0, id="one-each-way"),
    ],
)
def test_the_order_of_the_trials_is_tested_by_hand(sides, p_value):
    assert order_p_value(recorded(*sides)) == pytest.approx(p_value)


def test_a_baseline_whose_later_trials_fail_more_is_found():
    rng = np.random.default_rng(1)

    def sides(late):
        drawn = rng.random((100, 6)) < np.array([0.1] * 3 + [late] * 3)
        return ["".join(np.where(each, "x", ".")) for each in drawn]

    assert order_p_value(recorded(*sides(late=0.3))) < 1e-4
    quiet = [order_p_value(recorded(*sides(late=0.1))) for _ in range(100)]
    assert sum(each <= 0.05 for each in quiet) <= 12  # 5 expected, three standard deviations above
