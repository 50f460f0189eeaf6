from __future__ import annotations

import csv
import math
from itertools import permutations, product

import numpy as np
import pytest
from conftest import SHARED_DATA
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from gate.core.agreement import (
    Agreement,
    agreement,
    agreement_by_segment,
    between_reviewers,
    may_decide_alone,
)

CELLS = ((0, 0), (0, 1), (1, 0), (1, 1))


def raters(table):
    """Two raters whose decisions make this table, a row a category of the first."""
    cells = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [first for first, _ in cells], [second for _, second in cells]


def reviewed(*items):
    """Decisions by item, a letter a reviewer: `o` overridden, `k` kept, `.` not seen."""
    return [
        (item, reviewer, mark == "o")
        for item, marks in enumerate(items)
        for reviewer, mark in enumerate(marks)
        if mark != "."
    ]


decided = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1)


# -- two raters


@pytest.mark.parametrize(
    ("table", "kappa", "agreed"),
    [
        # Agreed 35 of 50; by chance 25/50 * 30/50 + 25/50 * 20/50 = 0.5; (0.7 - 0.5) / 0.5
        pytest.param([[20, 5], [10, 15]], 0.4, 0.7, id="by-hand"),
        # Cohen (1968), Psychological Bulletin 70(4): (0.70 - 0.41) / 0.59
        pytest.param([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492, 0.70, id="cohen-1968"),
        # Fleiss (1981), Statistical Methods for Rates and Proportions, table 13.1: 0.23 / 0.34
        pytest.param([[75, 1, 4], [5, 4, 1], [0, 0, 10]], 0.676, 0.89, id="fleiss-1981"),
        # Fleiss and Paik (2003), as the R package statpsych computes it
        pytest.param([[31, 12], [4, 58]], 0.6757, 89 / 105, id="fleiss-paik-2003"),
        pytest.param([[5, 0], [0, 5]], 1.0, 1.0, id="always"),
        pytest.param([[0, 5], [5, 0]], -1.0, 0.0, id="never"),
        # A judge that overrides nothing agrees on 9 of 10 and knows nothing
        pytest.param([[9, 0], [1, 0]], 0.0, 0.9, id="a-rater-who-knows-one-word"),
    ],
)
def test_kappa_is_the_papers(table, kappa, agreed):
    found = agreement(*raters(table))
    assert found.kappa == pytest.approx(kappa, abs=5e-4)
    assert found.agreed == pytest.approx(agreed)
    assert found.items == np.sum(table)


@given(decided)
def test_kappa_is_sklearns_and_statsmodels(rows):
    first, second = zip(*rows, strict=True)
    assume(len({*first, *second}) > 1)
    found = agreement(first, second).kappa
    assert found == pytest.approx(cohen_kappa_score(first, second))
    table = [[rows.count((i, j)) for j in "abc"] for i in "abc"]
    assert found == pytest.approx(cohens_kappa(table, return_results=False))


def test_one_category_on_both_sides_says_nothing():
    found = agreement(["kept"] * 30, ["kept"] * 30)
    assert found == Agreement(kappa=None, interval=None, items=30, agreed=1.0)


def test_categories_may_be_of_any_kind():
    first, second = raters([[20, 5], [10, 15]])
    names = {0: None, 1: ("rejected", 3)}
    named = agreement([names[each] for each in first], [names[each] for each in second])
    assert named == agreement(first, second)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        pytest.param(lambda: agreement([], []), "no item", id="no-item"),
        pytest.param(lambda: agreement([1], [1, 0]), "longer", id="lengths"),
        pytest.param(lambda: agreement([1], [1], clusters=[]), "shorter", id="clusters"),
        pytest.param(lambda: agreement_by_segment([1], [1], []), "shorter", id="tags"),
    ],
)
def test_what_does_not_fit_together_is_an_error(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@given(decided, st.randoms())
def test_neither_the_order_of_the_rows_nor_of_the_raters_changes_anything(rows, random):
    first, second = zip(*rows, strict=True)
    mixed = random.sample(rows, len(rows))
    found = agreement(first, second)
    for other in (agreement(second, first), agreement(*zip(*mixed, strict=True))):
        assert other.kappa == found.kappa
        assert other.agreed == found.agreed
        if found.interval is not None:
            assert other.interval == pytest.approx(found.interval, abs=1e-9)


@given(decided, st.integers(1, 5))
@example([("a", "b"), ("b", "a"), ("a", "b")], 1)
@example([("a", "a")] * 48 + [("a", "b"), ("a", "c")], 1)  # the pretended items outweigh these
def test_kappa_lies_in_its_interval_and_that_in_minus_one_to_one(rows, size):
    clusters = [index // size for index in range(len(rows))]
    found = agreement(*zip(*rows, strict=True), clusters=clusters)
    assert (found.interval is None) == (found.kappa is None or len(set(clusters)) < 3)
    if found.interval is not None:
        low, high = found.interval
        assert -1 <= low <= found.kappa <= high <= 1


# -- its interval


def test_the_interval_by_hand_where_all_agree():
    # With four items pretended 6, 1, 1, 6: agreed 12/14, by chance 1/2, kappa 5/7. An agreeing
    # item moves kappa by (2/14) / 0.5 = 2/7, one of the two others by (-12/14) / 0.5 = -12/7, so
    # the variance is (12 * 4/49 + 2 * 144/49) / 14^2 = 0.034985; Student's t of 9 is 2.2622.
    found = agreement(*raters([[5, 0], [0, 5]])).interval
    assert found == pytest.approx((5 / 7 - 2.2622 * math.sqrt(0.034985), 1.0), abs=1e-4)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param([[20, 5], [10, 15]], id="two-categories"),
        pytest.param([[1, 3], [2, 1]], id="few-items"),
        pytest.param([[75, 1, 4], [5, 4, 1], [0, 0, 10]], id="three-categories"),
    ],
)
def test_the_interval_is_fleiss_cohen_and_everitts_after_four_items_were_pretended(table):
    size = len(table)
    pretended = np.full((size, size), 2 / (size * (size - 1)))
    np.fill_diagonal(pretended, 2 / size)
    known = cohens_kappa(table + pretended)
    away = stats.t.ppf(0.975, np.sum(table) - 1) * known.std_kappa
    found = agreement(*raters(table)).interval
    # Our quantile of Student is a series; of 49 degrees of freedom it is exact.
    assert found == pytest.approx((known.kappa - away, known.kappa + away), abs=2e-4)


def weighed(rows, clusters, size):
    """Kappa and its error when each cluster's weight moves a little; four more are pretended."""
    rows = np.array([*rows, *CELLS])
    groups = np.array([*clusters, *range(-4, 0)])
    weights = np.array([1.0] * (len(rows) - 4) + [size] * 4)

    def kappa(weights):
        return cohen_kappa_score(rows[:, 0], rows[:, 1], sample_weight=weights)

    moves = [
        (kappa(weights * (1 + 1e-5 * (groups == group))) - kappa(weights)) / 1e-5
        for group in set(groups.tolist())
    ]
    return kappa(weights), math.hypot(*moves)


@pytest.mark.parametrize("clusters", [9, 25, 47])
@pytest.mark.parametrize(
    "table",
    [
        pytest.param([[20, 5], [10, 15]], id="some-agreement"),
        pytest.param([[10, 30], [5, 5]], id="less-than-by-chance"),
        pytest.param([[30, 0], [0, 10]], id="always"),
        pytest.param([[1, 45], [42, 2]], id="almost-never"),
    ],
)
def test_the_error_of_clusters_is_what_one_of_them_moves_kappa(table, clusters):
    first, second = raters(table)
    rows = list(zip(first, second, strict=True))
    # All but the last are one item each.
    groups = [min(index * 7 % len(rows), clusters) for index in range(len(rows))]
    sizes = np.bincount(groups)
    worth = sizes.sum() ** 2 / (sizes**2).sum()  # clusters of equal size
    middle, error = weighed(rows, groups, len(rows) / worth)
    away = stats.t.ppf(0.975, worth - 1) * error
    found = agreement(first, second, clusters=groups).interval
    limits = max(-1, middle - away), min(1, middle + away)
    # Our quantile of Student is a series, which is rough below 4 degrees of freedom.
    assert found == pytest.approx(limits, abs=0.02 if worth < 5 else 1e-3)


def test_copies_of_an_item_make_nothing_surer():
    first, second = raters([[20, 5], [10, 15]])
    once = agreement(first, second)
    copied = agreement(first * 6, second * 6, clusters=[*range(50)] * 6)
    assert copied.interval == pytest.approx(once.interval)
    assert agreement(first * 6, second * 6).interval[0] > once.interval[0] + 0.1


def test_a_cluster_that_is_most_of_the_items_leaves_nothing_sure():
    first, second = raters([[25, 0], [0, 25]])
    alone = agreement(first, second, clusters=[0] * 40 + [*range(1, 11)])
    assert alone.kappa == 1
    assert alone.interval == (-1, 1)


def test_too_few_clusters_have_no_interval():
    first, second = raters([[20, 5], [10, 15]])
    two = agreement(first, second, clusters=[index % 2 for index in range(50)])
    assert two.kappa == pytest.approx(0.4)
    assert two.interval is None
    three = agreement(first, second, clusters=[index % 3 for index in range(50)])
    assert three.interval is not None


def test_the_interval_of_ten_items_is_honest_where_the_plain_one_is_not():
    # Source: all tables of ten items, and statsmodels; the worlds have a share and a kappa.
    tables = [
        np.array([[a, b], [c, 10 - a - b - c]])
        for a in range(11)
        for b in range(11 - a)
        for c in range(11 - a - b)
        if max(a, 10 - a - b - c) < 10
    ]
    with np.errstate(invalid="ignore"):  # where statsmodels rounds a variance to below 0
        known = [cohens_kappa(table) for table in tables]
    away = [1.96 * np.nan_to_num(each.std_kappa) for each in known]
    plain = [(each.kappa - z, each.kappa + z) for each, z in zip(known, away, strict=True)]
    ours = [agreement(*raters(table)).interval for table in tables]

    def misses(intervals, share, kappa):
        both = share * share + kappa * share * (1 - share)
        cells = [both, share - both, share - both, 1 - 2 * share + both]
        chances = stats.multinomial.pmf([table.ravel() for table in tables], 10, cells)
        out = [not low - 1e-9 <= kappa <= high + 1e-9 for low, high in intervals]
        return chances @ np.array(out) / chances.sum()

    worlds = list(product((0.1, 0.2, 0.5), (0.0, 0.3, 0.6, 0.9)))
    assert max(misses(plain, *world) for world in worlds) > 0.8
    assert max(misses(ours, *world) for world in worlds) < 0.06


# -- segments


def test_segments_are_named_sorted_and_those_with_few_items_left_out():
    first, second = raters([[20, 5], [10, 15]])
    tags = [{"language": "de"} if index < 25 else {"channel": "sms"} for index in range(50)]
    tags[0] = {"language": "de", "channel": "sms"}
    tags[1] = {"channel": "letter"}
    found = agreement_by_segment(first, second, tags, smallest=24)
    assert list(found) == ["channel=sms", "language=de"]
    assert [each.items for each in found.values()] == [26, 24]
    assert found["language=de"] == agreement(first[:1] + first[2:25], second[:1] + second[2:25])
    assert list(agreement_by_segment(first, second, tags, smallest=25)) == ["channel=sms"]
    assert agreement_by_segment(first, second, [{}] * 50, smallest=0) == {}


def test_clusters_follow_their_items_into_a_segment():
    first, second = raters([[20, 5], [10, 15]])
    clusters = [index % 10 for index in range(50)]
    found = agreement_by_segment(first, second, [{"a": "b"}] * 50, clusters=clusters)
    assert found == {"a=b": agreement(first, second, clusters=clusters)}


# -- reviewers among themselves


@pytest.mark.parametrize(
    ("items", "alpha", "agreed"),
    [
        # Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section A: 14 times
        # 0 and 6 times 1, four items in disagreement: 1 - (20 - 1) * 4 / (14 * 6)
        pytest.param(
            ["ko", "oo", "ko", "kk", "kk", "ko", "kk", "kk", "ok", "kk"], 0.095, 0.6, id="binary"
        ),
        # Of 2 + 3 decisions 3 are overrides: 1 - (5 - 1) * 2 / (2 * 3 * 2), of which the item
        # with three reviewers has the mixed pairs 2 * 2 * 1 / (3 - 1) = 2
        pytest.param(["oo.", "kko", "..k"], 1 - 4 * 2 / (2 * 3 * 2), 0.6, id="unequal-numbers"),
        pytest.param(["oo", "kk"], 1.0, 1.0, id="always"),
        pytest.param(["ok"], 0.0, 0.0, id="one-item-in-dispute"),
        pytest.param(["kk", "kkk"], None, 1.0, id="nothing-was-overridden"),
        pytest.param(["oo", "ooo"], None, 1.0, id="all-was-overridden"),
    ],
)
def test_alpha_is_the_papers(items, alpha, agreed):
    found = between_reviewers(reviewed(*items))
    assert found.kappa == (alpha if alpha is None else pytest.approx(alpha, abs=5e-4))
    assert found.agreed == pytest.approx(agreed)
    assert found.items == sum(len(each.replace(".", "")) > 1 for each in items)


@pytest.mark.parametrize(
    "decisions",
    [
        pytest.param([], id="nothing"),
        pytest.param(reviewed("o", ".k"), id="one-reviewer-an-item"),
        pytest.param([("a", "ann", True), ("a", "ann", False)], id="one-reviewer-twice"),
    ],
)
def test_reviewers_who_share_no_item_say_nothing(decisions):
    assert between_reviewers(decisions) is None


def test_a_reviewer_who_decides_again_counts_once_with_the_last_decision():
    once = reviewed("oo", "kk", "ok")
    assert between_reviewers([(0, 0, False), *once]) == between_reviewers(once)


items_of_reviewers = st.lists(st.text("ok", min_size=2, max_size=5), min_size=1)


@given(items_of_reviewers, st.randoms())
def test_alpha_is_observed_over_expected_disagreement_in_any_order(items, random):
    # Source: Krippendorff's definition, by going through all pairs.
    rows = reviewed(*items)
    found = between_reviewers(random.sample(rows, len(rows)))
    marks = "".join(items)
    observed = sum(
        sum(a != b for a, b in permutations(each, 2)) / (len(each) - 1) for each in items
    ) / len(marks)
    assert found.agreed == pytest.approx(1 - observed)
    assert (found.kappa is None) == (len(set(marks)) == 1)
    if found.kappa is not None:
        expected = np.mean([a != b for a, b in permutations(marks, 2)])
        assert found.kappa == pytest.approx(1 - observed / expected)
        assert -1 <= found.kappa <= 1


@given(st.lists(st.text("ok", min_size=3, max_size=3), min_size=1))
def test_alpha_is_fleiss_kappa_corrected_for_small_samples(items):
    assume(len(set("".join(items))) > 1)
    known = fleiss_kappa([[each.count("o"), each.count("k")] for each in items])
    decided = 3 * len(items)
    found = between_reviewers(reviewed(*items))
    assert found.kappa == pytest.approx(1 - (1 - known) * (decided - 1) / decided)


def test_the_interval_of_two_reviewers_is_that_of_two_raters_of_either_order():
    # Each item is a cluster of two decisions; half of the disputed ones are shown to kappa turned.
    items = ["oo"] * 20 + ["kk"] * 15 + ["ok"] * 15
    found = between_reviewers(reviewed(*items))
    both = items + [each[::-1] for each in items]
    raters = [each[0] for each in both], [each[1] for each in both]
    known = agreement(*raters, clusters=[*range(50)] * 2)
    assert found.kappa == pytest.approx(1 - (1 - known.kappa) * 99 / 100)
    assert found.interval == pytest.approx(known.interval)
    assert between_reviewers(reviewed("oo", "kk")).interval is None


# -- may it decide alone?


def of(kappa, *interval):
    return Agreement(kappa=kappa, interval=interval or None, items=100, agreed=0.9)


@pytest.mark.parametrize(
    ("judge", "humans", "reason"),
    [
        # The limit of the difference: 0.20 - sqrt(0.10^2 + 0.15^2) = 0.02
        pytest.param(of(0.8, 0.7, 0.95), of(0.6, 0.2, 0.75), "", id="surely-above"),
        # 0.20 - sqrt(0.10^2 + 0.20^2) = -0.02
        pytest.param(
            of(0.8, 0.7, 0.95),
            of(0.6, 0.5, 0.8),
            "the judge's kappa of 0.80 is above the humans' own of 0.60 by less than the"
            " uncertainty of both, 0.22",
            id="above-but-few-outputs-had-two-reviewers",
        ),
        # 0.20 - sqrt(0.20^2 + 0.10^2) = -0.02
        pytest.param(
            of(0.8, 0.6, 0.85),
            of(0.6, 0.5, 0.7),
            "the judge's kappa of 0.80 is above the humans' own of 0.60 by less than the"
            " uncertainty of both, 0.22",
            id="above-but-few-outputs-were-judged",
        ),
        pytest.param(
            of(0.55, 0.5, 0.6),
            of(0.6, 0.5, 0.7),
            "the judge's kappa of 0.55 is below the humans' own of 0.60",
            id="below",
        ),
        pytest.param(
            of(0.9, 0.85, 0.95),
            of(0.2, 0.0, 0.4),
            "the humans' own kappa of 0.20 could be chance: it measures no judge",
            id="humans-agree-as-by-chance",
        ),
        pytest.param(
            of(0.9, 0.85, 0.95),
            None,
            "the humans' own agreement is unknown: no output was decided by two reviewers",
            id="no-output-had-two-reviewers",
        ),
        pytest.param(
            of(None),
            of(0.6, 0.5, 0.7),
            "the judge's kappa is undefined: only one decision was ever made",
            id="judge-undefined",
        ),
        pytest.param(
            of(0.9, 0.85, 0.95),
            of(None),
            "the humans' own kappa is undefined: only one decision was ever made",
            id="humans-undefined",
        ),
        pytest.param(
            of(0.9),
            of(0.6, 0.5, 0.7),
            "the judge's kappa has no interval: it comes from too few independent outputs",
            id="judge-without-interval",
        ),
        pytest.param(
            of(0.9, 0.85, 0.95),
            of(0.6),
            "the humans' own kappa has no interval: it comes from too few independent outputs",
            id="humans-without-interval",
        ),
    ],
)
def test_a_judge_decides_alone_only_if_it_surely_agrees_more_than_humans_do(judge, humans, reason):
    assert may_decide_alone(judge, humans) == reason


shares = st.floats(0.01, 0.99)


@given(shares, shares, st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_doubt_never_lets_a_judge_decide(judge, humans, low, high, more):
    assume(may_decide_alone(of(judge, judge - low, 1), of(humans, 0.001, humans + high)))
    assert may_decide_alone(of(judge, judge - low - more, 1), of(humans, 0.001, humans + high))
    assert may_decide_alone(of(judge, judge - low, 1), of(humans, 0.001, humans + high + more))


def test_a_few_outputs_on_which_all_agree_let_no_judge_decide():
    judge = agreement(*raters([[5, 0], [0, 5]]))
    humans = between_reviewers(reviewed(*["oo"] * 30, *["kk"] * 30, *["ok"] * 20))
    assert judge.kappa == 1
    assert "by less than the uncertainty" in may_decide_alone(judge, humans)
    assert may_decide_alone(agreement(*raters([[50, 0], [0, 50]])), humans) == ""


# -- real judges

real_data = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no ../shared/data here")


def verdicts(judge, prompt):
    """Verdicts of one judge prompt on 419 pairs of outputs, the human label beside."""
    with (SHARED_DATA / "llmbar_judgements.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["judge"] == judge]
    return [row for row in rows if row["prompt"] == prompt]


@real_data
@pytest.mark.parametrize(
    ("judge", "prompt", "kappas"),
    [
        pytest.param("ChatGPT", "Vanilla", (-0.447, -0.241, -0.188, 0.603, -0.586), id="vanilla"),
        pytest.param(
            "ChatGPT", "Metrics_Reference", (-0.333, -0.190, -0.148, 0.638, -0.247), id="reference"
        ),
        pytest.param(
            "ChatGPT-0301", "Metrics_Reference", (-0.199, 0.017, -0.015, 0.603, -0.221), id="older"
        ),
    ],
)
def test_a_real_judge_agrees_on_plain_outputs_and_no_more_than_by_chance_on_others(
    judge, prompt, kappas
):
    rows = verdicts(judge, prompt)
    ours, human = [row["winner_order1"] for row in rows], [row["human_label"] for row in rows]
    found = agreement_by_segment(ours, human, [{"kind": row["segment"]} for row in rows])
    names = ["GPTInst", "GPTOut", "Manual", "Natural", "Neighbor"]
    assert list(found) == [f"kind={name}" for name in names]
    assert [each.kappa for each in found.values()] == pytest.approx(list(kappas), abs=5e-4)
    assert [name for name in names if found[f"kind={name}"].interval[0] > 0] == ["Natural"]
    for name, each in zip(names, found.values(), strict=True):
        part = [row for row in rows if row["segment"] == name]
        pairs = [[row[key] for row in part] for key in ("winner_order1", "human_label")]
        assert each.items == len(part)
        assert each.kappa == pytest.approx(cohen_kappa_score(*pairs))
        assert each.agreed == sum(a == b for a, b in zip(*pairs, strict=True)) / len(part)


@real_data
def test_both_orders_of_a_real_pair_are_one_cluster():
    rows = verdicts("ChatGPT", "Metrics_Reference")
    ours = [row[order] for order in ("winner_order1", "winner_order2") for row in rows]
    human = [row["human_label"] for row in rows] * 2
    found = agreement(ours, human, clusters=[row["id"] for row in rows] * 2)
    assert found.items == 838
    assert found.kappa == pytest.approx(cohen_kappa_score(ours, human))
    low, high = agreement(ours, human).interval
    assert found.interval[0] < low < high < found.interval[1]
    assert may_decide_alone(found, None).startswith("the humans' own agreement is unknown")
