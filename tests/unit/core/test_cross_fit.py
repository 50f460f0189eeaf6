from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from unit.core.signal_tables import World, labels, rows_of, tables

from gate.core.calibrated import CalibratedProxy, Curve
from gate.core.cross_fit import FOLDS, cross_fit, folds_of, predict
from gate.core.fit import fit

# --- folds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cluster", "folds"),
    [
        pytest.param([3, 1, 2, 0], [3, 1, 2, 0], id="fewer-clusters-than-folds"),
        pytest.param([0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 0, 1], id="single-labels-in-turn"),
        # The cluster of three comes first, then each to the fold with the fewest labels.
        pytest.param([0, 1, 2, 9, 9, 9, 3, 4, 5], [1, 2, 3, 0, 0, 0, 4, 1, 2], id="large-first"),
        pytest.param([5, 5], [0, 0], id="one-cluster"),
    ],
)
def test_whole_clusters_are_dealt(cluster, folds):
    assert folds_of(np.array(cluster)).tolist() == folds


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(1, 7))
@example([0] * 30 + list(range(1, 20)), 5)
def test_folds_have_about_as_many_labels(cluster, folds):
    # Each goes to the fold with the fewest, so no fold leads another by more than one cluster.
    cluster = np.array(cluster)
    found = folds_of(cluster, folds)
    sizes = np.bincount(found)
    assert len(sizes) == min(folds, len(set(cluster)))
    assert sizes.max() - sizes.min() <= np.bincount(cluster).max()
    assert all(len(set(found[cluster == each])) == 1 for each in set(cluster))


@given(st.permutations([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8]))
def test_the_order_of_the_labels_deals_nothing_otherwise(cluster):
    found = dict(zip(cluster, folds_of(np.array(cluster)).tolist(), strict=True))
    # 0 with three and 1 with two come first; 5 is the sixth: fold 2, 3 and 4 have one each then.
    assert found == {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 2, 6: 3, 7: 4, 8: 1}


# --- what models say ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(tables())
def test_all_at_once_is_said_what_is_said_one_by_one(table):
    proxy = fit(table)
    one_by_one = [proxy.probability(*each) for each in rows_of(table)]
    assert predict(proxy, table) == pytest.approx(one_by_one, abs=1e-12)


def test_where_a_model_cannot_know_the_mean_of_the_others_stands_in():
    proxy = CalibratedProxy(intercept=0.0, curves={"text": Curve(points=((0.0, 0.0), (1.0, 4.0)))})
    # Of 0, 0.5 and 1 the curve makes 0, 2 and 4: the fourth has 2, a chance of 0.880797.
    found = predict(proxy, labels("....", text=[0.0, 0.5, 1.0, None]))
    assert found == pytest.approx([0.5, 0.880797, 0.982014, 0.880797], abs=1e-6)
    assert proxy.probability({}, {}) is None


def test_a_model_never_sees_what_it_is_held_against():
    table = World().draw(np.random.default_rng(1), 60)
    folds = folds_of(table.cluster)
    said, base = cross_fit(table, folds)
    assert said.shape == (FOLDS, 60)
    for fold in range(FOLDS):
        rest = table.only(folds != fold)
        assert said[fold] == pytest.approx(predict(fit(rest), table), abs=1e-12)
        assert base[folds == fold] == pytest.approx(rest.overridden.mean())
        turned = np.where(folds == fold, 1 - table.overridden, table.overridden)
        again, _ = cross_fit(replace(table, overridden=turned), folds)
        assert again[fold].tolist() == said[fold].tolist()
        assert np.abs(again - said).max() > 0.01  # the other models saw them


def test_a_signal_that_only_labels_of_one_fold_have_is_nothing_to_the_others():
    judge = [0.0, 1.0] + [None] * 8
    table = labels(".xx.x.x.x.", cluster=[0, 0, *range(1, 9)], judge=judge)
    folds = folds_of(table.cluster)
    assert folds[0] == folds[1] == 0
    said, _ = cross_fit(table, folds)
    assert said[0] == pytest.approx([0.5] * 10, abs=1e-6)  # four of eight, and nothing else
    assert said[1][0] < said[1][1]


def test_labels_of_one_class_alone_have_a_model_too():
    # All that were overridden are one cluster: the model without it knows of none.
    table = labels("xxx" + "." * 12, cluster=[0] * 3 + list(range(1, 13)), text=0.5)
    said, base = cross_fit(table, folds_of(table.cluster))
    assert base[:3].tolist() == [0, 0, 0]
    assert said[0].max() < 1e-3
