from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from unit.core.builders import given_estimate

from gate.core.limit import Limit
from gate.core.report import Verdict
from gate.core.sequential import ONE_LOOK, Look, nominal_levels
from gate.core.verdict import judge

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
HALVES = (0.5, 1.0)
HALF, END = Look(times=HALVES, index=0), Look(times=HALVES, index=1)


def limit(tolerance=0.01, *, alpha=0.05, **more):
    return Limit(tolerance=tolerance, alpha=alpha, **more)


@pytest.mark.parametrize(
    ("found", "look", "verdict"),
    [
        # Half-way alpha is 0.05 / 8 = 0.00625, and the change must exceed 1 % by 1 SE = 1 %
        pytest.param({"change": 0.021, "p_value": 0.0062}, HALF, FAIL, id="both-keys-half-way"),
        pytest.param({"change": 0.021, "p_value": 0.0063}, HALF, OPEN, id="not-real-enough-yet"),
        pytest.param({"change": 0.019, "p_value": 0.0062}, HALF, OPEN, id="not-large-enough-yet"),
        pytest.param({"change": 0.019, "p_value": 0.0062}, END, FAIL, id="large-enough-at-the-end"),
        # The levels of halves are 0.00625 and 0.04794
        pytest.param({"change": 0.019, "p_value": 0.0479}, END, FAIL, id="real-enough-at-the-end"),
        pytest.param({"change": 0.019, "p_value": 0.0480}, END, OPEN, id="the-end-has-less-left"),
        pytest.param({"change": 0.019, "p_value": 0.0480}, ONE_LOOK, FAIL, id="one-look-has-all"),
    ],
)
def test_an_early_fail_takes_more_of_both_keys(found, look, verdict):
    assert judge(given_estimate(variance=1e-4, **found), limit(), look).verdict is verdict


def test_the_levels_of_two_halves_are_those_that_these_tables_count_with():
    # Their oracle stands in test_sequential.
    assert nominal_levels(HALVES, 0.05, 3.0) == pytest.approx((0.00625, 0.04794), abs=1e-5)
    assert nominal_levels(HALVES, 0.047, 1.5) == pytest.approx((0.01662, 0.03857), abs=1e-5)


@pytest.mark.parametrize(
    ("change", "look", "verdict"),
    [
        # Half-way the pass may err by 0.047 x 0.5^1.5 = 0.01662: 2.129 SE = 0.02129
        pytest.param(0.0282, HALF, PASS, id="far-enough-below-half-way"),
        pytest.param(0.0283, HALF, OPEN, id="not-far-enough-half-way"),
        # The end is left with 0.03857: 1.768 SE
        pytest.param(0.0318, END, PASS, id="far-enough-below-at-the-end"),
        pytest.param(0.0319, END, OPEN, id="not-far-enough-at-the-end"),
        # 1.645 SE
        pytest.param(0.0330, ONE_LOOK, PASS, id="far-enough-below-at-the-only-look"),
    ],
)
def test_an_early_pass_takes_more_distance(change, look, verdict):
    # 0.05 - 0.5 / 1000 = 0.0495; the SE is 0.01
    found = given_estimate(change=change, variance=1e-4)
    assert judge(found, limit(0.05), look).verdict is verdict


def test_a_strict_fail_half_way_needs_the_bound_of_its_own_level():
    # z of 0.00625 is 2.498
    def verdict(change):
        found = given_estimate(change=change, variance=1e-4, p_value=1e-6)
        return judge(found, limit(0.01, strict=True), HALF).verdict

    assert [verdict(0.0349), verdict(0.0351)] == [OPEN, FAIL]


Z_END = stats.norm.isf(nominal_levels(HALVES, 0.05, 3.0)[1])
Z_PASS = stats.norm.isf(nominal_levels(HALVES, 0.047, 1.5)[1])


def chances(found, held=None):
    judged = judge(given_estimate(**{"variance": 1e-4, **found}), held or limit(), HALF)
    return judged.fail_chance, judged.pass_chance


def test_the_chance_of_a_fail_is_that_of_the_rarer_key_by_hand():
    # Key 1: z = 1 half-way means sqrt(2) at the end, with a variance of 1/0.5 - 1 = 1.
    # Key 2: 0.03 is to stay above 0.01, and moves by 0.01 x sqrt(0.5).
    real = stats.norm.sf(Z_END - math.sqrt(2))
    matters = stats.norm.cdf(0.02 / (0.01 * math.sqrt(0.5)))
    assert real < matters
    found = {"change": 0.03, "p_value": stats.norm.sf(1)}
    assert chances(found)[0] == pytest.approx(real)
    # z = 3: key 1 is nearly sure, and key 2 at the tolerance is even.
    assert chances({"change": 0.01, "p_value": stats.norm.sf(3)})[0] == pytest.approx(0.5)


def test_the_chance_of_a_strict_fail_counts_the_bound():
    # At the end the SE is 0.01 x sqrt(0.5) and the bound z of the level or 1.645 of it.
    found = {"change": 0.03, "p_value": 1e-9}
    final = 0.01 * math.sqrt(0.5)
    above = 0.01 + max(1.645, Z_END) * final - 0.03
    assert chances(found, limit(strict=True))[0] == pytest.approx(stats.norm.sf(above / final))


def test_the_chance_of_a_pass_by_hand():
    # At the end of 2,000 trials the SE is 0.01 x sqrt(0.5), and 0.05 - 0.5 / 2000 is the edge.
    final = 0.01 * math.sqrt(0.5)
    below = 0.05 - 0.00025 - Z_PASS * final - 0.04
    found = {"change": 0.04, "planned_new": 2000}
    assert chances(found, limit(0.05))[1] == pytest.approx(stats.norm.cdf(below / final))


def test_the_chance_of_a_pass_reckons_with_the_spread_of_the_tolerance():
    # Nothing failed in 100: what is reckoned with is 0.01 x 0.99 / 100 now and / 200 at the end.
    now, final = math.sqrt(0.0099 / 100), math.sqrt(0.0099 / 200)
    below = 0.01 - 0.0025 - Z_PASS * final
    found = {"variance": 0.0, "trials_new": 100, "planned_new": 200}
    assert chances(found)[1] == pytest.approx(stats.norm.cdf(below / (now * math.sqrt(0.5))))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(0.1, (1.0, 0.0), id="above-for-certain"),
        pytest.param(-0.1, (0.0, 1.0), id="below-for-certain"),
    ],
)
def test_without_noise_the_chances_are_certain(change, expected):
    found = {"change": change, "variance": 0.0, "p_value": 0.0}
    assert chances(found, limit(0.0, is_rate=False)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("p_value", [0.0, 1.0])
def test_a_rounded_p_value_leaves_a_chance_that_is_a_number(p_value):
    assert chances({"p_value": p_value, "change": 0.01})[0] == pytest.approx(
        0.5 * (1 - p_value), abs=1e-9
    )


@given(
    change=st.floats(-0.1, 0.1),
    variance=st.floats(0, 0.01),
    p_value=st.floats(0, 1),
    time=st.floats(0.01, 0.99),
    is_rate=st.booleans(),
)
def test_chances_are_probabilities(change, variance, p_value, time, is_rate):
    found = given_estimate(change=change, variance=variance, p_value=p_value)
    judged = judge(found, limit(is_rate=is_rate), Look(times=(round(time, 2), 1.0)))
    assert 0 <= judged.fail_chance <= 1
    assert 0 <= judged.pass_chance <= 1
    assert judge(found, limit(is_rate=is_rate), ONE_LOOK).fail_chance == 0
