from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats
from unit.core.builders import policy, valued

from gate.core.columns import columns_of
from gate.core.findings import find
from gate.core.report import Verdict

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def only(scores, given_policy):
    found = find(columns_of(scores), given_policy)
    assert found.not_measured == {}
    (one,) = found.found
    return one.finding


@pytest.mark.parametrize(("field", "unit"), [("cost_usd", "usd"), ("tokens", "tokens")])
def test_a_dearer_prompt_fails_by_its_price_or_else_by_its_tokens(field, unit):
    # New costs 2.0 to 2.3 against 1.0 to 1.3: each new trial is dearer, 130 % of old is 1.5
    scores = valued(field, [([100, 130], [200, 230])] * 20)
    found = only(scores, policy(cost=1.3))
    assert (found.id, found.unit, found.verdict) == ("cost-rise", unit, FAIL)
    assert (found.old, found.new) == (115, 215)
    assert found.change == pytest.approx(215 / 115 - 1)
    assert found.limit == 1.3
    # s^2 = (65^2 + 35^2 + 35^2 + 65^2) / 3; V = s^2 (1/2 + 1.3^2 / 2) / 20
    error = (10900 / 3 * (0.5 + 0.845) / 20) ** 0.5
    low, high = found.interval
    assert (high + low) / 2 == pytest.approx(found.change)
    assert (high - low) / 2 == pytest.approx(1.645 * error / 115)
    # Rises of new against 1.3 x old, told as fractions of old; alpha is 0.05
    z = stats.norm.isf(0.05)
    assert found.detectable == pytest.approx(0.3 + (z + 0.842) * error / 115)
    assert found.provable == pytest.approx(0.3 + (1.645 + 0.842) * error / 115)
    assert found.trials_needed is None


@pytest.mark.parametrize(
    ("pair", "verdict"),
    [
        pytest.param(([1.0, 1.2], [1.0, 1.2]), PASS, id="the-same"),
        pytest.param(([1.0, 1.2], [0.5, 0.6]), PASS, id="cheaper"),
        pytest.param(([1.0, 1.2], [1.1, 1.3]), PASS, id="dearer-and-tolerated"),
        pytest.param(([1.0, 1.2], [1.4, 1.6]), FAIL, id="dearer-than-tolerated"),
        pytest.param(([0.0, 0.0], [0.0, 0.0]), PASS, id="free-as-before"),
        pytest.param(([0.0, 0.0], [0.1, 0.2]), FAIL, id="no-longer-free"),
    ],
)
def test_cost_is_held_against_the_tolerated_ratio(pair, verdict):
    assert only(valued("cost_usd", [pair] * 40), policy(cost=1.25)).verdict is verdict


@pytest.mark.parametrize("price", [0.1, 0.7, 1.0, 1e-7])
def test_equal_costs_pass_however_they_are_rounded(price):
    # The mean of three times 0.1 is not 0.1, which is no spread.
    found = only(valued("cost_usd", [([price] * 3, [price] * 3)] * 30), policy(cost=1.0))
    assert (found.interval, found.verdict) == ((0.0, 0.0), PASS)


@pytest.mark.parametrize("limit", [1.0, 1.25])
def test_a_cost_that_no_trial_moves_passes_at_exactly_the_tolerated_ratio(limit):
    # Clusters that all have the same ratio leave no noise. 0.1 + 0.1 + 0.1 is not 0.3.
    pairs = [([price] * 3, [price * limit] * 3) for price in (0.1, 0.7, 1.0, 1.1)] * 9
    found = only(valued("cost_usd", pairs), policy({"scope": "population"}, cost=limit))
    assert found.verdict is PASS
    assert found.change == pytest.approx(limit - 1)


def test_a_change_from_nothing_is_told_as_it_is():
    found = only(valued("cost_usd", [([0.0], [0.25])] * 9), policy(cost=1.25))
    assert found.change == 0.25
    # s^2 = 2 x 0.125^2; V = s^2 (1 + 1.25^2) / 9 = 0.0088976
    assert found.interval == pytest.approx((0.25 - 0.15517, 0.25 + 0.15517), abs=1e-5)


def test_cost_is_not_measured_where_one_answer_has_no_tokens():
    scores = valued("tokens", [([1], [1]), ([1], [None])])
    reason = "the provider reports no tokens, or not for every answer"
    assert find(columns_of(scores), policy(cost=1.1)).not_measured == {"cost": reason}


def latencies(old, new, *, cases=60, trials=3):
    """Trials of a side are spread evenly over 40 ms."""
    return valued(
        "latency_ms",
        [
            (
                [old + (7 * number + 13 * repeat) % 40 for repeat in range(trials)],
                [new + (11 * number + 17 * repeat) % 40 for repeat in range(trials)],
            )
            for number in range(cases)
        ],
    )


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        pytest.param(latencies(100, 100), PASS, id="as-before"),
        pytest.param(latencies(100, 60), PASS, id="faster"),
        pytest.param(latencies(100, 110), PASS, id="slower-and-tolerated"),
        pytest.param(latencies(100, 300), FAIL, id="slower-than-tolerated"),
        pytest.param(latencies(100, 100, cases=1, trials=1), OPEN, id="too-few"),
    ],
)
def test_latency_is_held_against_the_tolerated_ratio(scores, verdict):
    assert only(scores, policy(latency_p95=1.25)).verdict is verdict


def test_a_latency_finding_tells_the_95th_percentiles():
    # Sources: the 95th percentile of 0..100 is 95, of 200..300 is 295
    scores = valued("latency_ms", [([float(ms)], [200.0 + ms]) for ms in range(101)])
    found = only(scores, policy(latency_p95=1.25))
    assert (found.id, found.unit, found.limit) == ("latency-p95-rise", "ms", 1.25)
    assert (found.old, found.new) == (95, 295)
    assert found.change == pytest.approx(295 / 95 - 1)
    assert found.quantile == 0.95
    assert found.interval is found.detectable is found.provable is found.trials_needed is None


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        # 115 -> 165 ms, and one of two exceeds the median on either side: nothing is excluded.
        pytest.param([([230.0], [300.0]), ([1.0], [31.0])], OPEN, id="as-many-long-ones"),
        # Faster in 2 of 2 cases: mid-p 1/8; in 8 of 8: 2^-9.
        pytest.param([([9.0], [1.0])] * 2, OPEN, id="faster-in-two"),
        pytest.param([([9.0], [1.0])] * 8, PASS, id="faster-in-eight"),
    ],
)
def test_few_latencies_without_spread_are_no_pass(pairs, verdict):
    found = only(valued("latency_ms", pairs), policy(latency_p95=1.25))
    assert found.verdict is verdict


def test_a_latency_of_nothing_has_no_ratio():
    found = only(valued("latency_ms", [([0.0], [0.0])] * 5), policy(latency_p95=1.25))
    assert (found.change, found.verdict) == (0, OPEN)


def test_few_latencies_are_told_by_their_medians():
    # The median of 10, 20, 30 is 20, of 20, 40, 90 it is 40
    scores = valued("latency_ms", [([10.0], [40.0]), ([20.0], [20.0]), ([30.0], [90.0])])
    found = only(scores, policy(latency_p95=1.25))
    assert (found.old, found.new, found.quantile) == (20, 40, 0.5)


def test_a_slower_tail_with_equal_quantiles_is_no_fail():
    # 12 of 300 now take 2,000 ms instead of 1,000: mid-p 2^-13 that so many exceed the pooled 95th
    # percentile. But that is 1,000 ms on either side: ten in a hundred took as long before.
    pairs = [([1000.0], [2000.0])] * 12 + [([1000.0], [1000.0])] * 18 + [([100.0], [100.0])] * 270
    found = only(valued("latency_ms", pairs), policy(latency_p95=1.0))
    assert found.p_value == pytest.approx(2**-13)
    assert (found.old, found.new, found.verdict) == (1000, 1000, OPEN)


def test_a_latency_that_is_known_on_one_side_only_is_left_out():
    scores = valued("latency_ms", [([5.0], [5.0]), ([None], [500.0])])
    found = only(scores, policy(latency_p95=1.25))
    assert (found.n, found.new) == (1, 5)


def test_latency_is_not_measured_where_old_was_not_called_in_this_run():
    scores = valued("latency_ms", [([None], [5.0])] * 3)
    reason = "old and new were not called side by side"
    found = find(columns_of(scores), policy(latency_p95=1.25))
    assert (found.found, found.not_measured) == ((), {"latency_p95": reason})


@pytest.mark.parametrize("population", [False, True])
def test_the_bounds_of_a_cost_are_where_its_verdict_turns(population):
    # A rise of new over old has to be real; how large it may be is another key.
    verdicts, fails = [], []
    for extra in range(0, 60, 2):
        scores = valued("cost_usd", [([90, 110], [90 + extra, 110 + extra])] * 6)
        scores = [replace(each, case=replace(each.case, cluster=f"k{i}")) for i, each in
                  enumerate(scores)]  # fmt: skip
        more = {"scope": "population"} if population else {}
        found = only(scores, policy(more, cost=1.1))
        verdicts.append(found.verdict)
        fails.append(found.change > found.bounds[1])
        assert (found.verdict is PASS) is (found.change <= found.bounds[0])
        assert found.bounds[0] - 1e-9 < 0.1 < found.bounds[1] + 1e-9
    # The test is exact and the bound is its normal law, so they may differ by one step.
    assert abs(verdicts.index(FAIL) - fails.index(True)) <= 1
