from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from unit.core.builders import rows, score, scored, valued

from gate.core import metrics
from gate.core.columns import columns_of
from gate.core.metrics import UNSEEN, Unmeasured

NO_PAIR = Unmeasured(reason="no case has an answer on both sides")
NO_REFERENCE = Unmeasured(reason=UNSEEN)
NO_TOKENS = Unmeasured(reason="the provider reports no tokens, or not for every answer")
NOT_SIDE_BY_SIDE = Unmeasured(reason="old and new were not called side by side")
ONE_SIDED = [scored("..", ""), scored("", "..")]


def read_failures(cases, *, is_last=True):
    columns = columns_of(cases)
    return metrics.measured(columns, columns.failed, is_last=is_last)


def test_only_cases_with_both_sides_are_compared():
    found = read_failures(
        [scored("x", ""), scored(".", "x."), scored("", "x"), scored("x", "."), scored("", "")]
    )
    np.testing.assert_array_equal(found.case, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(found.is_new, [False, True, True, False, True])
    np.testing.assert_array_equal(found.value, [0, 1, 0, 1, 0])


def test_only_trials_whose_value_is_known_are_compared():
    cases = valued("override", [([None, 0.5], [0.25]), ([None], [0.5]), ([0.1], [0.9, None])])
    columns = columns_of(cases)
    found = metrics.measured(columns, columns.override)
    np.testing.assert_array_equal(found.case, [0, 0, 1, 1])
    np.testing.assert_array_equal(found.value, [0.5, 0.25, 0.1, 0.9])


def test_what_is_told_of_a_case_goes_with_it():
    found = read_failures(
        [
            scored("", ".", cluster="a"),
            scored(".", ".", cluster="b", is_same=True),
            scored(".", "..", cluster="a"),
        ]
    )
    np.testing.assert_array_equal(found.cluster, [1, 0])
    np.testing.assert_array_equal(found.same, [True, False])
    assert found.planned_new == 4  # of all cases of the plan


def test_cases_without_a_pair_are_unseen_while_more_is_to_come():
    cases = [*rows(3), scored("", ""), scored(".", "")]
    assert read_failures(cases, is_last=False).unseen == 2
    assert read_failures(cases, is_last=True).unseen == 0


def rate_of(metric):
    return lambda columns: metrics.rate(metric, columns, is_last=True)


def cost_of(columns):
    return metrics.cost(columns, is_last=True)


def latency_of(columns):
    return metrics.latency(columns, is_last=True)


@pytest.mark.parametrize(
    ("read", "cases", "reason"),
    [
        pytest.param(rate_of("failure_rate"), [], NO_PAIR, id="failures-of-no-case"),
        pytest.param(rate_of("failure_rate"), ONE_SIDED, NO_PAIR, id="failures-of-one-side"),
        pytest.param(rate_of("override_rate"), [], NO_PAIR, id="overrides-of-no-case"),
        pytest.param(
            rate_of("override_rate"),
            valued("override", [([None], [None])]),
            NO_REFERENCE,
            id="overrides-without-a-reference",
        ),
        pytest.param(rate_of("override_rate"), ONE_SIDED, NO_PAIR, id="overrides-of-one-side"),
        pytest.param(
            rate_of("override_rate"),
            valued("override", [([None], [0.5])]),
            NO_REFERENCE,
            id="overrides-known-on-one-side",
        ),
        pytest.param(cost_of, [], NO_PAIR, id="the-cost-of-no-case"),
        pytest.param(cost_of, ONE_SIDED, NO_PAIR, id="the-cost-of-one-side"),
        pytest.param(cost_of, rows(2), NO_TOKENS, id="no-tokens"),
        pytest.param(
            cost_of,
            valued("tokens", [([1], [1]), ([1], [1, None])]),
            NO_TOKENS,
            id="one-answer-lacks-it",
        ),
        pytest.param(latency_of, [], NOT_SIDE_BY_SIDE, id="the-latency-of-no-case"),
        pytest.param(
            latency_of,
            valued("latency_ms", [([None], [5.0])]),
            NOT_SIDE_BY_SIDE,
            id="old-is-recorded",
        ),
    ],
)
def test_what_cannot_be_measured_says_why(read, cases, reason):
    assert read(columns_of(cases)) == reason


def test_failures_and_overrides_are_read_from_their_own_column():
    columns = columns_of(valued("override", [([0.1], [0.9])]))
    np.testing.assert_array_equal(rate_of("failure_rate")(columns).value, [0, 0])
    np.testing.assert_array_equal(rate_of("override_rate")(columns).value, [0.1, 0.9])


def test_a_cost_is_told_in_usd_if_every_price_is_known():
    (case,) = valued("cost_usd", [([0.5], [0.25])])
    unit, found = cost_of(columns_of([case]))
    assert unit == "usd"
    np.testing.assert_array_equal(found.value, [0.5, 0.25])


def test_a_cost_is_told_in_tokens_if_one_price_is_not_known():
    known = score(cost_usd=0.5, tokens=10)
    case = replace(scored(), old=(known,), new=(score(tokens=12),))
    unit, found = cost_of(columns_of([case]))
    assert unit == "tokens"
    np.testing.assert_array_equal(found.value, [10, 12])


def test_an_answer_that_is_not_compared_may_lack_its_cost():
    cases = [*valued("cost_usd", [([0.5], [0.25])]), scored(".", ""), scored("", ".")]
    unit, found = cost_of(columns_of(cases))
    assert (unit, len(found.value)) == ("usd", 2)


@pytest.mark.parametrize(
    ("old", "new", "quantile"),
    [
        pytest.param(20, 20, 0.95, id="twenty-a-side"),
        pytest.param(19, 40, 0.5, id="few-old-ones"),
        pytest.param(40, 19, 0.5, id="few-new-ones"),
    ],
)
def test_few_latencies_are_compared_by_their_median(old, new, quantile):
    found = latency_of(columns_of(valued("latency_ms", [([5.0] * old, [6.0] * new)])))
    assert found[0] == quantile
    assert len(found[1].value) == old + new
