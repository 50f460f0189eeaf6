from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.core.builders import measured, policy, score, scored

from gate.core.findings import find, segments_of
from gate.core.policy import Policy, Tolerance
from gate.core.report import Verdict

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def only(scores, given_policy):
    (finding,), unmeasured = find(scores, given_policy)
    assert unmeasured == {}
    return finding


def test_a_rise_of_failures_by_hand():
    # 10 of 100 broken: mid-p of McNemar 2^-11; V = 10 / 100^2; 1.645 x sqrt(0.001) = 0.0520
    scores = [scored(".", "x")] * 10 + [scored(".", ".")] * 90
    found = only(scores, policy(failure_rate=0.01))
    assert (found.id, found.metric, found.segment) == ("failure-rate-rise", "failure_rate", None)
    assert (found.old, found.new, found.change) == (0, 0.1, 0.1)
    assert found.p_value == pytest.approx(2**-11)
    assert found.interval == pytest.approx((0.048, 0.152), abs=1e-4)
    assert (found.limit, found.unit, found.n, found.alpha) == (0.01, "rate", 100, 0.05)
    assert found.verdict is FAIL
    assert not found.waived


def test_the_override_rate_is_a_finding_of_its_own():
    scores = measured("override", [([0.0, 0.1], [0.9, 0.8])] * 20)
    found = only(scores, policy(override_rate=0.02))
    assert (found.id, found.unit, found.verdict) == ("override-rate-rise", "rate", FAIL)
    assert (found.old, found.new) == (pytest.approx(0.05), pytest.approx(0.85))


def test_the_budget_of_alpha_is_split_over_metrics_segments_and_the_whole():
    given_policy = Policy(
        metrics={
            "failure_rate": Tolerance(max_rise=0.01),
            "override_rate": Tolerance(max_rise=0.02),
        },
        segments_by=("channel",),
        segments_max_rise=0.07,
    )
    scores = [scored(segment={"channel": channel}) for channel in ("web", "email", "web", "fax")]
    found, _ = find(scores, given_policy)
    assert [(each.metric, each.segment, each.n, each.limit) for each in found] == [
        ("failure_rate", None, 4, 0.01),
        ("override_rate", None, 4, 0.02),
        ("failure_rate", "channel=email", 1, 0.07),
        ("failure_rate", "channel=fax", 1, 0.07),
        ("failure_rate", "channel=web", 2, 0.07),
        ("override_rate", "channel=email", 1, 0.07),
        ("override_rate", "channel=fax", 1, 0.07),
        ("override_rate", "channel=web", 2, 0.07),
    ]
    # 0.05 / 2 metrics: 80 % = 0.02; 20 % over 3 segments = 0.001667
    assert [each.alpha for each in found] == pytest.approx([0.02] * 2 + [0.005 / 3] * 6)


def test_a_choice_of_metrics_leaves_the_budget_of_the_whole_policy():
    given_policy = policy(failure_rate=0.01, cost=1.1)
    (found,), unmeasured = find([scored()], given_policy, among=("failure_rate",))
    assert found.alpha == pytest.approx(0.025)
    assert unmeasured == {}


def test_a_segment_can_fail_where_the_whole_does_not():
    # 20 of 20 broken by fax, 20 of 20 fixed by web: over all nothing changed
    scores = [scored(".", "x", segment={"channel": "fax"})] * 20
    scores += [scored("x", ".", segment={"channel": "web"})] * 20
    given_policy = Policy(
        metrics={"failure_rate": Tolerance(max_rise=0.01)}, segments_by=("channel",)
    )
    found, _ = find(scores, given_policy)
    assert {each.segment: each.verdict for each in found} == {
        None: OPEN,
        "channel=fax": FAIL,
        "channel=web": PASS,
    }


def test_only_rates_are_judged_by_segment():
    scores = measured("cost_usd", [([1.0], [1.0])] * 4)
    found, _ = find(scores, Policy(metrics={"cost": Tolerance(max_ratio=1.1)}, segments_by=("a",)))
    assert [(each.metric, each.segment) for each in found] == [("cost", None)]


def test_segments_group_cases_by_the_values_of_each_tag():
    one = scored(segment={"channel": "web", "lang": "de"})
    two = scored(segment={"channel": "web"})
    three = scored(segment={"lang": "de"})
    assert segments_of([one, two, three], ["lang", "channel", "tier"]) == {
        "channel=web": [one, two],
        "lang=de": [one, three],
    }


@pytest.mark.parametrize("metric", ["failure_rate", "override_rate", "latency_p95", "cost"])
@pytest.mark.parametrize(
    "scores",
    [
        pytest.param([], id="no-case"),
        pytest.param([scored("..", ""), scored("", "..")], id="one-side-only"),
    ],
)
def test_a_metric_without_answers_on_both_sides_is_not_measured(scores, metric):
    given_policy = policy(**{metric: 1.0})
    assert find(scores, given_policy) == ((), {metric: "no case has an answer on both sides"})


def test_a_case_of_one_side_is_left_out():
    found = only([scored(".", "."), scored("", "xxx")], policy(failure_rate=0.01))
    assert (found.n, found.new) == (1, 0)


@pytest.mark.parametrize(("field", "unit"), [("cost_usd", "usd"), ("tokens", "tokens")])
def test_a_dearer_prompt_fails_by_its_price_or_else_by_its_tokens(field, unit):
    # New costs 2.0 to 2.3 against 1.0 to 1.3: each new trial is dearer, 130 % of old is 1.5
    scores = measured(field, [([100, 130], [200, 230])] * 20)
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
    assert found.detectable == found.provable == pytest.approx(2.49 * error / 115)


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
    assert only(measured("cost_usd", [pair] * 40), policy(cost=1.25)).verdict is verdict


def test_a_change_from_nothing_is_told_as_it_is():
    found = only(measured("cost_usd", [([0.0], [0.25])] * 9), policy(cost=1.25))
    assert found.change == 0.25


def test_cost_is_not_measured_where_one_answer_has_no_tokens():
    scores = measured("tokens", [([1], [1]), ([1], [None])])
    reason = "the provider reports no tokens, or not for every answer"
    assert find(scores, policy(cost=1.1)) == ((), {"cost": reason})


def latencies(old, new, *, cases=60):
    """Three trials a side, spread evenly over 40 ms."""
    return measured(
        "latency_ms",
        [
            (
                [old + (7 * number + 13 * repeat) % 40 for repeat in range(3)],
                [new + (11 * number + 17 * repeat) % 40 for repeat in range(3)],
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
        pytest.param(latencies(100, 100, cases=2), OPEN, id="too-few"),
    ],
)
def test_latency_is_held_against_the_tolerated_ratio(scores, verdict):
    assert only(scores, policy(latency_p95=1.25)).verdict is verdict


def test_a_latency_finding_tells_the_95th_percentiles():
    # Sources: the 95th percentile of 0..100 is 95, of 200..300 is 295
    scores = measured("latency_ms", [([float(ms)], [200.0 + ms]) for ms in range(101)])
    found = only(scores, policy(latency_p95=1.25))
    assert (found.id, found.unit, found.limit) == ("latency-p95-rise", "ms", 1.25)
    assert (found.old, found.new) == (95, 295)
    assert found.change == pytest.approx(295 / 95 - 1)


def test_a_latency_of_nothing_has_no_ratio():
    found = only(measured("latency_ms", [([0.0], [0.0])] * 5), policy(latency_p95=1.25))
    assert (found.change, found.verdict) == (0, OPEN)


def test_latency_is_not_measured_where_one_trial_was_not_called_in_this_run():
    scores = measured("latency_ms", [([5.0], [5.0]), ([None], [5.0])])
    reason = "old and new were not called side by side in this run"
    assert find(scores, policy(latency_p95=1.25)) == ((), {"latency_p95": reason})


def test_a_metric_that_was_not_measured_hides_no_other():
    found, unmeasured = find([scored(".", ".")], Policy())
    assert [each.metric for each in found] == ["failure_rate", "override_rate"]
    assert set(unmeasured) == {"latency_p95", "cost"}


SIDE = st.text(".x", min_size=1, max_size=4)
CHANNEL = st.sampled_from(["web", "fax"])
BY_CHANNEL = Policy(alpha=0.5, segments_by=("channel",))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(SIDE, CHANNEL), min_size=1, max_size=30))
def test_two_equal_sides_give_no_failing_finding(rows):
    scores = [scored(side, side, segment={"channel": channel}) for side, channel in rows]
    found, _ = find(scores, BY_CHANNEL)
    assert found
    assert all(each.verdict is not FAIL for each in found)


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.tuples(SIDE, SIDE, CHANNEL), min_size=1, max_size=30),
    seed=st.randoms(use_true_random=False),
)
def test_the_order_of_the_cases_changes_nothing(rows, seed):
    def judged(given_rows):
        scores = [scored(old, new, segment={"channel": tag}) for old, new, tag in given_rows]
        return find(scores, BY_CHANNEL)[0]

    one, two = judged(rows), judged(seed.sample(rows, len(rows)))
    assert [(each.metric, each.segment) for each in one] == [
        (each.metric, each.segment) for each in two
    ]
    for left, right in zip(one, two, strict=True):
        assert left.change == pytest.approx(right.change, abs=1e-12)
        assert left.p_value == pytest.approx(right.p_value, abs=1e-12)


def test_a_segment_that_the_proxy_cannot_judge_has_no_override_finding():
    # One case in a segment of its own, with no reference to hold its outputs to.
    unjudged = replace(
        scored(segment={"channel": "chat"}),
        old=(score(override=None),),
        new=(score(override=None),),
    )
    known = scored(segment={"channel": "email"})
    by_channel = replace(policy(override_rate=0.1), segments_by=("channel",))
    found, unmeasured = find([unjudged, known], by_channel)
    assert [each.segment for each in found] == [None, "channel=email"]
    assert unmeasured == {}


def test_where_no_case_has_a_reference_the_override_rate_is_not_measured():
    alone = replace(scored(), old=(score(override=None),), new=(score(override=None),))
    assert find([alone], policy(override_rate=0.1)) == (
        (),
        {"override_rate": "no case has an expectation, or old trials to spare as references"},
    )
