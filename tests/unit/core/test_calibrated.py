from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import expit

from gate.core.calibrated import CalibratedProxy, Curve, logistic, rounded

RISING = Curve(points=((0.2, -1.0), (0.4, 0.0), (0.8, 2.0)))


@pytest.mark.parametrize(
    ("value", "added"),
    [
        pytest.param(0.0, -1.0, id="flat-before-the-first-point"),
        pytest.param(0.2, -1.0, id="the-first-point"),
        pytest.param(0.25, -0.75, id="a-quarter-of-the-way"),  # -1 + 1 x 0.05 / 0.2
        pytest.param(0.4, 0.0, id="a-point-inside"),
        pytest.param(0.7, 1.5, id="three-quarters-of-the-way"),  # 0 + 2 x 0.3 / 0.4
        pytest.param(0.8, 2.0, id="the-last-point"),
        pytest.param(1.0, 2.0, id="flat-behind-the-last-point"),
        pytest.param(None, None, id="not-known"),
    ],
)
def test_a_curve_is_straight_between_its_points(value, added):
    assert RISING.at(value) == pytest.approx(added)


def test_a_signal_that_some_labels_lacked_has_a_value_where_it_is_not_known():
    assert Curve(points=RISING.points, absent=-0.5).at(None) == -0.5


@pytest.mark.parametrize(
    ("heights", "absent", "flat"),
    [
        pytest.param((0.0, 0.0), None, True, id="nothing-at-all"),
        pytest.param((0.0, 0.0), 0.0, True, id="nothing-where-it-is-not-known"),
        pytest.param((0.0, 0.1), None, False, id="it-rises"),
        pytest.param((0.0, 0.0), -0.1, False, id="its-lack-tells-something"),
    ],
)
def test_a_curve_is_flat_if_the_signal_adds_nothing_known_or_not(heights, absent, flat):
    points = tuple(zip((0.0, 1.0), heights, strict=True))
    assert Curve(points=points, absent=absent).is_flat is flat


PROXY = CalibratedProxy(
    intercept=-2.0,
    curves={
        "text": Curve(points=((0.0, 0.0), (1.0, 3.0))),
        "judge": Curve(points=((0.0, 0.0), (1.0, 1.0)), absent=0.5),
    },
    offsets={"tag=a": 1.0, "channel=email": -0.5},
)


@pytest.mark.parametrize(
    ("signals", "segment", "odds"),
    [
        pytest.param({"text": 0.0, "judge": 0.0}, {}, -2.0, id="the-intercept"),
        pytest.param({"text": 0.5, "judge": 1.0}, {}, 0.5, id="signals-add"),  # -2 + 1.5 + 1
        pytest.param({"text": 0.5}, {}, 0.0, id="one-that-is-not-known"),  # -2 + 1.5 + 0.5
        pytest.param({"text": 1.0}, {"tag": "a"}, 2.5, id="a-segment"),  # -2 + 3 + 0.5 + 1
        pytest.param({"text": 1.0}, {"tag": "a", "channel": "email"}, 2.0, id="several-segments"),
        pytest.param({"text": 1.0}, {"tag": "b", "a": "tag"}, 1.5, id="other-segments"),
        pytest.param({"text": 1.0, "size": 1.0}, {}, 1.5, id="another-signal"),
    ],
)
def test_log_odds_add_up(signals, segment, odds):
    # The logistic function is that of scipy.
    assert PROXY.probability(signals, segment) == pytest.approx(expit(odds), abs=1e-15)


def test_without_a_signal_that_the_labels_never_lacked_nobody_knows():
    assert PROXY.probability({"judge": 1.0}, {"tag": "a"}) is None


def test_a_calibrated_proxy_names_what_it_looks_at():
    assert PROXY.names == ("text", "judge")
    assert not PROXY.failure_decides


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(0.0)
@example(1e300)
@example(-1e300)
def test_log_odds_of_any_size_are_a_probability(odds):
    assert logistic(odds) == pytest.approx(expit(odds), rel=1e-12, abs=1e-300)


def test_log_odds_by_hand():
    assert logistic(0) == 0.5
    assert logistic(math.log(3)) == pytest.approx(0.75)
    assert logistic(-math.log(3)) == pytest.approx(0.25)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 5)), min_size=2, max_size=6),
    st.floats(0, 1),
    st.floats(0, 1),
)
@example([(0.0, 0.0), (1e-300, 5.0)], 0.0, 1e-301)
def test_more_of_a_signal_never_lowers_the_probability(steps, less, more):
    ends = sorted({end for end, _ in steps} | {0.0, 1.0})
    heights = sorted(height for _, height in [*steps, *steps])[: len(ends)]
    curve = Curve(points=tuple(zip(ends, heights, strict=True)))
    proxy = CalibratedProxy(intercept=-1.0, curves={"text": curve})
    low, high = (proxy.probability({"text": each}, {}) for each in sorted((less, more)))
    assert low <= high


# --- as it is written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        pytest.param(0.12344, "0.1234", id="down"),
        pytest.param(0.12346, "0.1235", id="up"),
        pytest.param(-0.00001, "0.0", id="no-negative-zero"),
        pytest.param(3, "3.0", id="a-whole-number"),
    ],
)
def test_numbers_have_four_digits(number, written):
    assert str(rounded(number)) == written


def test_what_adds_nothing_in_the_file_is_left_out():
    proxy = CalibratedProxy(
        intercept=0.00001,
        curves={
            "text": Curve(points=((0.0, 0.0), (1.0, 0.00004))),
            "size": Curve(points=((0.0, 0.0), (1.0, 0.00004)), absent=0.12345678),
            "length": Curve(points=((0.0, 0.0), (1.0, 0.00004)), absent=-0.00001),
            "judge": Curve(points=((0.33333333, 0.0), (1.0, 1.99999))),
        },
        offsets={"tag=a": 0.98765432},
    )
    assert proxy.as_written() == CalibratedProxy(
        intercept=0.0,
        curves={
            "size": Curve(points=((0.0, 0.0), (1.0, 0.0)), absent=0.1235),
            "judge": Curve(points=((0.3333, 0.0), (1.0, 2.0))),
        },
        offsets={"tag=a": 0.9877},
    )
    assert proxy.as_written().as_written() == proxy.as_written()
