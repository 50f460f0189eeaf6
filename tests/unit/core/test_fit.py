from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from unit.core.signal_tables import World, in_order, labels, rows_of, tables

from gate.core.fit import PENALTY, PRIOR, SMALLEST_SEGMENT, fit


def said(proxy, table):
    return np.array([proxy.probability(*each) for each in rows_of(table)])


# --- numbers by hand ------------------------------------------------------------------------------


def test_without_a_signal_that_tells_something_the_share_is_all():
    proxy = fit(labels("x...", size=0.3))
    assert proxy.intercept == pytest.approx(np.log(1 / 3), abs=1e-6)
    assert proxy.curves["size"].points == ((0.0, 0.0), (1.0, 0.0))


# One of five is overridden at 0, two of three at 1. With p and q for the chances there, the slopes
# of the penalised log-likelihood are 0 where 5 p + 3 q = 3 and 3 q + (rise - prior) = 2.
FIVE_AND_THREE = [0] * 5 + [1] * 3


@pytest.mark.parametrize(
    ("name", "intercept", "rise"),
    [
        # p = 0.321243 and q = 0.464596: 1.606213 + 1.393787 = 3; 1.393787 + 0.606213 = 2
        pytest.param("size", -0.748067, 0.606213, id="no-prior"),
        # p = 0.111321 and q = 0.814465: 0.556605 + 2.443395 = 3; 2.443395 - 0.443395 = 2
        pytest.param("decision", -2.077318, 3.556605, id="a-prior-of-4"),
    ],
)
def test_what_a_signal_adds_lies_between_the_labels_and_the_prior(name, intercept, rise):
    proxy = fit(labels("x....xx.", **{name: FIVE_AND_THREE}))
    assert proxy.curves[name].points == ((0.0, 0.0), (1.0, pytest.approx(rise, abs=1e-5)))
    assert proxy.intercept == pytest.approx(intercept, abs=1e-5)


def test_a_signal_that_runs_the_wrong_way_adds_nothing():
    proxy = fit(labels("xxx..x..", size=FIVE_AND_THREE))
    assert proxy.curves["size"].points == ((0.0, 0.0), (1.0, 0.0))
    assert proxy.intercept == pytest.approx(0.0, abs=1e-6)  # four of eight


def test_that_a_signal_is_not_known_may_tell_something():
    # One of four is overridden where it is known, three of four where it is not: -b/2 and b/2 by
    # symmetry, and 4 logistic(b/2) + b = 3, with 4 x 0.582820 + 0.668720 = 3.
    proxy = fit(labels("x...xxx.", size=[0.0] * 4 + [None] * 4))
    assert proxy.curves["size"].points == ((0.0, 0.0), (1.0, 0.0))
    assert proxy.curves["size"].absent == pytest.approx(0.66872, abs=1e-4)
    assert proxy.probability({}, {}) == pytest.approx(expit(0.66872 / 2), abs=1e-4)


def test_without_a_signal_that_every_label_has_nobody_knows():
    proxy = fit(labels("x...", size=[0.1, 0.2, 0.3, 0.4]))
    assert proxy.curves["size"].absent is None
    assert proxy.probability({}, {}) is None


def test_a_signal_that_no_label_has_is_no_curve():
    table = labels("x...", size=0.5, judge=[None] * 4)
    assert fit(table).names == ("size",)


def test_a_curve_bends_where_equally_many_values_lie():
    # Quantiles of 0, 1/8, ... 1: each second value.
    points = fit(labels("....x.xxx", size=np.arange(9) / 8)).curves["size"].points
    assert [x for x, _ in points] == [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        pytest.param([0] * 6 + [0.5, 1], [0.0, 0.125, 1.0], id="most-are-equal"),
        pytest.param([0] * 7 + [1], [0.0, 1.0], id="two-values"),
        pytest.param([0.1, 0.2, 0.3, 0.1 + 0.2] * 2, [0.1, 0.175, 0.25, 0.3], id="equal-on-paper"),
        pytest.param([0.00001, 0.00002] * 4, [0.0, 1.0], id="equal-in-the-file"),
    ],
)
def test_ends_that_the_file_could_not_tell_apart_are_one(values, ends):
    points = fit(labels("x...xx..", size=values)).curves["size"].points
    assert [x for x, _ in points] == ends


# --- an oracle, and what makes it the best --------------------------------------------------------


def test_where_no_bound_holds_it_is_the_ridge_of_scikit_learn():
    # Source: sklearn.linear_model.LogisticRegression, whose C is 1 / PENALTY; the pieces between
    # quantiles are columns, and the segments; nothing but the intercept is free.
    table = World(apart=1.0, segments="abc").draw(np.random.default_rng(5), 400)
    table = replace(table, signals={"size": table.signals["text"]})
    proxy = fit(table)
    ends, heights = np.array(proxy.curves["size"].points).T
    assert (np.diff(heights) > 0).all()
    ramps = np.clip((table.signals["size"][:, None] - ends[:-1]) / np.diff(ends), 0, 1)
    design = np.column_stack([ramps, *table.members(list(proxy.offsets)).values()])
    oracle = LogisticRegression(C=1 / PENALTY, tol=1e-10, max_iter=10_000)
    oracle.fit(design, table.overridden)
    found = [*np.diff(heights), *proxy.offsets.values(), proxy.intercept]
    assert found == pytest.approx([*oracle.coef_[0], *oracle.intercept_], abs=1e-4)
    assert said(proxy, table) == pytest.approx(oracle.predict_proba(design)[:, 1], abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(tables())
def test_nothing_could_be_moved_for_the_better(table):
    # Karush, Kuhn and Tucker: at the optimum of a convex loss its slope is 0 for what is free, and
    # not negative for a piece that lies at its bound.
    proxy = fit(table)
    excess = said(proxy, table) - table.overridden
    assert excess.sum() == pytest.approx(0, abs=1e-4)
    for name, rows in table.members(list(proxy.offsets)).items():
        assert excess[rows].sum() + PENALTY * proxy.offsets[name] == pytest.approx(0, abs=1e-4)
    for name, curve in proxy.curves.items():
        values = table.signals[name]
        if curve.absent is not None:
            slope = excess[np.isnan(values)].sum() + PENALTY * curve.absent
            assert slope == pytest.approx(0, abs=1e-4)
        ends, heights = np.array(curve.points).T
        wanted = PRIOR.get(name, 0.0) / (len(ends) - 1)
        for low, high, rise in zip(ends, ends[1:], np.diff(heights), strict=False):
            come = np.clip((np.nan_to_num(values, nan=low) - low) / (high - low), 0, 1)
            slope = excess @ come + PENALTY * (rise - wanted)
            assert rise >= 0
            assert slope == pytest.approx(0, abs=1e-4) or (rise == 0 and slope > 0)


# --- properties -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(tables(), st.data())
def test_more_of_a_signal_never_lowers_the_probability(table, data):
    proxy = fit(table)
    signals, segment = data.draw(st.sampled_from(list(rows_of(table))))
    name = data.draw(st.sampled_from(sorted(proxy.names)))
    low, high = sorted(data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    less = proxy.probability({**signals, name: low}, segment)
    more = proxy.probability({**signals, name: high}, segment)
    assert less <= more


@settings(deadline=None, max_examples=40)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_the_labels_changes_nothing(table, random):
    order = list(range(table.rows))
    random.shuffle(order)
    turned = in_order(table, order)
    assert said(fit(turned), turned) == pytest.approx(said(fit(table), table)[order], abs=1e-6)


# --- failures -------------------------------------------------------------------------------------


def test_without_a_failed_label_the_prior_speaks():
    proxy = fit(labels("." * 30 + "x" * 10, failure=0))
    assert proxy.curves["failure"].points == ((0.0, 0.0), (1.0, PRIOR["failure"]))
    assert proxy.probability({"failure": 0.0}, {}) == pytest.approx(0.25, abs=1e-6)
    # The odds of one in four, and 8 more: -1.098612 + 8.
    assert proxy.probability({"failure": 1.0}, {}) == pytest.approx(expit(6.90139), abs=1e-5)


def failed(count):
    """Of 40 outputs that did not fail ten are overridden; so many failed, and all are accepted."""
    marks = "x" * 10 + "." * (30 + count)
    proxy = fit(labels(marks, failure=[0] * 40 + [1] * count))
    return tuple(proxy.probability({"failure": each}, {}) for each in (1.0, 0.0))


def test_failed_outputs_that_reviewers_accept_lower_what_a_failure_adds():
    found = [failed(count) for count in (0, 1, 2, 5, 20, 100)]
    after = [with_failure for with_failure, _ in found]
    assert after == sorted(after, reverse=True)
    assert after[0] > 0.998
    assert after[-1] < 0.25


def test_a_failed_output_is_never_less_likely_to_be_overridden():
    for count in (0, 1, 2, 5, 20, 100, 500):
        with_failure, without = failed(count)
        assert with_failure >= without
    assert with_failure == without == pytest.approx(10 / 540, abs=1e-5)


# --- segments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "offset"),
    [
        # One of four is overridden in a, three of four in b: -c and c by symmetry, no intercept,
        # and the slope is 0 where n logistic(c) + c = 3/4 n. The labels alone say log 3 = 1.0986.
        pytest.param(4, 0.0, id="fewer-than-ten-share-the-intercept"),
        pytest.param(20, 0.87681, id="a-few-stay-near-the-rest"),  # 20 x 0.706160 + 0.876805 = 15
        pytest.param(200, 1.07027, id="more-speak-for-themselves"),
        pytest.param(2000, 1.09569, id="many-have-the-word"),
    ],
)
def test_a_segment_is_drawn_towards_the_rest(rows, offset):
    quarter = rows // 4
    marks = "x" * quarter + "." * 3 * quarter + "." * quarter + "x" * 3 * quarter
    offsets = fit(labels(marks, segments="a" * rows + "b" * rows)).offsets
    assert offsets.get("tag=a", 0.0) == pytest.approx(-offset, abs=1e-4)
    assert offsets.get("tag=b", 0.0) == pytest.approx(offset, abs=1e-4)


def test_ten_labels_have_an_offset_of_their_own():
    nine = SMALLEST_SEGMENT - 1
    table = labels("x." * 5 + "." * nine, segments="a" * SMALLEST_SEGMENT + "b" * nine)
    assert list(fit(table).offsets) == ["tag=a"]
