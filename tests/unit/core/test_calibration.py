from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from unit.core.signal_tables import World, labels, rows_of

from gate.core.calibration import SignalFound, calibrate, refusals, too_few
from gate.core.clustered import Measure

FITTED = calibrate(World(slope=6.0).draw(np.random.default_rng(1), 200))


# --- enough labels --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marks", "clusters", "reason"),
    [
        pytest.param("." * 40 + "x" * 10, 50, "", id="just-enough"),
        pytest.param("." * 40 + "x" * 10, 5, "", id="of-just-enough-clusters"),
        pytest.param("x" * 40 + "." * 10, 50, "", id="mostly-overridden"),
        pytest.param(
            "." * 39 + "x" * 10, 49, "49 labels are too few; it takes 50", id="one-label-less"
        ),
        pytest.param(
            "." * 41 + "x" * 9,
            50,
            "only 9 of 50 labels are overridden; it takes 10",
            id="one-overridden-less",
        ),
        pytest.param(
            "x" * 41 + "." * 9,
            50,
            "only 9 of 50 labels are accepted; it takes 10",
            id="one-accepted-less",
        ),
        pytest.param(
            "." * 40 + "x" * 10,
            4,
            "the labels come from 4 clusters; it takes 5 to hold some out",
            id="one-cluster-less",
        ),
        pytest.param(
            "." * 60,
            60,
            "all 60 labels are accepted: nothing tells one output from another",
            id="all-accepted",
        ),
        pytest.param(
            "x" * 3,
            3,
            "all 3 labels are overridden: nothing tells one output from another",
            id="all-overridden",
        ),
    ],
)
def test_labels_must_be_enough_in_all_and_of_each_class_and_of_clusters(marks, clusters, reason):
    assert too_few(labels(marks, cluster=np.arange(len(marks)) % clusters)) == reason


# --- what is measured -----------------------------------------------------------------------------


def test_each_label_is_held_against_the_model_that_did_not_see_it():
    table = World().draw(np.random.default_rng(1), 200)
    said = FITTED.by_fold[FITTED.folds, np.arange(200)]
    assert FITTED.held_out.tolist() == said.tolist()
    assert FITTED.pooled.brier.value == pytest.approx(np.mean((said - table.overridden) ** 2))
    assert FITTED.pooled.rows == FITTED.pooled.clusters == 200


def test_the_proxy_is_the_one_that_is_written():
    table = World().draw(np.random.default_rng(1), 200)
    assert FITTED.proxy == FITTED.proxy.as_written()
    one_by_one = [FITTED.proxy.probability(*each) for each in rows_of(table)]
    assert FITTED.in_sample == pytest.approx(one_by_one, abs=1e-12)


def test_without_any_proxy_stands_the_base_rate_of_the_other_folds():
    # Ten of each fifty are overridden, ten clusters a fold: p (1 - p) = 0.2 x 0.8 everywhere.
    table = labels(("x" + "." * 4) * 50, cluster=np.repeat(np.arange(50), 5), text=0.5)
    found = calibrate(table)
    assert found.pooled.brier.value + found.pooled.gain.value == pytest.approx(0.16)


def test_segments_with_thirty_labels_are_told_by_themselves():
    table = World(segments="ab").draw(np.random.default_rng(2), 100)
    letters = ["a" if row < 30 else "b" if row < 59 else "c" for row in range(100)]
    found = calibrate(replace(table, segments=tuple({"tag": each} for each in letters)))
    assert {name: each.rows for name, each in found.segments.items()} == {"tag=a": 30, "tag=c": 41}
    assert found.segments["tag=a"].brier.value == pytest.approx(
        np.mean((found.held_out[:30] - table.overridden[:30]) ** 2)
    )


def test_the_worst_segment_has_the_highest_calibration_error():
    none = Measure(value=0.0, interval=(0.0, 0.0))
    errors = {"tag=a": 0.02, "tag=b": 0.11, "tag=c": 0.05}
    segments = {
        name: replace(FITTED.pooled, ece=replace(none, value=error))
        for name, error in errors.items()
    }
    assert replace(FITTED, segments=segments).worst_segment == ("tag=b", 0.11)
    assert replace(FITTED, segments={}).worst_segment is None


def test_signals_are_told_one_by_one():
    marks = ("." * 4 + "x") * 12
    found = calibrate(
        labels(
            marks,
            decision=[float(mark == "x") for mark in marks],
            size=[float(mark == ".") for mark in marks],
            failure=0,
            fields=[0.00001, 0.00002] * 30,
            judge=[None] * 60,
            doubt=[0.5] * 20 + [None] * 40,
        )
    ).signals
    assert found["decision"].auc == 1.0
    assert found["decision"].log_odds > 4  # the prior
    assert found["size"] == SignalFound(known=60, auc=0.0, log_odds=0.0, varies=True)
    # Nothing varies: what they add is the prior's.
    assert found["failure"] == SignalFound(known=60, auc=0.5, log_odds=8.0, varies=False)
    assert (found["fields"].log_odds, found["fields"].varies) == (2.0, False)
    assert found["judge"] == SignalFound(known=0, auc=None, log_odds=0.0, varies=False)
    assert (found["doubt"].known, found["doubt"].varies) == (20, False)


def test_a_signal_of_one_class_alone_has_no_auc():
    judge = [0.1, 0.2] + [None] * 58
    assert calibrate(labels(("." * 4 + "x") * 12, judge=judge)).signals["judge"].auc is None


# --- refusals, one by one -------------------------------------------------------------------------


def pooled(**more):
    measures = {
        name: Measure(value=value, interval=(low, 1.0)) for name, (value, low) in more.items()
    }
    return replace(FITTED.pooled, **measures)


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        pytest.param({}, (), id="nothing-speaks-against-it"),
        pytest.param(
            {"pooled": pooled(gain=(-0.005, -1.0), brier=(0.2, 0.0))},
            (
                "it does not beat the base rate: Brier score 0.2000 on labels that it did not see, "
                "0.1950 without any proxy",
            ),
            id="worse-than-no-proxy",
        ),
        pytest.param(
            {"pooled": pooled(auc=(0.61, 0.5))},
            (
                "it is not shown to rank better than a coin: AUC 0.610, with 95 % confidence above "
                "0.500; 200 clusters of labels",
            ),
            id="perhaps-a-coin",
        ),
        pytest.param(
            {"pooled": replace(FITTED.pooled, auc=None)},
            (
                "it is not shown to rank better than a coin: AUC unknown; 200 clusters of labels",
            ),
            id="what-is-not-known-is-no-pass",
        ),
        pytest.param(
            {"within": Measure(value=0.5, interval=(0.4, 0.6))},
            (
                "it is not shown to tell outputs apart, but segments: AUC 0.500 among outputs of "
                "the same segments, with 95 % confidence above 0.400",
            ),
            id="blind-within-segments",
        ),
        pytest.param(
            {"within": Measure(value=0.6, interval=(0.501, 0.7))}, (), id="sees-something-within"
        ),
        pytest.param({"within": None}, (), id="no-two-outputs-have-the-same-tags"),
        pytest.param(
            {
                "segments": {
                    "tag=a": pooled(auc=(0.4, 0.2)),  # up to 1: perhaps the right way
                    "tag=b": replace(FITTED.pooled, auc=None),
                }
            },
            (),
            id="segments-of-which-nothing-is-shown",
        ),
        pytest.param(
            {
                "segments": {
                    "tag=b": replace(
                        FITTED.pooled, auc=Measure(value=0.31, interval=(0.2, 0.499))
                    )
                }
            },
            (
                "it runs the wrong way in tag=b: AUC 0.310, with 95 % confidence below 0.499; "
                "accepted outputs have the higher scores there",
            ),
            id="the-wrong-way-in-a-segment",
        ),
        pytest.param(
            {"segments": {"tag=b": replace(pooled(), auc=Measure(value=0.0, interval=(0.0, 0.2)))}},
            (
                "it runs the wrong way in tag=b: AUC 0.000, with 95 % confidence below 0.200; "
                "accepted outputs have the higher scores there",
            ),
            id="wholly-the-wrong-way",
        ),
        pytest.param(
            # Of twenty segments one would lie so far below by chance.
            {
                "segments": {
                    f"tag={each}": replace(
                        pooled(), auc=Measure(value=0.4, interval=(0.31, 0.499))
                    )
                    for each in range(20)
                }
            },
            (),
            id="among-many-by-chance",
        ),
    ],
)  # fmt: skip
def test_a_proxy_is_refused_for_a_reason(changed, reasons):
    assert refusals(replace(FITTED, **changed)) == reasons
