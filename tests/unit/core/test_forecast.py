from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm
from unit.core.builders import policy, rows, score, scored

from gate.core.columns import columns_of
from gate.core.forecast import forecast


def recorded(*cases, planned_new=2):
    """The baseline's trials, scored; nothing new yet."""
    return columns_of(cases, planned_new=planned_new)


def baseline(count, old="....", **more):
    return rows(count, old, "", old_recorded=bool(old), **more)


def one(columns, **limits):
    (found,) = forecast(columns, policy(**limits))
    return found


def solved(formula):
    """The d with d = formula(d)."""
    return brentq(lambda rise: rise - formula(rise), 0, 1)


def proven(variance, trials_old, trials_new):
    """The t with t = 0.5 / n + 1.645 S(t) + 0.842 sqrt(V), where nothing changed.

    S(t) is the standard error of the change, were it t.
    """

    def bound(t):
        lacking = t * (1 - t) * (1 / trials_new - 1 / trials_old)
        reckoned = max(variance + lacking, t * (1 - t) / trials_new)
        return 0.5 / trials_new + 1.645 * reckoned**0.5 + 0.842 * variance**0.5

    return solved(bound)


def test_the_numbers_of_a_noisy_baseline_by_hand():
    # Two of ten cases failed in 1 of 4 trials: s^2 = 1 x 3 / (4 x 3) = 1/4 each.
    # V = 2 x 1/4 x (1/2 + 1/4) / 10^2 = 0.00375; n_new = 20
    found = one(recorded(*baseline(8), *baseline(2, "x...")), failure_rate=0.05)
    assert (found.metric, found.segment, found.cases) == ("failure_rate", None, 10)
    assert found.level == pytest.approx(0.05)
    assert found.tolerance == 0.05
    # 0.5 / 20 + 1.645 sqrt(0.23177 x 0.76823 / 20) + 0.842 x 0.061237
    assert found.provable == pytest.approx(0.23177, abs=1e-5)
    # A = 1.645 sqrt(20 x (0.00375 + 0.0475 / 20 - 0.0475 / 40)) + 0.842 sqrt(20 x 0.00375):
    # ((0.74752 + sqrt(0.55879 + 0.1)) / 0.1)^2 = 243.1 trials, 2 a case
    assert found.cases_needed == 122
    # Key 1: d = 1.645 sqrt(V + d / 40) + 0.842 sqrt(V + d / 20), more than key 2 asks
    error = 0.00375
    real = solved(
        lambda d: norm.isf(0.05) * (error + d / 40) ** 0.5 + 0.842 * (error + d / 20) ** 0.5
    )
    assert found.detectable == pytest.approx(real, abs=1e-6)
    assert found.detectable == pytest.approx(0.28422, abs=1e-5)
    assert found.can_fail
    assert found.is_measured


def test_where_the_tolerance_is_what_counts_the_rise_must_exceed_it():
    # V = 0, n_new = 2000: x = d - 0.05 solves x = 0.842 sqrt((0.05 + x) / 2000):
    # (0.00035448 + sqrt(0.00035448^2 + 4 x 0.00035448 x 0.05)) / 2 = 0.0043909
    found = one(recorded(*baseline(1000)), failure_rate=0.05)
    assert found.detectable == pytest.approx(0.054391, abs=1e-6)
    assert found.cases_needed is None


def test_without_a_baseline_old_is_called_as_often_as_new():
    live = one(recorded(*baseline(30, "")), failure_rate=0.01)
    assert live.level is None
    assert not live.is_measured
    # V is taken to be 0, and n_old = n_new = 60: d = (1.645 + 0.842) sqrt(d / 60)
    assert live.detectable == pytest.approx((norm.isf(0.05) + 0.842) ** 2 / 60, abs=1e-6)
    held = one(recorded(*baseline(30, "." * 10)), failure_rate=0.01)
    # n_old = 300: d = 1.645 sqrt(d / 300) + 0.842 sqrt(d / 60)
    assert held.detectable == pytest.approx(
        (norm.isf(0.05) / 300**0.5 + 0.842 / 60**0.5) ** 2, abs=1e-6
    )
    assert held.is_measured
    assert held.provable == live.provable  # both from new trials alone, where nothing varies


def test_a_recorded_old_side_is_sharper_than_a_live_one():
    # A case that fails in half of its trials: s^2 = 2 x 2 / (4 x 3) = 1/3, times 1/2 + 1/4
    few = one(recorded(*baseline(50, "xx..")), failure_rate=0.05)
    # s^2 = 10 x 10 / (20 x 19) = 5/19, times 1/2 + 1/20
    many = one(recorded(*baseline(50, "x." * 10)), failure_rate=0.05)
    assert few.provable == pytest.approx(proven(1 / 3 * 0.75 / 50, 200, 100))
    assert many.provable == pytest.approx(proven(5 / 19 * 0.55 / 50, 1000, 100))
    assert many.detectable < few.detectable


def test_a_case_with_one_trial_is_taken_to_vary_as_the_others_do():
    # s^2 of the two known cases: 1/4 and 0, so 1/8 for the third and the fourth.
    # V = (1/4 (1/2 + 1/4) + 1/8 (1/2 + 1) + 1/8 (1/2 + 1/2)) / 4^2: one has one old trial, one
    # has none and is called twice
    columns = recorded(
        *baseline(1, "x..."), *baseline(1, "...."), *baseline(1, "x"), *baseline(1, "")
    )
    found = one(columns, failure_rate=0.05)
    variance = (1 / 4 * 3 / 4 + 1 / 8 * 3 / 2 + 1 / 8) / 16
    assert found.provable == pytest.approx(proven(variance, 4 + 4 + 1 + 2, 8))
    assert found.level == pytest.approx((1 / 4 + 0 + 1) / 3)  # of the cases that have trials
    assert found.is_measured


def test_a_baseline_of_one_trial_a_case_says_nothing_about_how_much_they_vary():
    found = one(recorded(*baseline(9, "."), *baseline(1, "x")), failure_rate=0.05)
    assert found.level == pytest.approx(0.1)
    assert not found.is_measured


def test_only_trials_with_a_known_override_count_for_it():
    # Two of five trials are set apart as references: three are left, their s^2 is 1/3 and V is
    # 1/3 x (1/2 + 1/3) / 40
    apart = tuple(score(override=None) for _ in range(2))
    judged = tuple(score(override=value) for value in (0.0, 0.0, 1.0))
    cases = [
        replace(scored(new="", case_id=f"c{number}", old_recorded=True), old=apart + judged)
        for number in range(40)
    ]
    found = one(recorded(*cases), override_rate=0.05)
    assert found.level == pytest.approx(1 / 3)
    assert found.provable == pytest.approx(proven(1 / 3 * 5 / 6 / 40, 120, 80))


def test_every_rate_of_the_policy_is_forecast_with_its_share_of_alpha():
    columns = recorded(*baseline(30))
    # Four metrics, so 0.0125 each; cost and latency have no forecast.
    failures, overrides = forecast(
        columns, policy(failure_rate=0.01, override_rate=0.02, latency_p95=1.25, cost=1.1)
    )
    assert (failures.metric, overrides.metric) == ("failure_rate", "override_rate")
    assert (failures.tolerance, overrides.tolerance) == (0.01, 0.02)
    assert failures.detectable == one(columns, failure_rate=0.01, alpha=0.0125).detectable
    assert failures.detectable > one(columns, failure_rate=0.01).detectable


def test_a_policy_without_a_rate_has_no_forecast():
    tagged = recorded(*baseline(9, segment={"channel": "web"}))
    assert forecast(tagged, policy({"segments_by": (("channel",),)}, cost=1.1)) == ()


def test_a_strict_policy_finds_only_larger_rises():
    columns = recorded(*baseline(30))
    (strict,) = forecast(columns, policy({"strict": True}, failure_rate=0.05))
    # d = 0.05 + (1.645 + 0.842) sqrt(d / 60)
    wanted = solved(lambda d: 0.05 + (norm.isf(0.05) + 0.842) * (d / 60) ** 0.5)
    assert strict.detectable == pytest.approx(wanted, abs=1e-6)


@pytest.fixture
def by_channel():
    """60 cases of the web, 30 by mail, and one by fax."""
    return recorded(
        *baseline(55, segment={"channel": "web"}),
        *baseline(5, "x...", segment={"channel": "web"}),
        *baseline(30, segment={"channel": "mail"}),
        *baseline(1, segment={"channel": "fax"}),
    )


SEGMENTED = policy(
    {"segments_by": (("channel",),), "segments_max_rise": 0.01},
    failure_rate=0.05,
    override_rate=0.05,
)


def test_segments_come_after_all_cases_and_of_the_first_rate_alone(by_channel):
    found = [(each.metric, each.segment, each.cases) for each in forecast(by_channel, SEGMENTED)]
    assert found == [
        ("failure_rate", None, 91),
        ("override_rate", None, 91),
        ("failure_rate", "channel=fax", 1),
        ("failure_rate", "channel=mail", 30),
        ("failure_rate", "channel=web", 60),
    ]


def test_a_segment_that_is_too_small_cannot_fail_and_leaves_its_alpha_to_the_others(by_channel):
    segments = {each.segment: each for each in forecast(by_channel, SEGMENTED) if each.segment}
    # One case, four old and two new trials: the smallest mid-p is 0.5 / 15 = 0.033, and the
    # segments of one of two metrics share 0.05 / 2 x 0.2 = 0.005.
    assert {name: each.can_fail for name, each in segments.items()} == {
        "channel=fax": False,
        "channel=mail": True,
        "channel=web": True,
    }
    web = by_channel.only(np.array([each == {"channel": "web"} for each in by_channel.tags]))
    alone = one(web, failure_rate=0.01, alpha=0.005 / 2)
    assert segments["channel=web"] == replace(alone, segment="channel=web")
    assert alone.detectable < one(web, failure_rate=0.01, alpha=0.005 / 3).detectable


def test_where_no_segment_can_fail_they_are_forecast_all_the_same():
    columns = recorded(*baseline(1, segment={"channel": "fax"}), *baseline(40))
    fax = forecast(columns, SEGMENTED)[-1]
    assert (fax.segment, fax.can_fail) == ("channel=fax", False)


@pytest.mark.parametrize(
    ("tolerance", "repeats", "needed"),
    [
        # Where nothing varies: 1.645 sqrt(tol (1 - tol) / n) + 0.5 / n = tol.
        # 0.01: 360.98 trials; 0.05: 69.99
        pytest.param(0.01, 1, 361, id="one-point"),
        pytest.param(0.01, 2, 181, id="one-point-two-trials-a-case"),
        pytest.param(0.05, 1, 70, id="five-points"),
        pytest.param(0.05, 3, 24, id="five-points-three-trials-a-case"),
    ],
)
def test_the_cases_that_it_takes_are_the_fewest_that_do(tolerance, repeats, needed):
    def after(cases):
        columns = recorded(*baseline(cases), planned_new=repeats)
        return one(columns, failure_rate=tolerance)

    assert after(10).cases_needed == after(needed - 1).cases_needed == needed
    assert after(needed).cases_needed is None
    assert after(needed).provable <= tolerance < after(needed - 1).provable


def test_the_cases_that_it_takes_are_right_for_cases_that_vary():
    def after(cases):  # one in five fails in one of four trials
        return one(
            recorded(*baseline(cases * 4 // 5), *baseline(cases // 5, "x...")), failure_rate=0.05
        )

    assert after(10).cases_needed == after(100).cases_needed == 122
    assert after(125).cases_needed is None
    assert after(125).provable <= 0.05 < after(120).provable


def test_no_number_of_cases_proves_a_tolerance_of_nothing():
    assert one(recorded(*baseline(30)), failure_rate=0).cases_needed is None
