from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa
from unit.core.raters import decided, raters, reviewed

from gate.core.agreement import agreement, agreement_by_segment, between_reviewers
from gate.core.kappa import Agreement

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
