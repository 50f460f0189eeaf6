from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.core.builders import policy, rows, score, scored, valued

from gate.core.columns import columns_of
from gate.core.findings import find
from gate.core.policy import Policy, Tolerance
from gate.core.report import Verdict
from gate.core.sequential import Look

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
BY_CHANNEL = {"segments_by": (("channel",),)}
WEB, FAX, EMAIL = ({"channel": each} for each in ("web", "fax", "email"))


def findings(scores, given_policy, **more):
    return [each.finding for each in find(columns_of(scores), given_policy, **more).found]


def only(scores, given_policy, **more):
    found = find(columns_of(scores), given_policy, **more)
    assert found.not_measured == {}
    (one,) = found.found
    return one.finding


def test_a_rise_of_failures_by_hand():
    # 10 of 100 broken: mid-p of McNemar 2^-11; V = 10 / 100^2; 1.645 x sqrt(0.001) = 0.0520
    found = only(rows(10, ".", "x") + rows(90), policy(failure_rate=0.01))
    assert (found.id, found.metric, found.segment) == ("failure-rate-rise", "failure_rate", None)
    assert (found.old, found.new, found.change) == (0, 0.1, 0.1)
    assert found.p_value == pytest.approx(2**-11)
    assert found.interval == pytest.approx((0.048, 0.152), abs=1e-4)
    assert (found.limit, found.unit, found.n, found.alpha) == (0.01, "rate", 100, 0.05)
    assert found.verdict is FAIL
    assert not found.waived
    assert found.p_adjusted is found.quantile is None


def test_the_override_rate_is_a_finding_of_its_own():
    scores = valued("override", [([0.0, 0.1], [0.9, 0.8])] * 20)
    found = only(scores, policy(override_rate=0.02))
    assert (found.id, found.unit, found.verdict) == ("override-rate-rise", "rate", FAIL)
    assert (found.old, found.new) == (pytest.approx(0.05), pytest.approx(0.85))


def test_the_budget_of_alpha_is_split_over_metrics_segments_and_the_whole():
    given_policy = policy(
        BY_CHANNEL | {"segments_max_rise": 0.07}, failure_rate=0.01, override_rate=0.02
    )
    scores = [
        case
        for count, tags in ((10, WEB), (9, EMAIL), (9, FAX))
        for case in rows(count, segment=tags)
    ]
    found = findings(scores, given_policy)
    assert [(each.metric, each.segment, each.n, each.limit) for each in found] == [
        ("failure_rate", None, 28, 0.01),
        ("override_rate", None, 28, 0.02),
        ("failure_rate", "channel=email", 9, 0.07),
        ("failure_rate", "channel=fax", 9, 0.07),
        ("failure_rate", "channel=web", 10, 0.07),
        ("override_rate", "channel=email", 9, 0.07),
        ("override_rate", "channel=fax", 9, 0.07),
        ("override_rate", "channel=web", 10, 0.07),
    ]
    # 0.05 / 2 metrics: 80 % = 0.02; 20 % over 3 segments = 0.001667, which is above 2^-10
    assert [each.alpha for each in found] == pytest.approx([0.02] * 2 + [0.005 / 3] * 6)


def test_a_choice_of_metrics_leaves_the_budget_of_the_whole_policy():
    found = only([scored()], policy(failure_rate=0.01, cost=1.1), among=("failure_rate",))
    assert found.alpha == pytest.approx(0.025)


def test_segments_that_could_not_fail_are_named_and_leave_alpha_to_the_others():
    # 20 % of 0.05 is 0.01: 7 cases can reach 2^-8, 5 cases no less than 2^-6
    scores = rows(7, segment=WEB) + rows(5, segment=FAX)
    found = find(columns_of(scores), policy(BY_CHANNEL, failure_rate=0.01))
    assert found.small_segments == ("channel=fax",)
    (web,) = [each.finding for each in found.found if each.finding.segment]
    assert (web.segment, web.alpha) == ("channel=web", pytest.approx(0.01))


def test_a_segment_can_fail_where_the_whole_does_not():
    # 20 of 20 broken by fax, 20 of 20 fixed by web: over all nothing changed
    scores = rows(20, ".", "x", segment=FAX) + rows(20, "x", ".", segment=WEB)
    found = findings(scores, policy(BY_CHANNEL, failure_rate=0.01))
    assert {each.segment: each.verdict for each in found} == {
        None: OPEN,
        "channel=fax": FAIL,
        "channel=web": PASS,
    }


def test_a_segment_by_two_tags_is_judged_jointly():
    german = WEB | {"lang": "de"}
    scores = rows(20, ".", "x", segment=german) + rows(20, segment=WEB | {"lang": "en"})
    given_policy = policy({"segments_by": (("channel", "lang"),)}, failure_rate=0.9)
    assert {each.segment: each.verdict for each in findings(scores, given_policy)} == {
        None: PASS,
        "channel=web & lang=de": FAIL,
        "channel=web & lang=en": OPEN,
    }


def test_only_rates_are_judged_by_segment():
    scores = valued("cost_usd", [([1.0], [1.0])] * 20, segment=WEB)
    found = find(columns_of(scores), policy(BY_CHANNEL, cost=1.1))
    assert [(each.finding.metric, each.finding.segment) for each in found.found] == [("cost", None)]
    assert found.unseen == ()


def test_p_values_of_segments_are_adjusted_by_holm():
    # 10, 9 and 9 broken: 2^-11, 2^-10, 2^-10; three times the first, twice the second, and no
    # less for the third. Source: Holm (1979)
    scores = rows(10, ".", "x", segment=WEB)
    scores += rows(9, ".", "x", segment=FAX) + rows(9, ".", "x", segment=EMAIL)
    found = findings(scores, policy(BY_CHANNEL, failure_rate=0.01, override_rate=0.01))
    adjusted = {each.segment: each.p_adjusted for each in found if each.metric == "override_rate"}
    assert adjusted.pop(None) is None
    assert adjusted == {
        "channel=web": pytest.approx(3 * 2**-11),
        "channel=email": pytest.approx(4 * 2**-11),
        "channel=fax": pytest.approx(4 * 2**-11),
    }


def test_an_adjusted_p_value_is_at_most_one():
    scores = rows(12, segment=WEB) + rows(12, segment=FAX) + rows(12, segment=EMAIL)
    found = findings(scores, policy(BY_CHANNEL, failure_rate=0.01))
    assert [each.p_adjusted for each in found] == [None, 1, 1, 1]


def test_a_case_of_one_side_is_left_out():
    found = only([scored(".", "."), scored("", "xxx")], policy(failure_rate=0.01))
    assert (found.n, found.new) == (1, 0)


def test_a_metric_that_was_not_measured_hides_no_other():
    found = find(columns_of(rows(3)), Policy())
    assert [each.finding.metric for each in found.found] == ["failure_rate", "override_rate"]
    assert set(found.not_measured) == {"latency_p95", "cost"}


def test_a_segment_that_the_proxy_cannot_judge_has_no_override_finding():
    unjudged = [
        replace(case, old=(score(override=None),), new=(score(override=None),))
        for case in rows(9, segment=WEB)
    ]
    scores = [*unjudged, *rows(9, segment=EMAIL)]
    both = find(columns_of(scores), policy(BY_CHANNEL, failure_rate=0.1, override_rate=0.1))
    assert [(each.finding.metric, each.finding.segment) for each in both.found] == [
        ("failure_rate", None),
        ("override_rate", None),
        ("failure_rate", "channel=email"),
        ("failure_rate", "channel=web"),
        ("override_rate", "channel=email"),
    ]
    assert (both.not_measured, both.unseen) == ({}, (("override-rate-rise", "channel=web"),))
    alone = find(columns_of(scores), policy(BY_CHANNEL, override_rate=0.1))
    assert alone.unseen == (("override-rate-rise", "channel=web"),)


def test_an_early_look_counts_cases_that_are_yet_to_come_and_the_chances_of_the_end():
    scores = rows(20, ".", "x") + rows(20) + rows(40, "", "")
    half = find(
        columns_of(scores, planned_new=1), policy(failure_rate=0.01), look=Look(times=(0.5, 1.0))
    )
    (found,) = half.found
    # V = 20 / 40^2 for these; half of it, and half of the variance 10 / 39 of a difference by 40
    variance = 0.5 * 20 / 40**2 + 0.5 * (10 / 39) / 40
    low, high = found.finding.interval
    assert (high - low) / 2 == pytest.approx(1.645 * np.sqrt(variance))
    assert found.finding.verdict is FAIL
    assert found.fail_chance == pytest.approx(1, abs=1e-4)
    assert found.pass_chance == pytest.approx(0, abs=1e-4)


def test_exact_counts_the_whole_of_what_was_observed():
    scores = rows(10, ".", "x") + rows(90)
    found = only(scores, policy({"exact": True}, failure_rate=0.01))
    assert found.p_value == pytest.approx(2**-10)


def test_strict_asks_for_the_bound_above_the_tolerance():
    # 10 of 100 broken: between 4.8 % and 15.2 %
    scores = rows(10, ".", "x") + rows(90)
    for limit, verdict in ((0.047, FAIL), (0.049, OPEN)):
        assert only(scores, policy({"strict": True}, failure_rate=limit)).verdict is verdict
        assert only(scores, policy(failure_rate=limit)).verdict is FAIL


def test_two_equal_metrics_have_findings_in_the_order_of_their_ids():
    given_policy = Policy(
        metrics={
            "override_rate": Tolerance(max_rise=0.01),
            "failure_rate": Tolerance(max_rise=0.01),
        }
    )
    assert [each.metric for each in findings(rows(3), given_policy)] == [
        "failure_rate",
        "override_rate",
    ]


SIDE = st.text(".x", min_size=1, max_size=4)
CHANNEL = st.sampled_from(["web", "fax"])


@settings(max_examples=50, deadline=None)
@given(
    table=st.lists(st.tuples(SIDE, SIDE, CHANNEL), min_size=1, max_size=30),
    seed=st.randoms(use_true_random=False),
)
def test_the_order_of_the_cases_changes_nothing(table, seed):
    def judged(given_rows):
        scores = [scored(old, new, segment={"channel": tag}) for old, new, tag in given_rows]
        return findings(scores, Policy(alpha=0.5, **BY_CHANNEL))

    for left, right in zip(judged(table), judged(seed.sample(table, len(table))), strict=True):
        assert (left.metric, left.segment, left.verdict) == (
            right.metric,
            right.segment,
            right.verdict,
        )
        assert left.change == pytest.approx(right.change, abs=1e-12)
        assert left.p_value == pytest.approx(right.p_value, abs=1e-12)
