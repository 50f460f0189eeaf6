from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from unit.core.builders import rows, score, scored, valued

from gate.core.columns import Columns, columns_of, with_missing

OF_TRIALS = ("case", "is_new", "failed", "override", "cost_usd", "tokens", "latency_ms")


def test_trials_are_laid_out_case_by_case_old_before_new():
    found = columns_of([scored(".x", "x"), scored(".", "..")])
    np.testing.assert_array_equal(found.case, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(found.is_new, [False, False, True, False, True, True])
    np.testing.assert_array_equal(found.failed, [0, 1, 1, 0, 0, 0])
    assert found.cases == 2


@pytest.mark.parametrize(
    ("given", "column", "value"),
    [
        pytest.param(score("x"), "failed", 1.0, id="a-failure"),
        pytest.param(score("refusal"), "failed", 1.0, id="a-failure-of-another-code"),
        pytest.param(score("."), "failed", 0.0, id="no-failure"),
        pytest.param(score(override=0.3), "override", 0.3, id="an-override"),
        pytest.param(score(override=None), "override", np.nan, id="nothing-to-hold-it-to"),
        pytest.param(score(cost_usd=0.5), "cost_usd", 0.5, id="a-cost"),
        pytest.param(score(), "cost_usd", np.nan, id="no-cost"),
        pytest.param(score(tokens=7), "tokens", 7.0, id="tokens"),
        pytest.param(score(tokens=0), "tokens", 0.0, id="no-token-is-a-number"),
        pytest.param(score(), "tokens", np.nan, id="tokens-unknown"),
        pytest.param(score(latency_ms=5.0), "latency_ms", 5.0, id="a-latency"),
        pytest.param(score(), "latency_ms", np.nan, id="no-latency"),
    ],
)
def test_a_column_reads_one_number_of_a_score(given, column, value):
    case = scored("", "")
    found = columns_of([type(case)(case=case.case, old=(given,), new=())])
    np.testing.assert_array_equal(getattr(found, column), [value])


def test_what_is_told_of_a_case_stands_once_a_case():
    found = columns_of(
        [
            scored("..", ".", segment={"channel": "web"}, old_recorded=True, old_missing=1),
            scored("", "", added=True, is_same=True, new_missing=2),
        ]
    )
    assert found.tags == ({"channel": "web"}, {})
    np.testing.assert_array_equal(found.is_recorded, [True, False])
    np.testing.assert_array_equal(found.is_added, [False, True])
    np.testing.assert_array_equal(found.is_same, [False, True])
    np.testing.assert_array_equal(found.missing_old, [1, 0])
    np.testing.assert_array_equal(found.missing_new, [0, 2])
    np.testing.assert_array_equal(found.counts(new=False), [2, 0])
    np.testing.assert_array_equal(found.counts(new=True), [1, 0])


@pytest.mark.parametrize(
    ("planned", "expected"),
    [
        pytest.param(0, [1, 3, 0], id="no-more-to-come"),
        pytest.param(2, [2, 3, 2], id="two-a-case"),
    ],
)
def test_the_plan_holds_the_trials_that_are_here_and_those_to_come(planned, expected):
    given = [scored(".", "."), scored(".", "..", new_missing=1), scored("", "")]
    np.testing.assert_array_equal(columns_of(given, planned_new=planned).planned_new, expected)


def test_cases_of_one_cluster_share_a_number_and_the_others_have_their_own():
    given = [
        scored(case_id="a", cluster="thread-1"),
        scored(case_id="b"),
        scored(case_id="c", cluster="thread-1"),
        scored(case_id="thread-1"),  # its name is that of a cluster, but it is of none
        scored(case_id="d", cluster=""),
    ]
    np.testing.assert_array_equal(columns_of(given).cluster, [0, 1, 0, 2, 3])


def test_no_case_gives_empty_columns():
    found = columns_of([])
    assert found.cases == 0
    assert all(len(getattr(found, field.name)) == 0 for field in fields(Columns))
    assert found.counts(new=True).tolist() == []


def test_a_choice_of_cases_keeps_their_trials_and_counts_from_0():
    given = [
        scored(".x", "x", segment={"a": "1"}),
        scored("x", "..", segment={"a": "2"}),
        scored(".", "x", segment={"a": "3"}, old_missing=4),
    ]
    found = columns_of(given).only(np.array([True, False, True]))
    expected = columns_of([given[0], given[2]])
    for field in fields(Columns):
        if field.name not in ("tags", "cluster"):
            np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))
    assert found.tags == expected.tags


def test_a_choice_of_nothing_is_empty():
    assert columns_of(rows(3)).only(np.zeros(3, dtype=bool)).cases == 0


def test_missing_trials_are_filled_in_on_their_side():
    given = columns_of(
        [scored(".", "", old_missing=1, new_missing=2), scored("x", ".", new_missing=1)]
    )
    found = with_missing(given, old=0.0, new=1.0)
    np.testing.assert_array_equal(found.case, [0, 1, 1, 0, 0, 0, 1])
    np.testing.assert_array_equal(found.is_new, [0, 0, 1, 0, 1, 1, 1])
    np.testing.assert_array_equal(found.failed, [0, 1, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(found.override, [0, 1, 0, 0, 1, 1, 1])
    assert found.missing_old.tolist() == found.missing_new.tolist() == [0, 0]
    assert with_missing(given, old=1.0, new=0.0).failed.tolist() == [0, 1, 0, 1, 0, 0, 0]


def test_the_cost_and_the_latency_of_a_missing_trial_stay_unknown():
    (given,) = valued("cost_usd", [([1.0], [2.0])], new_missing=1)
    found = with_missing(columns_of([given]), old=0.0, new=1.0)
    np.testing.assert_array_equal(found.cost_usd, [1.0, 2.0, np.nan])
    for name in ("tokens", "latency_ms"):
        assert np.isnan(getattr(found, name)[-1])


def test_the_override_of_a_missing_trial_is_unknown_where_no_answer_of_its_case_is_known():
    judged = valued("override", [([0.25, None], [])], new_missing=1)
    unjudged = valued("override", [([None], [None])], old_missing=1, new_missing=1)
    unanswered = [scored("", "", old_missing=1, new_missing=1)]
    found = with_missing(columns_of([*judged, *unjudged, *unanswered]), old=0.0, new=1.0)
    np.testing.assert_array_equal(found.case[4:], [1, 2, 0, 1, 2])
    np.testing.assert_array_equal(found.override[4:], [np.nan, 0, 1, np.nan, 1])
    np.testing.assert_array_equal(found.failed[4:], [0, 0, 1, 1, 1])


def test_filling_in_nothing_changes_nothing():
    given = columns_of([scored(".x", "x"), scored("x", ".")])
    found = with_missing(given, old=0.0, new=1.0)
    for name in OF_TRIALS:
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name))
