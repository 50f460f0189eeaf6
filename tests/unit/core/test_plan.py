from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.plan import look_ends, look_times, stratified_order, trials_by

CHANNELS = [{"channel": "web"}] * 30 + [{"channel": "fax"}] * 10 + [{}] * 5
TAGS = st.lists(
    st.fixed_dictionaries({}, optional={"a": st.sampled_from("xyz"), "b": st.sampled_from("pq")}),
    min_size=1,
    max_size=60,
)
BY = [("a",), ("a", "b")]


@settings(max_examples=100, deadline=None)
@given(tags=TAGS, seed=st.integers(-(2**70), 2**70))
def test_every_beginning_holds_each_stratums_share_within_one_case(tags, seed):
    order = stratified_order(tags, BY, seed=seed)
    assert sorted(order) == list(range(len(tags)))
    strata = [tuple(sorted(each.items())) for each in tags]
    sizes, seen = Counter(strata), Counter()
    for index in order:
        seen[strata[index]] += 1
        # Some share p of the whole has been reached: each stratum has p x size, give or take one.
        least = max((seen[each] - 1) / size for each, size in sizes.items())
        most = min((seen[each] + 1) / size for each, size in sizes.items())
        assert least < most


@given(seed=st.integers(0, 1000))
def test_every_beginning_holds_the_share_of_web_and_fax(seed):
    # 30 web and 10 fax: a quarter of every beginning, give or take one.
    order = stratified_order(CHANNELS[:40], [("channel",)], seed=seed)
    faxes = 0
    for length, index in enumerate(order, start=1):
        faxes += index >= 30
        assert abs(faxes - length / 4) <= 1


def test_one_seed_gives_one_order_and_another_seed_another():
    one, again, other = (
        stratified_order(CHANNELS, [("channel",)], seed=seed) for seed in (1, 1, 2)
    )
    assert one == again
    assert one != other
    assert one != sorted(one)


def test_seeds_of_any_size_and_sign_are_taken():
    orders = [stratified_order(CHANNELS, [], seed=seed) for seed in (-1, 2**200 + 5, 5)]
    assert all(sorted(each) == list(range(45)) for each in orders)


def test_without_segments_all_cases_are_one_stratum_in_random_order():
    # Each of 6 cases comes first in about a sixth of 1,200 orders: 200 -+ 4 x 13.
    first = Counter(stratified_order([{}] * 6, [], seed=seed)[0] for seed in range(1200))
    assert all(148 <= first[case] <= 252 for case in range(6))


@pytest.mark.parametrize(
    ("cases", "repeats", "looks", "expected"),
    [
        pytest.param(80, 3, 8, [30, 60, 90, 120, 150, 180, 210, 240], id="whole-eighths"),
        pytest.param(5, 2, 4, [3, 5, 8, 10], id="rounded-up"),
        pytest.param(3, 1, 8, [1, 2, 3], id="few-pairs-have-few-looks"),
        pytest.param(1, 1, 8, [1], id="one-pair-has-one-look"),
        pytest.param(7, 9, 1, [63], id="one-look-is-the-last"),
    ],
)
def test_looks_come_at_equal_distances(cases, repeats, looks, expected):
    assert look_ends(cases, repeats, looks=looks) == expected


def test_there_are_eight_looks_unless_said_otherwise():
    assert len(look_ends(100, 3)) == 8


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        pytest.param(0, [0, 0, 0], id="nothing-yet"),
        pytest.param(1, [0, 0, 1], id="the-first-of-the-order"),
        pytest.param(2, [1, 0, 1], id="two-of-the-order"),
        pytest.param(3, [1, 1, 1], id="a-whole-pass"),
        pytest.param(4, [1, 1, 2], id="the-first-again"),
        pytest.param(9, [3, 3, 3], id="three-passes"),
    ],
)
def test_each_case_is_asked_once_before_one_is_asked_twice(end, expected):
    np.testing.assert_array_equal(trials_by([2, 0, 1], end), expected)


def test_the_times_of_looks_at_live_pairs_by_hand():
    # Live, a case of k pairs adds 2 / k. One of two cases once: 1/2; both once: 4/4 = 1;
    # one of them twice: 4 / (1 + 2) = 4/3; both twice: 4/2 = 2.
    times = look_times([1, 0], [1, 2, 3, 4], np.array([0, 0]))
    assert times == pytest.approx((1 / 4, 1 / 2, 2 / 3, 1))


def test_the_times_of_looks_at_recorded_trials_by_hand():
    # Ten recorded: 1 / 1.1 after one case, 4 / 2.2 after both.
    assert look_times([0, 1], [1, 2], np.array([10, 10])) == pytest.approx((1 / 2, 1))
    # Ten recorded and none: 1 / 1.1, then 4 / (1.1 + 2).
    times = look_times([0, 1], [1, 2], np.array([10, 0]))
    assert times == pytest.approx(((1 / 1.1) / (4 / 3.1), 1))


@settings(max_examples=50, deadline=None)
@given(
    recorded=st.lists(st.integers(0, 10), min_size=1, max_size=30),
    repeats=st.integers(1, 5),
    seed=st.integers(0, 100),
)
def test_each_look_sees_more_than_the_one_before(recorded, repeats, seed):
    order = stratified_order([{}] * len(recorded), [], seed=seed)
    times = look_times(order, look_ends(len(recorded), repeats), np.array(recorded))
    assert times[0] > 0
    assert times[-1] == 1
    assert all(left < right for left, right in itertools.pairwise(times))
