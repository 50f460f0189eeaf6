"""The charts of a calibration: where their marks stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from browser.page_reader import Page
from unit.reports.calibrations import calibration, fitted, review, table

from gate.core.calibrated import CalibratedProxy, Curve
from gate.core.calibration import SignalFound
from gate.core.clustered import Measure
from gate.core.reliability import Bin
from gate.core.review import Reviewed
from gate.reports.calibration_page import render
from gate.reports.page.reliability_plot import pooled_plot, segment_plots
from gate.reports.page.review_rows import review_table
from gate.reports.page.signal_curves import signal_curves
from gate.reports.page.tradeoff import tradeoff


def bin_of(**keys):
    return replace(Bin(rows=100, predicted=0.25, observed=0.6, interval=(0.45, 0.7)), **keys)


def pooled(*bins, scores=(0.25,)):
    good = fitted()
    return replace(good, pooled=replace(good.pooled, bins=bins), held_out=np.array(scores))


def test_a_dot_stands_at_predicted_and_overridden_and_its_line_is_the_interval():
    (dot,) = pooled_plot(pooled(bin_of())).dots
    assert (dot.x, dot.y) == (25, 40)  # from the left, and from the top
    assert (dot.low, dot.high) == (55, 30)
    assert dot.told == "predicted 25.0 %, overridden 60.0 % (45.0 to 70.0 %), 100 labels"


def test_the_area_of_a_dot_goes_with_its_labels_until_it_could_not_be_seen():
    bins = (bin_of(rows=100), bin_of(rows=25), bin_of(rows=1))
    assert [dot.radius for dot in pooled_plot(pooled(*bins)).dots] == [6.0, 3.0, 1.5]


def test_the_histogram_counts_labels_by_score():
    columns = pooled_plot(pooled(bin_of(), scores=(0.01, 0.02, 0.5, 1.0))).columns
    assert [(each.x, each.height) for each in columns] == [(0, 100), (50, 50), (95, 50)]
    assert columns[0].told == "score 0 to 5 %: 2 labels"
    assert columns[-1].told == "score 95 to 100 %: 1 label"


def test_the_eight_largest_segments_are_drawn_and_the_farthest_off_first():
    good = fitted()
    one = good.segments["channel=chat"]

    def segment(rows, ece):
        return replace(one, rows=rows, ece=Measure(value=ece, interval=(0, 1)), ece_by_chance=0.05)

    segments = {f"s={rows}": segment(rows, ece=rows / 10_000) for rows in range(100, 1100, 100)}
    plots = segment_plots(replace(good, segments=segments))
    assert [each.title for each in plots] == [f"s={rows}" for rows in range(1000, 200, -100)]
    assert [each.is_off for each in plots] == [True] * 5 + [False] * 3  # 0.05 is not above 0.05


def test_a_page_draws_each_plot_once_and_marks_those_that_are_off():
    page = Page(render(calibration()))
    captions = [each.text for each in page.all("figcaption")]
    assert captions[1].startswith("channel=phone off 200 labels ECE 0.")
    assert captions[2].startswith("channel=chat 200 labels ECE 0.")
    assert len(page.all("figure", class_="drawn off")) == 1
    assert len(page.all("svg", class_="plot square")) == 4
    assert {each.attributes["y2"] for each in page.all("line", class_="right")} == {"0"}


def curved(**signals):
    found = {name: each[0] for name, each in signals.items()}
    curves = {name: each[1] for name, each in signals.items() if each[1] is not None}
    return replace(fitted(), signals=found, proxy=CalibratedProxy(intercept=0.0, curves=curves))


def found(*, varies=True, log_odds=2.0, auc=0.7):
    return SignalFound(known=10, auc=auc, log_odds=log_odds, varies=varies)


def test_curves_share_an_axis_and_the_steepest_comes_first():
    # The axis goes from 0 to 2 log-odds and 5 % beyond either end: 0 at 4.55 %, 1 at 50 %.
    flat = (found(), Curve(points=((0.2, 0.0), (0.4, 1.0))))
    steep = (found(), Curve(points=((0.0, 0.0), (0.25, 1.0), (1.0, 2.0)), absent=-0.5))
    seen = signal_curves(curved(size=flat, doubt=steep))
    assert [each.name for each in seen.charts] == ["doubt", "size"]
    assert [(each.x, each.y) for each in seen.charts[0].knots] == [
        (0, 95.45), (25, 50), (100, 4.55)
    ]  # fmt: skip
    assert [(each.x, each.y) for each in seen.charts[1].knots] == [(0, 95.45), (100, 50)]
    assert seen.zero == 95.45
    assert ("+1.0", 50) in [(each.label, each.at) for each in seen.ticks]
    assert [(each.rise, each.absent) for each in seen.charts] == [("+2.00", "-0.50"), ("+1.00", "")]
    assert len(seen.charts[0].pieces) == 2


def test_a_signal_that_says_nothing_is_told_and_not_drawn():
    assumed = (found(varies=False, auc=0.5), Curve(points=((0.0, 0.0), (1.0, 8.0))))
    unused = (found(log_odds=0.0, auc=None), None)
    seen = signal_curves(curved(failure=assumed, size=unused))
    assert seen.charts == ()
    assert seen.others == (
        "failure never varies in 10 labels, which say nothing of it: it is assumed to add +8.00 "
        "from 0.00 to 1.00",
        "size is not used: 10 labels, AUC alone unknown",
    )
    assert Page(render(calibration(fitted=curved(failure=assumed)))).one("h2", id="signals")


@pytest.mark.parametrize("place", range(10))
def test_a_stop_of_the_tradeoff_is_what_counting_finds(place):
    stop = tradeoff(fitted(), review()).stops[place]
    overridden, scores = table().overridden > 0, fitted().held_out
    edge = sorted(scores)[60 * place]  # ten bins with equally many of 600 labels
    missed, stopped = (scores < edge)[overridden].mean(), (scores >= edge)[~overridden].mean()
    assert stop.x == pytest.approx(edge * 100, abs=0.01)
    assert stop.missed == pytest.approx(100 - missed * 100, abs=0.01)
    assert stop.stopped == pytest.approx(100 - stopped * 100, abs=0.01)


def test_the_last_stop_of_the_tradeoff_is_above_all_scores():
    last = tradeoff(fitted(), review()).stops[-1]
    assert (last.missed, last.stopped) == (0, 100)
    assert last.x == pytest.approx(fitted().held_out.max() * 100, abs=0.01)


def test_thresholds_in_use_and_to_come_are_marked_side_by_side():
    chosen = review(current=0.1)
    assert [(each.name, each.at, each.anchor) for each in tradeoff(fitted(), chosen).marks] == [
        ("current", 10, "end"),
        ("tuned", round(chosen.tuned.threshold * 100, 2), "start"),
    ]
    assert [each.name for each in tradeoff(fitted(), review()).marks] == ["tuned"]
    none = replace(review(current=0.9), tuned=None)
    (mark,) = tradeoff(fitted(), none).marks
    assert (mark.name, mark.anchor) == ("current", "start")


def counted(**keys):
    return replace(Reviewed(false_positives=30, accepted=60, misses=4, overridden=40), **keys)


def reviewing(before, after=None):
    chosen = review()
    return review_table(
        replace(
            chosen,
            counted=replace(chosen.counted, before=before, after=after),
            segments={},
        )
    )


def test_misses_stand_on_an_axis_with_their_limit_and_what_is_beyond_it_is_marked():
    seen = reviewing(counted(misses=0), counted(misses=30))
    current, tuned = seen.rows
    assert current.stopped.told == "30 of 60 (50.0 %)"
    assert current.stopped.at == 50
    assert current.missed.at == 0
    assert tuned.missed.at > seen.limit > 0
    assert [current.missed.is_over, tuned.missed.is_over] == [False, True]


def test_a_kind_without_labels_has_no_share():
    (row, *_) = reviewing(counted(accepted=0, false_positives=0)).rows
    assert (row.stopped.told, row.stopped.interval, row.stopped.at) == ("none", "not known", None)


def test_of_very_many_segments_with_a_threshold_the_rest_is_counted():
    chosen = review()
    many = {f"s={place}": chosen.counted for place in range(50)}
    seen = review_table(replace(chosen, segments=many))
    assert len(seen.rows) == 2 + 2 * 40
    assert seen.more == 10
