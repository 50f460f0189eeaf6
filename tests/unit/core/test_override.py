from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.override import REFERENCES, Signals, override_probability, signals_of

SHARE = st.floats(0, 1)
NAMES = ("decision", "fields", "text", "length")


@pytest.mark.parametrize(
    ("signals", "probability"),
    [
        pytest.param(Signals(failed=False), 0.0, id="nothing-differs"),
        pytest.param(Signals(failed=True), 1.0, id="a-failure-is-certain"),
        pytest.param(Signals(failed=False, decision=1.0), 0.9, id="another-decision"),
        pytest.param(Signals(failed=False, fields=1.0), 0.5, id="all-other-fields"),
        pytest.param(Signals(failed=False, text=1.0), 0.5, id="another-text"),
        pytest.param(Signals(failed=False, length=1.0), 0.2, id="another-length"),
        # 1 - (1 - 0.9 / 2) (1 - 0.5 / 2) = 1 - 0.55 x 0.75
        pytest.param(Signals(failed=False, decision=0.5, fields=0.5), 0.5875, id="two-halves"),
        # 1 - 0.1 x 0.5 x 0.5 x 0.8
        pytest.param(
            Signals(failed=False, decision=1, fields=1, text=1, length=1), 0.98, id="all-at-once"
        ),
    ],
)
def test_signals_combine_by_noisy_or(signals, probability):
    assert override_probability(signals) == pytest.approx(probability)


@given(
    low=st.tuples(SHARE, SHARE, SHARE, SHARE),
    rise=st.tuples(SHARE, SHARE, SHARE, SHARE),
    failed=st.booleans(),
)
def test_more_of_any_signal_never_makes_an_override_less_likely(low, rise, failed):
    high = [start + (1 - start) * more for start, more in zip(low, rise, strict=True)]
    before = override_probability(Signals(failed=failed, **dict(zip(NAMES, low, strict=True))))
    after = override_probability(Signals(failed=failed, **dict(zip(NAMES, high, strict=True))))
    assert 0 <= before <= after + 1e-12 <= 1 + 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_each_signal_alone_raises_the_probability(name):
    halves = [override_probability(Signals(failed=False, **{name: x})) for x in (0, 0.5, 1)]
    assert halves[0] < halves[1] < halves[2]


def measure(text, *, failed=False, expected=None, references=(), decision=("queue",)):
    return signals_of(
        text, failed=failed, expected=expected, references=references, decision=decision
    )


@pytest.mark.parametrize(
    ("text", "expected", "signals"),
    [
        pytest.param('{"queue": "a"}', {"queue": "a"}, {}, id="as-expected"),
        pytest.param('{"queue": "b"}', {"queue": "a"}, {"decision": 1}, id="another-decision"),
        pytest.param("{}", {"queue": "a"}, {"decision": 1}, id="no-decision"),
        pytest.param("words", {"queue": "a"}, {"decision": 1}, id="words-for-an-object"),
        pytest.param("[1]", {"queue": "a"}, {"decision": 1}, id="a-list-for-an-object"),
        pytest.param(
            '{"queue": "a", "more": 1}', {"queue": "a"}, {}, id="what-nobody-expected-is-free"
        ),
        pytest.param("yes", "yes", {}, id="the-same-text"),
        # Indel: 3 removed and 3 added of 6 characters; no letter in common
        pytest.param("abc", "xyz", {"text": 1}, id="another-text-as-long"),
        # Indel: 6 added of 8 characters; length: log(8/2) / log 4 = 1
        pytest.param("abcdefg", "a", {"text": 0.75, "length": 1}, id="a-longer-text"),
        # Indel: 1 added of 3 characters; length: log(3/2) / log 4
        pytest.param("ab", "a", {"text": 1 / 3, "length": 0.29248125}, id="half-as-long-again"),
        pytest.param("a", "ab", {"text": 1 / 3, "length": 0.29248125}, id="or-the-other-way"),
        pytest.param("true", True, {}, id="a-truth-value"),
        pytest.param('[ "a" ]', ["a"], {}, id="a-list"),
        pytest.param("3", 3, {}, id="a-number"),
        # Indel of "4" and "3": 2 of 2
        pytest.param("4", 3, {"text": 1}, id="another-number"),
        pytest.param("ab", 12, {"text": 1}, id="words-for-a-number"),
    ],
)
def test_an_output_is_held_against_the_expectation(text, expected, signals):
    found = measure(text, expected=expected)
    for name in NAMES:
        assert getattr(found, name) == pytest.approx(signals.get(name, 0)), name


def test_fields_that_no_reviewer_acts_on_count_by_their_distance():
    near = measure(
        '{"queue": "a", "note": "x", "n": 1}', expected={"queue": "a", "note": "x", "n": 2}
    )
    far = measure(
        '{"queue": "a", "note": "y", "n": "z"}', expected={"queue": "a", "note": "x", "n": 2}
    )
    assert near.decision == far.decision == 0
    assert 0 < near.fields < far.fields <= 1


def test_a_decision_that_nobody_expects_decides_nothing():
    assert measure('{"queue": "b"}', expected={"note": "x"}).decision == 0


def test_a_failed_output_needs_no_further_look():
    assert measure("x", failed=True, expected={"queue": "a"}) == Signals(failed=True)


def test_the_expectation_comes_before_approved_outputs():
    assert measure("yes", expected="yes", references=["no"]) == Signals(failed=False)


def test_without_anything_to_hold_it_against_an_output_has_no_signal():
    assert measure("x") == Signals(failed=False)


@pytest.mark.parametrize(
    ("text", "references", "decision"),
    [
        pytest.param('{"queue": "a"}', ['{"queue": "a"}'], 0, id="the-same"),
        pytest.param('{"queue":"a"}', ['{"queue": "a"}'], 0, id="the-same-but-for-blanks"),
        pytest.param('{"queue": "b"}', ['{"queue": "a"}', '{"queue": "b"}'], 0.5, id="the-mean"),
        pytest.param("words", ['{"queue": "a"}'], 1, id="words-for-an-object"),
    ],
)
def test_an_output_is_held_against_approved_ones(text, references, decision):
    assert measure(text, references=references).decision == decision


def test_a_field_that_no_approved_output_has_is_a_difference():
    found = measure('{"queue": "a", "more": 1}', references=['{"queue": "a"}'])
    assert found.decision == 0
    assert found.fields > 0


def test_approved_words_are_compared_as_words():
    assert measure("abc", references=["xyz", "abc"]).text == pytest.approx(0.5)


def test_only_the_first_few_approved_outputs_count():
    references = ["abc"] * REFERENCES + ["xyz"]
    assert measure("abc", references=references) == Signals(failed=False)
