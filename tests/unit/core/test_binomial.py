from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from gate.core.binomial import clopper_pearson


@st.composite
def counts(draw):
    runs = draw(st.integers(1, 2000))
    return draw(st.integers(0, runs)), runs


@settings(deadline=None)
@given(counts(), st.sampled_from([0.01, 0.05, 0.1, 0.3]))
@example((0, 1), 0.05)
@example((1, 1), 0.05)
@example((0, 400), 0.05)
@example((400, 400), 0.05)
@example((1999, 2000), 0.01)
def test_the_interval_is_that_of_scipy_and_statsmodels(counted, error):
    exact = stats.binomtest(*counted).proportion_ci(1 - error, method="exact")
    beta = proportion_confint(*counted, alpha=error, method="beta")
    found = clopper_pearson(*counted, error=error)
    assert found == pytest.approx((exact.low, exact.high), abs=1e-7)
    assert found == pytest.approx(beta, abs=1e-7)


@pytest.mark.parametrize(
    ("counted", "runs", "interval"),
    [
        # Nothing of n: (1 - p)^n = 0.025, so p = 1 - 0.025^(1/n); n of n is its mirror image
        pytest.param(0, 1, (0.0, 0.975), id="nothing-of-one"),
        pytest.param(1, 1, (0.025, 1.0), id="one-of-one"),
        pytest.param(0, 10, (0.0, 0.30850), id="nothing-of-ten"),
        pytest.param(10, 10, (0.69150, 1.0), id="ten-of-ten"),
        pytest.param(0, 400, (0.0, 0.0091799), id="nothing-of-four-hundred"),
        # Of two: 1 - (1 - low)^2 = 0.025 and high^2 = 0.975
        pytest.param(1, 2, (0.012579, 0.987421), id="one-of-two"),
        # Clopper and Pearson's own example: 10 of 30, about 0.173 to 0.528
        pytest.param(10, 30, (0.17287, 0.52812), id="ten-of-thirty"),
    ],
)
def test_the_interval_by_hand(counted, runs, interval):
    assert clopper_pearson(counted, runs) == pytest.approx(interval, abs=1e-5)


def test_no_more_than_the_stated_error_lies_outside():
    # Source: scipy.stats.binom; the interval is conservative at every rate.
    runs = 40
    intervals = [clopper_pearson(counted, runs) for counted in range(runs + 1)]
    for rate in (0.01, 0.05, 0.1, 0.25, 0.5, 0.9):
        misses = sum(
            stats.binom.pmf(counted, runs, rate)
            for counted, (low, high) in enumerate(intervals)
            if not low <= rate <= high
        )
        assert misses <= 0.05
