from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from gate.core.ranking import auc


def ranked(scores, marks, *, cluster=None, stratum=None):
    rows = len(marks)
    return auc(
        np.array(scores, dtype=float),
        np.array([mark == "x" for mark in marks], dtype=float),
        np.arange(rows) if cluster is None else np.array(cluster),
        np.zeros(rows, dtype=int) if stratum is None else np.array(stratum),
    )


@pytest.mark.parametrize(
    ("scores", "marks", "value"),
    [
        pytest.param([1, 2, 3, 4], "..xx", 1.0, id="all-above"),
        pytest.param([1, 2, 3, 4], "xx..", 0.0, id="all-below"),
        pytest.param([1, 2, 3, 4], ".x.x", 0.75, id="three-of-four-pairs"),
        pytest.param([1, 1, 1, 1], ".x.x", 0.5, id="ties-count-half"),
        pytest.param([1, 2, 2, 3], "..xx", 0.875, id="three-and-a-half-of-four"),
        pytest.param([0.3, 0.1], "x.", 1.0, id="one-pair"),
    ],
)
def test_ranks_by_hand(scores, marks, value):
    assert ranked(scores, marks).value == value


@pytest.mark.parametrize("marks", ["....", "xxxx", ""])
def test_one_class_alone_has_no_rank(marks):
    assert ranked([0.1, 0.2, 0.3, 0.4][: len(marks)], marks) is None


def test_the_interval_is_that_of_delong():
    # Of 1, 2 accepted and 2, 3 overridden 3.5 of four pairs are won. An overridden output wins
    # 0.75 and 1 of its pairs, an accepted one loses as many: each is 0.125 off the mean, weighs
    # a half, and four times 0.0625 squared with 4 / 3 is 0.144338 squared; t(3) is 3.182446. On
    # the scale of the log-odds, log(7) = 1.94591, that is 0.459349 / (0.875 x 0.125) = 4.19976.
    found = ranked([1, 2, 2, 3], "..xx")
    assert found.interval == pytest.approx(
        (expit(1.94591 - 4.19976), expit(1.94591 + 4.19976)), abs=1e-5
    )


@pytest.mark.parametrize(("marks", "value"), [("..xx", 1.0), ("xx..", 0.0)])
def test_few_labels_in_perfect_order_are_not_sure_of_it(marks, value):
    # One of two could stand in the middle of the others, a quarter off: t(3) x 1 / (2 x 2)
    found = ranked([1, 2, 3, 4], marks)
    assert found.value == value
    away = 3.182446 / 4
    assert found.interval == pytest.approx((max(0, value - away), min(1, value + away)), abs=1e-5)


def test_labels_of_a_cluster_tell_their_influence_together():
    # As above, but each cluster has one label of each class. The first pair takes -0.0625 + 0.0625
    # and the second 0.0625 - 0.0625: no cluster departs from the others.
    found = ranked([1, 2, 2, 3], "..xx", cluster=[0, 1, 0, 1])
    assert found.interval == (0.875, 0.875)
    # The other way round both are one-sided: 0.125 squared twice, times two, is 0.25 squared, and
    # t(1) is 12.7: nothing is known.
    assert ranked([1, 2, 2, 3], "..xx", cluster=[1, 0, 0, 1]).interval == pytest.approx(
        (0, 1), abs=1e-9
    )


def test_one_cluster_alone_says_nothing_of_chance():
    assert ranked([1, 2, 3, 4], ".x.x", cluster=[5] * 4).interval == (0.0, 1.0)


def test_only_outputs_of_the_same_stratum_are_compared():
    # In a .x at 1 and 2: won. In b x. at 3 and 4: lost. The four pairs across do not count.
    found = ranked([1, 2, 3, 4], ".xx.", stratum=[0, 0, 1, 1])
    assert found.value == 0.5
    assert ranked([1, 2, 3, 4], ".xx.", stratum=[0, 1, 0, 1]).value == 0.5  # 1 below 3; 2, 4
    assert ranked([1, 2, 3, 4], "..xx", stratum=[0, 0, 1, 1]) is None
    # The stratum with one class adds no pair.
    assert ranked([1, 2, 3, 4, 9], ".xx..", stratum=[0, 0, 1, 1, 2]).value == 0.5


SCORED = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]) | st.floats(0, 1), st.sampled_from(".x")),
    min_size=2,
    max_size=30,
).filter(lambda rows: len({mark for _, mark in rows}) == 2)


@settings(deadline=None)
@given(SCORED)
def test_the_auc_is_that_of_scikit_learn(rows):
    scores, marks = zip(*rows, strict=True)
    oracle = roc_auc_score([mark == "x" for mark in marks], scores)
    assert ranked(scores, marks).value == pytest.approx(oracle)


@given(SCORED)
def test_a_strictly_monotone_transform_changes_nothing(rows):
    scores, marks = zip(*rows, strict=True)
    place = {score: place for place, score in enumerate(sorted(set(scores)))}
    stretched = [place[score] ** 3 - 7 for score in scores]
    assert ranked(stretched, marks) == ranked(scores, marks)


@given(SCORED, st.randoms(use_true_random=False))
def test_the_order_of_the_labels_changes_nothing(rows, random):
    turned = rows.copy()
    random.shuffle(turned)
    found, again = (ranked(*zip(*each, strict=True)) for each in (rows, turned))
    assert again.value == pytest.approx(found.value)
    assert again.interval == pytest.approx(found.interval, abs=1e-6)


@given(SCORED)
def test_calling_accepted_what_was_overridden_turns_it_round(rows):
    scores, marks = zip(*rows, strict=True)
    turned = [{".": "x", "x": "."}[mark] for mark in marks]
    found, other = ranked(scores, marks), ranked(scores, turned)
    assert other.value == pytest.approx(1 - found.value)
    assert other.interval == pytest.approx((1 - found.interval[1], 1 - found.interval[0]))
