from __future__ import annotations

import math

import pytest
from scipy import stats

from gate.core.student import student_quantile, student_tails


@pytest.mark.parametrize(
    ("confidence", "freedom", "quantile"),
    [
        # Student's table, as in any textbook: two-sided 95 % and 99 %.
        pytest.param(0.95, 1, 12.706, id="one-degree"),
        pytest.param(0.95, 11, 2.201, id="eleven"),
        pytest.param(0.99, 4, 4.604, id="four-at-99"),
        pytest.param(0.95, 100_000, 1.960, id="the-normal-law"),
    ],
)
def test_quantiles_are_those_of_the_tables(confidence, freedom, quantile):
    assert student_quantile(confidence, freedom) == pytest.approx(quantile, abs=6e-4)


@pytest.mark.parametrize("freedom", [1, 2, 7, 29, 400, 1e6])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_quantiles_are_scipys(confidence, freedom):
    wanted = stats.t.ppf((1 + confidence) / 2, freedom)
    assert student_quantile(confidence, freedom) == pytest.approx(wanted, rel=1e-8)


def test_half_a_degree_is_good_for_three_digits():
    assert student_quantile(0.95, 1.5) == pytest.approx(stats.t.ppf(0.975, 1.5), rel=1e-3)


@pytest.mark.parametrize("freedom", [1, 3, 50, 3000])
@pytest.mark.parametrize("t", [0.0, 0.7, -2.3, 5.5])
def test_tails_are_scipys(t, freedom):
    wanted = 2 * stats.t.sf(abs(t), freedom)
    assert student_tails(t, freedom) == pytest.approx(wanted, rel=1e-6, abs=1e-12)


def test_what_is_endlessly_far_has_no_tail():
    assert student_tails(math.inf, 5) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("confidence", [0, 1, 1.5, math.nan])
def test_a_confidence_that_is_none_is_an_error(confidence):
    with pytest.raises(ValueError, match="confidence is not between 0 and 1"):
        student_quantile(confidence, 5)
