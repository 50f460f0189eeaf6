from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gate.core.ppi import LEAST_LABELS, Labelled, override_change, override_rate

UNKNOWN = float("nan")


def side(labels, *, first_case=0, proxy=0.5):
    count = len(labels)
    return Labelled(
        case=first_case + np.arange(count),
        proxy=np.full(count, proxy),
        label=np.array(labels, dtype=np.float64),
    )


@st.composite
def sides(draw):
    labelled = draw(st.integers(LEAST_LABELS, 30))
    trials = labelled + draw(st.integers(0, 20))
    label = draw(st.lists(st.integers(0, 1), min_size=labelled, max_size=labelled))
    tenths = st.lists(st.integers(0, 10), min_size=trials, max_size=trials)
    return Labelled(
        case=np.array(draw(st.lists(st.integers(0, 9), min_size=trials, max_size=trials))),
        proxy=np.array(draw(tenths)) / 10,
        label=np.array([*label, *[UNKNOWN] * (trials - labelled)]),
    )


def width(found):
    return found.interval[1] - found.interval[0]


def test_independent_sides_give_newcombe_s_interval():
    # Newcombe (1998), Statistics in Medicine 17(8), table II (a), method 10: 56/70 against 48/80
    old, new = side([1] * 48 + [0] * 32), side([1] * 56 + [0] * 14, first_case=100)
    found = override_change(old, new)
    assert found.rate == pytest.approx(0.2)
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=0.004)  # he has z, not t
    assert (found.weight, found.labels) == (0, 150)


def test_the_interval_by_hand():
    # Ten labels a side, five and two overridden; t = 2.262, t^2 = 5.117. Wilson's intervals of 9
    # labels are 0.5 +- 2.262 sqrt(2.25 + 1.279) / 14.117 = 0.5 +- 0.3010 and
    # (1.8 + 2.559 +- 2.262 sqrt(1.44 + 1.279)) / 14.117 = 0.3088 +- 0.2642.
    old = side([1, 0] * 5)
    new = side([1] + [0] * 4 + [1] + [0] * 4, first_case=100)
    found = override_change(old, new)
    sides_alone = override_rate(old).interval, override_rate(new).interval
    assert sides_alone[0] == pytest.approx((0.1990, 0.8010), abs=2e-4)
    assert sides_alone[1] == pytest.approx((0.0445, 0.5730), abs=2e-4)
    low, high = np.hypot(0.1555, 0.3010), np.hypot(0.3730, 0.3010)
    assert found.interval == pytest.approx((-0.3 - low, -0.3 + high), abs=3e-4)


def test_what_the_sides_share_by_hand():
    # Ten old labels, and ten of forty new ones of the same cases: their influences are 0.5/10 and
    # 0.5/40, the variances 0.25/10 and 0.25/40, so the correlation is 10 x 0.05 x 0.0125 over
    # sqrt(0.025 x 0.00625): 0.5. With t^2 = 5.117 more labels it is 0.5 x 10/15.117 = 0.3307.
    found = override_change(side([1, 0] * 5), side([1, 0] * 20))
    # Wilson's: 0.5 +- 0.3010, and with 39 labels, t = 2.023, 0.5 +- 0.1541
    away = np.sqrt(0.3010**2 + 0.1541**2 - 2 * 0.3307 * 0.3010 * 0.1541)
    assert found.interval == pytest.approx((-away, away), abs=3e-4)


def test_the_proxies_of_both_sides_count():
    # The labelled trials are alike on both sides; the others have proxies 0.4 higher with new.
    rng = np.random.default_rng(9)
    proxy = rng.choice([0.1, 0.5], 400)
    label = (rng.random(400) < proxy).astype(float)
    label[100:] = UNKNOWN
    old = Labelled(case=np.arange(400), proxy=proxy, label=label)
    new = replace(old, proxy=np.where(np.isnan(label), proxy + 0.4, proxy))
    found = override_change(old, new)
    assert found.plain == pytest.approx(0.3)
    assert found.rate == pytest.approx(0.4 * found.weight)


def test_a_common_weight_is_tuned_to_the_change():
    # Both sides have the same errors, so that the change has none; the proxies only add noise.
    rng = np.random.default_rng(10)
    proxy = rng.random(300)
    label = (rng.random(300) < proxy).astype(float)
    label[100:] = UNKNOWN
    old = Labelled(case=np.arange(300), proxy=proxy, label=label)
    new = replace(old, proxy=1 - proxy)
    assert override_rate(old).weight > 0.5
    assert override_change(old, new).weight == 0
    # With different errors the proxies are of as much use as for a side.
    apart = replace(old, case=np.arange(300) + 1000)
    assert override_change(old, apart).weight == pytest.approx(override_rate(old).weight)


def test_one_case_on_both_sides_says_more_of_the_change_than_two():
    labels = [1, 0, 0, 1, 0] * 20
    changed = [1, 0, 0, 1, 0] * 18 + [1, 1, 0, 1, 0] * 2
    paired = override_change(side(labels), side(changed))
    apart = override_change(side(labels), side(changed, first_case=1000))
    assert paired.rate == apart.rate == pytest.approx(0.02)
    assert width(paired) < 0.5 * width(apart)


def test_sides_that_move_against_each_other_say_less():
    labels = np.array([1, 0] * 30)
    against = override_change(side(labels), side(1 - labels))
    apart = override_change(side(labels), side(1 - labels, first_case=1000))
    assert width(against) > 1.3 * width(apart)


@pytest.mark.parametrize(
    ("labels", "least"),
    [
        # None of 30 pairs differs, which is so in one draw of twenty if 3/30 do.
        pytest.param([1, 0, 0, 0, 0] * 6, 0.08, id="a-fifth-overridden"),
        pytest.param([1, 0] * 15, 0.08, id="half-overridden"),
        pytest.param([0] * 30, 0.1, id="none-overridden"),
    ],
)
def test_sides_that_are_equal_may_still_differ(labels, least):
    found = override_change(side(labels), side(labels))
    assert found.rate == 0
    assert -0.2 < found.interval[0] < -least
    assert least < found.interval[1] < 0.2


def test_a_side_without_an_overridden_label_may_have_proxies_that_count():
    rng = np.random.default_rng(11)
    proxy = rng.random(200)
    label = (rng.random(200) < proxy).astype(float)
    label[60:] = UNKNOWN
    new = Labelled(case=np.arange(200), proxy=proxy, label=label)
    old = replace(new, case=new.case + 500, label=np.where(np.isnan(label), UNKNOWN, 0.0))
    found = override_change(old, new)
    assert found.weight > 0
    assert found.interval[0] < found.rate < found.interval[1]


@pytest.mark.parametrize("short", [0, 1])
def test_a_side_with_too_few_labels_leaves_no_change(short):
    sides = [side([0, 1] * 10), side([0, 1] * 10)]
    sides[short] = side([0, 1, 0])
    assert override_change(*sides) is None


def test_a_change_stays_between_minus_1_and_1():
    found = override_change(side([0] * 12), side([1] * 12, first_case=50))
    assert (found.rate, found.interval[1]) == (1, 1)
    assert 0.5 < found.interval[0] < 0.8


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    with pytest.raises(ValueError, match="not between 0 and 1"):
        override_change(side([0, 1] * 10), side([0, 1] * 10), confidence=confidence)


@settings(deadline=None)
@given(sides(), sides())
def test_looking_back_turns_the_change_round(old, new):
    there, back = override_change(old, new), override_change(new, old)
    assume(there is not None)
    assert back.rate == pytest.approx(-there.rate)
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))
    assert (back.plain, back.labels) == (pytest.approx(-there.plain), there.labels)


@settings(deadline=None)
@given(sides(), sides(), st.randoms(use_true_random=False))
def test_neither_the_order_of_trials_nor_the_numbers_of_cases_matter(old, new, random):
    def shuffled(trials):
        order = random.sample(range(len(trials.case)), len(trials.case))
        return Labelled(
            case=900 - 7 * trials.case[order], proxy=trials.proxy[order], label=trials.label[order]
        )

    found, again = override_change(old, new), override_change(shuffled(old), shuffled(new))
    assume(found is not None)
    assert again.rate == pytest.approx(found.rate)
    assert again.interval == pytest.approx(found.interval)


@settings(deadline=None)
@given(sides(), sides())
def test_the_interval_holds_the_change_and_lies_in_bounds(old, new):
    found = override_change(old, new)
    assume(found is not None)
    assert -1 <= found.interval[0] <= found.rate <= found.interval[1] <= 1


@settings(deadline=None)
@given(sides())
def test_a_side_against_itself_has_no_change_but_is_not_sure_of_it(trials):
    found = override_change(trials, trials)
    assume(found is not None)
    assert found.rate == found.plain == 0
    assert found.interval[0] < 0 < found.interval[1]
