from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gate.core.normal import upper_quantile, upper_tail


@pytest.mark.parametrize(
    ("z", "p"),
    [
        # Source: the usual table of the normal law
        pytest.param(0.0, 0.5, id="the-middle"),
        pytest.param(1.645, 0.05, id="one-sided-95-percent"),
        pytest.param(1.96, 0.025, id="two-sided-95-percent"),
        pytest.param(-1.645, 0.95, id="below-the-middle"),
    ],
)
def test_tail_and_quantile_are_those_of_the_table(z, p):
    assert upper_tail(z) == pytest.approx(p, abs=5e-5)
    assert upper_quantile(p) == pytest.approx(z, abs=5e-4)


@given(z=st.floats(-30, 30))
def test_the_tail_is_scipys_however_far_out(z):
    assert upper_tail(z) == pytest.approx(stats.norm.sf(z), rel=1e-9)


@given(p=st.floats(1e-300, 1 - 1e-9))
def test_the_quantile_is_scipys_however_small_the_level(p):
    assert upper_quantile(p) == pytest.approx(stats.norm.isf(p), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("p", "z"),
    [
        pytest.param(0.0, math.inf, id="nothing-lies-above-infinity"),
        pytest.param(-1e-18, math.inf, id="rounded-below-nothing"),
        pytest.param(1.0, -math.inf, id="everything-lies-above-minus-infinity"),
        pytest.param(1 + 1e-15, -math.inf, id="rounded-above-everything"),
    ],
)
def test_certainty_has_an_infinite_quantile(p, z):
    assert upper_quantile(p) == z
