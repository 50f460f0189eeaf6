from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from unit.core.builders import given_estimate

from gate.core.limit import Limit
from gate.core.report import Verdict
from gate.core.sequential import Look
from gate.core.sharpness import provable_tolerance, trials_needed
from gate.core.verdict import judge

PASS, OPEN = Verdict.PASS, Verdict.INCONCLUSIVE
HALF = Look(times=(0.5, 1.0), index=0)


def limit(tolerance, **more):
    return Limit(tolerance=tolerance, alpha=0.05, **more)


def asked(tolerance, variance, old, new):
    """0.5 / n + 1.645 S + 0.842 sqrt(V), where S^2 counts what such a rise would bring along."""
    rise = max(0.0, tolerance * (1 - tolerance))
    pooled = variance + rise * max(0.0, 1 / new - 1 / old)
    reckoned = math.sqrt(max(pooled, rise / new))
    return 0.5 / new + 1.645 * reckoned + 0.842 * math.sqrt(variance)


@pytest.mark.parametrize(
    ("change", "trials_old", "verdict"),
    [
        # V = 0.005^2 and a tolerance of 5 %: 0.05 x 0.95 / 1000 = 4.75e-5, whose root is 0.006892;
        # 0.05 - 0.0005 - 1.645 x 0.006892 = 0.03816
        pytest.param(0.0381, 1000, PASS, id="as-many-old-trials"),
        pytest.param(0.0382, 1000, OPEN, id="as-many-and-too-near"),
        # 2.5e-5 + 0.0475 (1/1000 - 1/2000) = 4.875e-5, root 0.006982; 0.0495 - 0.011486 = 0.03801
        pytest.param(0.0380, 2000, PASS, id="twice-as-many-old-ones"),
        pytest.param(0.0381, 2000, OPEN, id="twice-as-many-and-too-near"),
        # 2.5e-5 + 0.0475 / 1000 = 7.25e-5, root 0.008515; 0.0495 - 0.014007 = 0.03549
        pytest.param(0.0354, 10**9, PASS, id="endless-old-ones"),
        pytest.param(0.0356, 10**9, OPEN, id="endless-and-too-near"),
        # 1/1000 - 1/500 is below 0, and nothing is taken away: 4.75e-5 as above
        pytest.param(0.0381, 500, PASS, id="half-as-many-old-ones"),
        pytest.param(0.0382, 500, OPEN, id="half-as-many-and-too-near"),
    ],
)
def test_a_pass_reckons_with_the_spread_of_a_rise_as_large_as_the_tolerance(
    change, trials_old, verdict
):
    found = replace(given_estimate(change=change, variance=0.005**2), trials_old=trials_old)
    assert judge(found, limit(0.05)).verdict is verdict


def test_a_ratio_reckons_with_the_spread_that_was_seen_alone():
    # 1.645 x 0.1 = 0.1645
    found = replace(given_estimate(change=-0.165, variance=0.01), trials_old=10**9)
    assert judge(found, limit(0.0, is_rate=False)).verdict is PASS


def test_the_chance_of_a_pass_reckons_with_all_old_trials_by_hand():
    # 1,000 of 2,000 new trials are seen, and all of 4,000 old ones: V falls from 2.5e-5 to 1.25e-5.
    early = given_estimate(change=0.02, variance=2.5e-5, planned_new=2000)
    rise = 0.03 * 0.97
    now = math.sqrt(2.5e-5 + rise * (1 / 1000 - 1 / 4000))
    final = math.sqrt(1.25e-5 + rise * (1 / 2000 - 1 / 4000))
    z = stats.norm.isf(Look(times=HALF.times, index=1).pass_level())
    below = 0.03 - 0.5 / 2000 - z * final - 0.02
    found = judge(replace(early, trials_old=4000), limit(0.03), HALF)
    assert found.pass_chance == pytest.approx(stats.norm.cdf(below / (now * math.sqrt(0.5))))


def test_the_tolerance_that_is_provable_without_any_disagreement_by_hand():
    # V = 0: t = s + 1.645 sqrt(t (1 - t) / n) squared is (1 + q) t^2 - (2 s + q) t + s^2 = 0 with
    # s = 0.5 / 1000 and q = 1.645^2 / 1000; the larger root is
    # (0.001853 + sqrt(0.001853^2 - 1.002706 x 0.0005^2)) / 1.002706 = 0.003627
    for old in (1000, 500, 3000):
        assert provable_tolerance(0.0, old, 1000) == pytest.approx(0.003627, abs=1e-6)


@pytest.mark.parametrize(
    ("trials_old", "expected"),
    [
        # V = 0.01^2: 0.5 / 1000 + (1.645 + 0.842) x 0.01, as 0.0254 x 0.975 / 1000 is less than V
        pytest.param(1000, 0.0005 + 0.02487, id="as-many-old-trials"),
        # Endless old ones: t = 0.00892 + 1.645 sqrt(0.0001 + t (1 - t) / 1000), squared
        # 1.002706 t^2 - 2 x 0.010273 t - 0.00019104 = 0; the larger root is
        # (0.010273 + sqrt(0.00010553 + 1.002706 x 0.00019104)) / 1.002706 = 0.027435
        pytest.param(10**12, 0.027435, id="endless-old-ones"),
    ],
)
def test_the_provable_tolerance_by_hand(trials_old, expected):
    assert provable_tolerance(1e-4, trials_old, 1000) == pytest.approx(expected, abs=1e-6)


VARIANCE = st.floats(0, 0.25)
TRIALS = st.integers(1, 100_000)


@given(variance=VARIANCE, old=TRIALS, new=TRIALS)
def test_the_provable_tolerance_is_the_smallest_that_solves_its_equation(variance, old, new):
    found = provable_tolerance(variance, old, new)
    assert found >= asked(found, variance, old, new) - 1e-12
    assert found - 2e-9 < asked(found - 2e-9, variance, old, new)


@given(
    variance=st.floats(0, 0.01),
    old=st.integers(10, 50_000),
    new=st.integers(10, 5000),
    tolerance=st.floats(0.005, 0.2),
)
def test_the_trials_needed_are_the_fewest_that_prove_the_tolerance(variance, old, new, tolerance):
    needed = trials_needed(variance, old, new, tolerance)

    def asked_of(trials):
        """By more cases with as many trials each: V falls, and both sides grow."""
        return asked(tolerance, variance * new / trials, old * trials / new, trials)

    if needed is None:
        assert asked_of(new) <= tolerance * (1 + 1e-9)
    else:
        assert needed > new
        assert asked_of(needed) <= tolerance * (1 + 1e-9)
        assert asked_of(needed - 1) > tolerance * (1 - 1e-9)


@given(variance=st.floats(0, 0.01), old=TRIALS, new=TRIALS, tolerance=st.floats(0.005, 0.2))
def test_no_more_trials_are_needed_where_the_tolerance_is_provable(variance, old, new, tolerance):
    provable = provable_tolerance(variance, old, new)
    needed = trials_needed(variance, old, new, tolerance)
    if abs(provable - tolerance) > 1e-6:
        assert (needed is None) is (provable < tolerance)


def test_the_cases_needed_are_those_of_the_trials_at_as_many_each():
    # 361 trials as below, in cases of 4 each: 90.25 of 25
    found = replace(given_estimate(trials_new=100), planned_cases=25)
    judged = judge(found, limit(0.01))
    assert (judged.sharpness.trials_needed, judged.sharpness.cases_needed) == (361, 91)
    enough = judge(given_estimate(), limit(0.01))
    assert enough.sharpness.trials_needed is enough.sharpness.cases_needed is None


def test_an_early_look_tells_what_the_end_of_its_plan_could():
    # Half of 200 old and 100 new trials of 50 cases, at half of the information: V falls by half.
    early = replace(
        given_estimate(variance=2e-4, trials_new=100, planned_new=200),
        trials_old=200,
        cases=50,
        planned_cases=100,
    )
    found = judge(early, limit(0.05), HALF)
    z = stats.norm.isf(Look(times=HALF.times, index=1).pass_level())
    assert found.sharpness.provable == provable_tolerance(1e-4, 400, 200, z=z)
    assert found.sharpness.trials_needed == trials_needed(1e-4, 400, 200, 0.05, z=z)


def test_without_any_failure_a_tolerance_of_one_point_takes_361_trials():
    # 1.645 sqrt(0.0099 / n) + 0.5 / n = 0.01, solved for n: 360.98
    found = given_estimate(variance=0.0, trials_new=100)
    assert judge(found, limit(0.01)).sharpness.trials_needed == 361


@pytest.mark.parametrize(
    ("trials_old", "expected"),
    [
        # V = 0.01^2 and a tolerance of 2 %: 0.0196 / 1000 is below V, so S = 0.01;
        # A = 2.487 sqrt(0.1) = 0.78646; ((A + sqrt(A^2 + 0.04)) / 0.04)^2 = 1595.9
        pytest.param(1000, 1596, id="as-many-old-trials"),
        # S^2 = 0.0001 + 0.0196 (1/1000 - 1/4000) = 0.0001147, S = 0.0107098;
        # A = (0.0176176 + 0.00842) sqrt(1000) = 0.82338; ((A + sqrt(A^2 + 0.04)) / 0.04)^2 = 1744.5
        pytest.param(4000, 1745, id="four-times-as-many"),
    ],
)
def test_the_trials_needed_by_hand(trials_old, expected):
    assert trials_needed(1e-4, trials_old, 1000, 0.02) == expected


@pytest.mark.parametrize(
    ("variance", "tolerance"),
    [
        pytest.param(1e-4, 0.0, id="no-number-of-trials-proves-no-tolerance"),
        pytest.param(1e-4, 1e-200, id="nor-next-to-none"),
        pytest.param(1e-8, 0.02, id="enough-already"),
    ],
)
def test_no_number_of_trials_is_named_where_none_would_help(variance, tolerance):
    assert (
        judge(given_estimate(variance=variance), limit(tolerance)).sharpness.trials_needed is None
    )
