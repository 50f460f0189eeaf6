from __future__ import annotations

import pytest
from statsmodels.stats.contingency_tables import mcnemar
from unit.core.builders import policy, rows, valued

from gate.core.columns import columns_of
from gate.core.findings import find
from gate.core.report import Verdict

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
ONE_CLUSTER = "all cases are of one cluster, which says nothing about others"


def population(**more):
    keys = {"scope": "population", **more.pop("more", {})}
    return policy(keys, **more)


def threads(count, old, new, *, size=5, name="t", **more):
    """As many clusters of `size` cases each."""
    return [
        case
        for number in range(count)
        for case in rows(size, old, new, cluster=f"{name}{number}", **more)
    ]


def only(scores, given_policy):
    (found,) = find(columns_of(scores), given_policy).found
    return found.finding


def test_cases_of_one_cluster_are_one_piece_of_evidence():
    # 4 of 20 clusters are broken, 5 cases each: 2^-5 by clusters, 2^-21 by cases
    scores = threads(4, ".", "x") + threads(16, ".", ".", name="q")
    whole, alone = (only(scores, make(failure_rate=0.01)) for make in (population, policy))
    assert (whole.p_value, alone.p_value) == pytest.approx((2**-5, 2**-21))
    assert (whole.change, alone.change) == (0.2, 0.2)
    # Sums of deviations 5 (1 - 0.2) and 5 (0 - 0.2): V = (4 x 16 + 16 x 1) x 20/19 / 100^2
    low, high = whole.interval
    assert (high - low) / 2 == pytest.approx(1.645 * (80 * 20 / 19) ** 0.5 / 100)


def test_single_cases_of_a_population_give_mcnemars_exact_test():
    # Source: statsmodels' exact McNemar is two-sided
    scores = rows(9, ".", "x") + rows(3, "x", ".") + rows(20)
    found = only(scores, population(more={"exact": True}, failure_rate=0.01))
    both = mcnemar([[20, 9], [3, 0]], exact=True).pvalue
    assert found.p_value == pytest.approx(both / 2)


@pytest.mark.parametrize(
    ("field", "limits"),
    [
        pytest.param("override", {"override_rate": 0.0}, id="a-rise-of-nothing"),
        pytest.param("cost_usd", {"cost": 1.0}, id="a-ratio-of-one"),
    ],
)
@pytest.mark.parametrize("value", [0.1, 0.7, 1.1])
def test_what_is_only_rounded_is_no_rise(field, limits, value):
    # The mean of 0.1, 0.1, 0.1 is 0.10000000000000002 on one side, and 0.1 as the rest of all six.
    scores = valued(field, [([value] * 3, [value] * 3)] * 30)
    found = only(scores, population(**limits))
    assert (found.change, found.p_value) == (0, 0.5)
    assert found.verdict is not FAIL


@pytest.mark.parametrize("metric", ["failure_rate", "override_rate", "cost", "latency_p95"])
def test_one_cluster_says_nothing_about_others(metric):
    fields = {"cost": "cost_usd", "latency_p95": "latency_ms"}
    field = fields.get(metric, "override")
    scores = valued(field, [([1.0], [1.0])] * 20, cluster="one")
    found = find(columns_of(scores), population(**{metric: 1.1}))
    assert (found.found, found.not_measured) == ((), {metric: ONE_CLUSTER})
    assert find(columns_of(scores), policy(**{metric: 1.1})).not_measured == {}


@pytest.mark.parametrize(
    ("field", "metric", "limit"),
    [("cost_usd", "cost", 1.25), ("latency_ms", "latency_p95", 1.25)],
)
def test_ratios_are_judged_by_clusters_too(field, metric, limit):
    pairs = [([100.0 + n], [200.0 + n]) for n in range(60)]
    scores = valued(field, pairs)
    assert only(scores, population(**{metric: limit})).verdict is FAIL
    # 60 cases of 3 clusters: 1/16 at best
    few = [case for n in range(3) for case in valued(field, pairs[n::3], cluster=str(n))]
    found = only(few, population(**{metric: limit}))
    assert (found.p_value, found.verdict) == (pytest.approx(1 / 16), OPEN)


def test_a_segment_of_too_few_clusters_is_left_out():
    by_channel = {"segments_by": (("channel",),)}
    web, fax = {"channel": "web"}, {"channel": "fax"}
    scores = threads(9, ".", "x", segment=web) + threads(3, ".", "x", segment=fax, name="f")
    found = find(columns_of(scores), population(more=by_channel, failure_rate=0.01))
    # 20 % of 0.05: 9 clusters can reach 2^-10, 3 clusters no less than 2^-4
    assert found.small_segments == ("channel=fax",)
    assert [(each.finding.segment, each.finding.verdict) for each in found.found] == [
        (None, FAIL),
        ("channel=web", FAIL),
    ]
