from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.override import DEFAULT

SHARE = st.floats(0, 1)
NAMES = ("decision", "fields", "text", "length")


def probability(**signals):
    return DEFAULT.probability(signals, {})


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        pytest.param({}, 0.0, id="nothing-differs"),
        pytest.param({"failure": 1.0}, 1.0, id="a-failure-is-certain"),
        pytest.param({"failure": 0.0, "decision": 1.0}, 0.9, id="another-decision"),
        pytest.param({"fields": 1.0}, 0.5, id="all-other-fields"),
        pytest.param({"text": 1.0}, 0.5, id="another-text"),
        pytest.param({"length": 1.0}, 0.2, id="another-length"),
        # 1 - (1 - 0.9 / 2) (1 - 0.5 / 2) = 1 - 0.55 x 0.75
        pytest.param({"decision": 0.5, "fields": 0.5}, 0.5875, id="two-halves"),
        # 1 - 0.1 x 0.5 x 0.5 x 0.8
        pytest.param(dict.fromkeys(NAMES, 1), 0.98, id="all-at-once"),
        pytest.param({"doubt": 1.0, "size": 1.0}, 0.0, id="what-it-does-not-look-at"),
    ],
)
def test_signals_combine_by_noisy_or(signals, expected):
    assert probability(**signals) == pytest.approx(expected)


@given(
    low=st.tuples(SHARE, SHARE, SHARE, SHARE),
    rise=st.tuples(SHARE, SHARE, SHARE, SHARE),
    failed=st.booleans(),
)
def test_more_of_any_signal_never_makes_an_override_less_likely(low, rise, failed):
    high = [start + (1 - start) * more for start, more in zip(low, rise, strict=True)]
    before = probability(failure=float(failed), **dict(zip(NAMES, low, strict=True)))
    after = probability(failure=float(failed), **dict(zip(NAMES, high, strict=True)))
    assert 0 <= before <= after + 1e-12 <= 1 + 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_each_signal_alone_raises_the_probability(name):
    halves = [probability(**{name: x}) for x in (0, 0.5, 1)]
    assert halves[0] < halves[1] < halves[2]


def test_a_segment_changes_nothing_as_long_as_no_label_speaks_about_it():
    assert DEFAULT.probability({"text": 1.0}, {"channel": "email"}) == pytest.approx(0.5)
