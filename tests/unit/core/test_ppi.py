from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from gate.core.ppi import (
    LEAST_CLUSTERS,
    LEAST_LABELS,
    Labelled,
    override_rate,
)

UNKNOWN = float("nan")


def side(labels, proxies=None, *, unlabelled=(), case=None):
    """Build a side whose labelled trials come first, one case a trial unless said otherwise."""
    proxies = [0.5] * len(labels) if proxies is None else proxies
    label = np.array([*labels, *[UNKNOWN] * len(unlabelled)], dtype=np.float64)
    return Labelled(
        case=np.arange(len(label)) if case is None else np.array(case),
        proxy=np.array([*proxies, *unlabelled], dtype=np.float64),
        label=label,
    )


@st.composite
def sides(draw, cases=12):
    labelled = draw(st.integers(LEAST_LABELS, 40))
    trials = labelled + draw(st.integers(0, 40))
    label = draw(st.lists(st.integers(0, 1), min_size=labelled, max_size=labelled))
    tenths = st.lists(st.integers(0, 10), min_size=trials, max_size=trials)
    return Labelled(
        case=np.array(draw(st.lists(st.integers(0, cases), min_size=trials, max_size=trials))),
        proxy=np.array(draw(tenths)) / 10,
        label=np.array([*label, *[UNKNOWN] * (trials - labelled)]),
    )


# Ten labelled trials: of five with proxy 1 four were overridden, of five with proxy 0 one.
HALF = side([1, 1, 1, 1, 0, 1, 0, 0, 0, 0], [1] * 5 + [0] * 5, unlabelled=[1] * 8 + [0] * 2)


def test_the_estimate_by_hand():
    # cov = 0.4 - 0.25 = 0.15 and var = 0.25 over 10 labels, var = 0.16 over 10 others, so
    # lambda = (0.15 / 10) / (0.25 / 10 + 0.16 / 10) = 15/41 and the rate is 0.5 + 15/41 x 0.3.
    found = override_rate(HALF)
    assert found.weight == pytest.approx(15 / 41)
    assert found.rate == pytest.approx(25 / 41)
    assert found.plain == pytest.approx(13 / 20)
    assert found.labels == 10
    # V = 10/9 (0.025 - 0.015^2 / 0.041) = 0.02168, which 0.25 / V = 11.53 labels have; Wilson's
    # interval with t = 2.262 is (11.53 x 0.6098 + 2.559 +- 2.262 sqrt(2.744 + 1.279)) / 16.65.
    assert found.interval == pytest.approx((0.3036, 0.8487), abs=2e-4)


def test_the_weight_is_the_one_of_the_paper():
    # Source: Angelopoulos, Duchi and Zrnic (2023), section 6: cov / ((1 + n / N) var).
    rng = np.random.default_rng(7)
    proxy = rng.random(60_000)
    label = (rng.random(60_000) < 0.2 + 0.5 * proxy).astype(float)
    label[20_000:] = UNKNOWN
    found = override_rate(Labelled(case=np.arange(60_000), proxy=proxy, label=label))
    covariance = np.cov(proxy[:20_000], label[:20_000])[0, 1]
    paper = covariance / (1.5 * proxy.var(ddof=1))
    assert found.weight == pytest.approx(paper, abs=0.005)
    assert paper == pytest.approx(0.5 / 1.5, abs=0.02)


def test_a_perfect_proxy_counts_every_trial_as_labelled():
    labels = [1, 0] * 20
    found = override_rate(side(labels, labels, unlabelled=[1, 0] * 60))
    assert found.weight == pytest.approx(120 / 160)
    assert found.rate == pytest.approx(0.5)
    far = override_rate(side(labels, labels, unlabelled=[1, 1, 1, 0] * 30))
    # Two means, of variance 0.25/40 and 0.1875/120: 0.5 + 0.8 x 0.25
    assert far.rate == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("labels", "proxies", "unlabelled"),
    [
        pytest.param([1, 0, 0, 0] * 5, [0.3] * 20, [0.3] * 9, id="proxies-that-never-differ"),
        pytest.param([1, 0, 0, 0] * 5, [0.1, 0.9, 0.9, 0.9] * 5, [0.2, 0.4], id="that-mislead"),
        pytest.param([1, 0, 0, 0] * 5, [0.9, 0.1, 0.2, 0.3] * 5, [], id="everything-labelled"),
    ],
)
def test_without_weight_the_rate_is_the_labels_mean(labels, proxies, unlabelled):
    found = override_rate(side(labels, proxies, unlabelled=unlabelled))
    assert (found.rate, found.weight) == (0.25, 0)
    # V = 0.25 x 0.75 / 19, which 19 labels have; with t = 2.093, t^2 = 4.381, Wilson's interval
    # is (4.75 + 2.190 +- 2.093 sqrt(3.5625 + 1.095)) / 23.381
    assert found.interval == pytest.approx((0.1036, 0.4900), abs=2e-4)


def test_the_proxies_bias_is_taken_off():
    # Every proxy is 0.2 too high; lambda = 1 / (1 + 100/900) = 0.9 where nothing else differs.
    truth = np.array([0.0, 0.5] * 50)
    labels = [0, 1, 0, 0] * 25
    found = override_rate(side(labels, truth + 0.2, unlabelled=np.tile(truth + 0.2, 9)))
    assert found.rate == pytest.approx(0.25)
    assert found.plain == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("labels", "clusters", "enough"),
    [
        pytest.param(LEAST_LABELS, LEAST_LABELS, True, id="enough"),
        pytest.param(LEAST_LABELS - 1, LEAST_LABELS - 1, False, id="a-label-short"),
        pytest.param(LEAST_LABELS * 2, LEAST_CLUSTERS, True, id="just-enough-clusters"),
        pytest.param(LEAST_LABELS * 2, LEAST_CLUSTERS - 1, False, id="a-cluster-short"),
        pytest.param(0, 1, False, id="no-label"),
    ],
)
def test_below_the_least_labels_there_is_no_estimate(labels, clusters, enough):
    case = [index % clusters for index in range(labels)] + list(range(1000, 1020))
    found = override_rate(side([0] * labels, unlabelled=[0.5] * 20, case=case))
    assert (found is not None) is enough


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize(
    ("clusters", "bound"),
    [
        # Wilson's interval of none of n ends at t^2 / (n + t^2)
        pytest.param(12, 2.201**2 / (12 + 2.201**2), id="twelve-labels"),
        pytest.param(6, 2.5706**2 / (6 + 2.5706**2), id="six-clusters-of-one-voice"),
    ],
)
def test_labels_that_never_differ_are_not_certain(label, clusters, bound):
    case = [index % clusters for index in range(12)] + [100, 101]
    found = override_rate(side([label] * 12, [0.2, 0.4] * 6, unlabelled=[0.3, 0.9], case=case))
    low, high = sorted(abs(label - limit) for limit in found.interval)
    assert (found.rate, found.weight, low) == (label, 0, 0)
    assert high == pytest.approx(bound, abs=1e-4)


def test_twelve_accepted_labels_are_as_unsure_as_the_exact_interval_says():
    found = override_rate(side([0] * 12))
    exact = stats.binomtest(0, 12).proportion_ci().high  # 0.265
    assert exact <= found.interval[1] <= exact + 0.03


def test_proxies_without_a_surprise_are_not_believed_to_have_none():
    # Of 30 labels none differs from its proxy, as if only rounding were left to be unsure of.
    labels = [1, 0, 0, 0, 0] * 6
    proxies = np.where(labels, 0.97, 0.03)
    unlabelled = np.tile(proxies, 50)
    found = override_rate(side(labels, proxies, unlabelled=unlabelled))
    alone = override_rate(side(labels))
    assert found.rate == pytest.approx(0.2)
    # The standard error is that of one label that differs, 1/30; 2.045 / 30 = 0.068 each way
    assert found.interval[1] - found.interval[0] == pytest.approx(2 * 0.068, abs=0.006)
    assert alone.interval[1] - alone.interval[0] > 2 * 0.13


@pytest.mark.parametrize(
    ("voices", "effect"),
    [
        pytest.param(np.repeat([1, 0, 0, 0], 5), 5 * 99 / 95, id="cases-of-one-voice"),
        pytest.param([1, 0, 0, 0], 1.0, id="cases-that-differ-within"),
    ],
)
def test_a_surprise_would_come_with_those_that_are_like_it(voices, effect):
    # Whole cases of five labels, none of which surprises.
    labels = np.resize(voices, 100)
    proxies = np.where(labels, 0.97, 0.03)
    case = [index // 5 for index in range(100)] + list(range(100, 20_100))
    found = override_rate(side(labels, proxies, unlabelled=np.tile(proxies, 200), case=case))
    # The standard error is sqrt(effect)/100, and t = 2.093 with 20 cases
    width = 2 * 2.093 * effect**0.5 / 100
    assert found.interval[1] - found.interval[0] == pytest.approx(width, rel=0.05)


def test_rates_stay_between_0_and_1():
    labels = [0] * 19 + [1]
    proxies = [0.8] * 19 + [0.9]
    low = override_rate(side(labels, proxies, unlabelled=[0.0, 0.1] * 30))
    assert low.weight > 0
    assert low.rate == low.interval[0] == 0
    flipped = side(1 - np.array(labels), 1 - np.array(proxies), unlabelled=[1.0, 0.9] * 30)
    assert override_rate(flipped).rate == 1


def test_trials_of_one_case_are_worth_less():
    rng = np.random.default_rng(8)
    label = (np.repeat(rng.random(20), 5) < 0.3).astype(float)  # five labels of one voice
    alike = override_rate(side(label, case=np.arange(100) // 5))
    apart = override_rate(side(label))
    assert alike.rate == apart.rate
    assert alike.interval == pytest.approx(override_rate(side(label[::5])).interval)
    widths = [each.interval[1] - each.interval[0] for each in (alike, apart)]
    assert widths[0] > 2 * widths[1]


@pytest.mark.parametrize("labels", [16, 20])  # of which rounding makes a little less and more
def test_the_interval_of_only_overridden_labels_ends_at_1(labels):
    assert override_rate(side([1] * labels)).interval[1] == 1


@settings(deadline=None)
@given(sides(), st.randoms(use_true_random=False))
def test_neither_the_order_of_trials_nor_the_numbers_of_cases_matter(trials, random):
    order = random.sample(range(len(trials.case)), len(trials.case))
    shuffled = Labelled(
        case=900 - 7 * trials.case[order], proxy=trials.proxy[order], label=trials.label[order]
    )
    found, again = override_rate(trials), override_rate(shuffled)
    assume(found is not None)
    assert again.rate == pytest.approx(found.rate)
    assert again.interval == pytest.approx(found.interval)
    assert again.weight == pytest.approx(found.weight)


@settings(deadline=None)
@given(sides())
def test_the_interval_holds_the_rate_and_grows_with_the_confidence(trials):
    sure, surer = (override_rate(trials, confidence=level) for level in (0.8, 0.99))
    assume(sure is not None)
    assert 0 <= surer.interval[0] <= sure.interval[0] <= sure.rate
    assert sure.rate <= sure.interval[1] <= surer.interval[1] <= 1
    assert 0 <= sure.weight <= 1


@settings(deadline=None)
@given(sides())
def test_overridden_and_accepted_are_mirror_images(trials):
    found = override_rate(trials)
    mirror = override_rate(replace(trials, proxy=1 - trials.proxy, label=1 - trials.label))
    assume(found is not None)
    assert mirror.rate == pytest.approx(1 - found.rate)
    assert mirror.interval == pytest.approx([1 - limit for limit in found.interval[::-1]])


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, UNKNOWN])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    with pytest.raises(ValueError, match="not between 0 and 1"):
        override_rate(HALF, confidence=confidence)
