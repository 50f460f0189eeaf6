from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gate.core.calibrated import CalibratedProxy, Curve
from gate.core.proxy_fit import proxy_fit
from gate.core.signal_table import SignalTable

# Says 20 % where the signal is 0, and 80 % where it is 1: log-odds of -1.386 and 1.386.
ODDS = float(np.log(4))
PROXY = CalibratedProxy(
    intercept=-ODDS, curves={"text": Curve(points=((0.0, 0.0), (1.0, 2 * ODDS)))}
)


def table(
    low: float, high: float, *, rows: int = 400, alike: int = 1, seed: int = 1
) -> SignalTable:
    """Labels, half with and half without the signal, of which such shares are overridden."""
    draw = np.random.default_rng(seed)
    signal = np.repeat([0.0, 1.0], rows // 2)
    decided = draw.random(rows // alike).repeat(alike)
    return SignalTable(
        signals={"text": signal},
        overridden=(decided < np.where(signal > 0, high, low)).astype(np.float64),
        segments=({},) * rows,
        cluster=np.arange(rows) // alike,
    )


def test_labels_as_the_proxy_expects_them_fit():
    found = proxy_fit(PROXY, table(0.2, 0.8))
    assert found is not None
    assert found.fits
    assert found.predicted == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        pytest.param(0.4, 0.9, id="more-are-overridden"),
        pytest.param(0.05, 0.6, id="fewer-are"),
        pytest.param(0.5, 0.5, id="as-many-and-the-proxy-is-too-sure"),
    ],
)
def test_labels_that_say_otherwise_do_not(low, high):
    found = proxy_fit(PROXY, table(low, high))
    assert found is not None
    assert not found.fits
    assert found.p_value < 0.01


def test_a_proxy_that_fits_is_said_not_to_in_one_of_a_hundred_label_sets():
    wrong = [
        not found.fits
        for seed in range(600)
        if (found := proxy_fit(PROXY, table(0.2, 0.8, seed=seed)))
    ]
    # P(X > 14) of 600 x 1 % is 0.1 %.
    assert sum(wrong) <= 14


def test_labels_that_are_alike_tell_less():
    alone, alike = (proxy_fit(PROXY, table(0.28, 0.85, alike=alike)) for alike in (1, 10))
    assert alone is not None
    assert alike is not None
    assert alone.p_value < alike.p_value


def test_the_p_value_is_that_of_two_students_tests():
    labels = table(0.25, 0.8, seed=4)
    probability = np.where(labels.signals["text"] > 0, 0.8, 0.2)
    residual = labels.overridden - probability
    single = stats.ttest_1samp(residual, 0).pvalue
    weighted = stats.ttest_1samp(residual * (1 - 2 * probability), 0).pvalue
    found = proxy_fit(PROXY, labels)
    assert found is not None
    assert found.p_value == pytest.approx(min(1, 2 * min(single, weighted)), rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "alike"),
    [pytest.param(28, 1, id="few-labels"), pytest.param(90, 15, id="few-clusters")],
)
def test_too_few_labels_say_nothing(rows, alike):
    assert proxy_fit(PROXY, table(0.9, 0.9, rows=rows, alike=alike)) is None


@pytest.mark.parametrize(("decided", "fits"), [(0.0, False), (0.2, True)])
def test_labels_without_any_spread_fit_only_what_says_exactly_so(decided, fits):
    flat = SignalTable(
        signals={},
        overridden=np.full(40, decided),
        segments=({},) * 40,
        cluster=np.arange(40),
    )
    found = proxy_fit(CalibratedProxy(intercept=float(np.log(0.25)), curves={}), flat)
    assert found is not None
    assert found.fits is fits


def test_labels_that_lack_what_the_proxy_needs_do_not_count():
    labels = table(0.2, 0.8)
    signal = labels.signals["text"].copy()
    signal[:300] = np.nan
    lacking = SignalTable(
        signals={"text": signal},
        overridden=np.ones(400),
        segments=labels.segments,
        cluster=labels.cluster,
    )
    found = proxy_fit(PROXY, lacking)
    assert found is not None
    assert found.labels == 100
    bearing = CalibratedProxy(
        intercept=0.0, curves={"text": Curve(points=((0.0, 0.0), (1.0, 1.0)), absent=0.0)}
    )
    kept = proxy_fit(bearing, lacking)
    assert kept is not None
    assert kept.labels == 400
