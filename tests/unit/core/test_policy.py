from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core.builders import policy

from gate.core.policy import FINDING_IDS, Policy, Tolerance


@pytest.mark.parametrize(
    ("tolerance", "limit"),
    [
        pytest.param(Tolerance(max_rise=0.02), 0.02, id="a-rise"),
        pytest.param(Tolerance(max_rise=0.0), 0.0, id="no-rise-at-all"),
        pytest.param(Tolerance(max_ratio=1.25), 1.25, id="a-ratio"),
        pytest.param(Tolerance(), 0.0, id="none-tolerates-nothing"),
    ],
)
def test_a_tolerance_is_one_number(tolerance, limit):
    assert tolerance.limit == limit


def test_alpha_is_split_over_metrics_and_then_over_all_cases_and_segments():
    # 0.05 / 4 metrics = 0.0125; 80 % of it overall, 20 % over all segments together
    given = Policy(segments_by=(("channel",),))
    assert given.alpha_overall() == pytest.approx(0.01)
    assert given.alpha_segments() == pytest.approx(0.0025)


def test_without_segments_the_overall_test_has_all_of_it():
    assert Policy().alpha_overall() == pytest.approx(0.0125)


def test_one_metric_alone_has_the_whole_alpha():
    assert policy(alpha=0.1, failure_rate=0.01).alpha_overall() == pytest.approx(0.1)


def test_a_metric_that_a_run_cannot_measure_leaves_its_alpha_to_the_others():
    given = policy({"strict": True}, failure_rate=0.01, latency_p95=1.25)
    without = given.without("latency_p95")
    assert without == policy({"strict": True}, failure_rate=0.01)
    assert (given.alpha_overall(), without.alpha_overall()) == (0.025, 0.05)
    assert without.without("cost") == without


@pytest.mark.parametrize("call", [Policy.alpha_overall, Policy.alpha_segments])
def test_a_policy_of_nothing_divides_by_one(call):
    assert 0 < call(Policy(metrics={})) <= 0.05


@given(alpha=st.floats(0.001, 0.5), metrics=st.integers(1, 4), segmented=st.booleans())
def test_all_tests_together_never_spend_more_than_alpha(alpha, metrics, segmented):
    given = Policy(
        alpha=alpha,
        metrics=dict.fromkeys(list(FINDING_IDS.values())[:metrics], Tolerance()),
        segments_by=(("t",), ("t", "u")) if segmented else (),
    )
    spent = metrics * given.alpha_overall()
    if segmented:
        spent += metrics * given.alpha_segments()
    assert spent == pytest.approx(alpha)


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        pytest.param(["failure_rate", "latency_p95"], ["failure_rate"], id="the-others-share-it"),
        pytest.param(["failure_rate"], ["failure_rate"], id="no-latency-to-leave-out"),
        pytest.param(["latency_p95"], ["latency_p95"], id="a-policy-is-never-left-empty"),
    ],
)
def test_a_policy_for_recorded_trials_leaves_the_latency_out(metrics, expected):
    limits = {metric: Policy().metrics[metric] for metric in metrics}
    found = Policy(metrics=limits).untimed()
    assert list(found.metrics) == expected
    assert found.alpha_overall() == 0.05
