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
    # 0.05 / 4 metrics = 0.0125; 80 % of it overall; 20 % over 5 segments: 0.0005 each
    given = Policy(segments_by=("channel",))
    assert given.alpha_overall() == pytest.approx(0.01)
    assert given.alpha_segment(5) == pytest.approx(0.0005)


def test_without_segments_the_overall_test_has_all_of_it():
    assert Policy().alpha_overall() == pytest.approx(0.0125)


def test_one_metric_alone_has_the_whole_alpha():
    assert policy(alpha=0.1, failure_rate=0.01).alpha_overall() == pytest.approx(0.1)


@pytest.mark.parametrize("call", [Policy.alpha_overall, lambda given: given.alpha_segment(0)])
def test_a_policy_of_nothing_divides_by_one(call):
    assert 0 < call(Policy(metrics={})) <= 0.05


@given(
    alpha=st.floats(0.001, 0.5),
    metrics=st.integers(1, 4),
    segments=st.integers(1, 50),
    segmented=st.booleans(),
)
def test_all_tests_together_never_spend_more_than_alpha(alpha, metrics, segments, segmented):
    given = Policy(
        alpha=alpha,
        metrics=dict.fromkeys(list(FINDING_IDS.values())[:metrics], Tolerance()),
        segments_by=("t",) if segmented else (),
    )
    spent = metrics * given.alpha_overall()
    if segmented:
        spent += metrics * segments * given.alpha_segment(segments)
    assert spent == pytest.approx(alpha)
