from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.signals import COMPARED, NAMES, OF_THE_ANSWER, REFERENCES, Answer, measure

NOTHING = dict.fromkeys(COMPARED, 0.0)


def compared(text, *, expected=None, references=(), decision=("queue",)):
    return measure(
        Answer(text=text, failed=False),
        expected=expected,
        references=references,
        decision=decision,
        names=tuple(COMPARED),
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
    found = compared(text, expected=expected)
    assert found == pytest.approx({**dict.fromkeys(COMPARED, 0), **signals})


def test_fields_that_no_reviewer_acts_on_count_by_their_distance():
    near = compared(
        '{"queue": "a", "note": "x", "n": 1}', expected={"queue": "a", "note": "x", "n": 2}
    )
    far = compared(
        '{"queue": "a", "note": "y", "n": "z"}', expected={"queue": "a", "note": "x", "n": 2}
    )
    assert near["decision"] == far["decision"] == 0
    assert 0 < near["fields"] < far["fields"] <= 1


def test_a_decision_that_nobody_expects_decides_nothing():
    assert compared('{"queue": "b"}', expected={"note": "x"})["decision"] == 0


def test_the_expectation_comes_before_approved_outputs():
    assert compared("yes", expected="yes", references=["no"]) == NOTHING


def test_without_anything_to_hold_it_against_an_output_is_not_compared():
    assert compared("x") == {}


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
    assert compared(text, references=references)["decision"] == decision


def test_a_field_that_no_approved_output_has_is_a_difference():
    found = compared('{"queue": "a", "more": 1}', references=['{"queue": "a"}'])
    assert found["decision"] == 0
    assert found["fields"] > 0


def test_approved_words_are_compared_as_words():
    assert compared("abc", references=["xyz", "abc"])["text"] == pytest.approx(0.5)


def test_only_the_first_few_approved_outputs_count():
    references = ["abc"] * REFERENCES + ["xyz"]
    assert compared("abc", references=references) == NOTHING


# --- of the answer itself


def of_the_answer(text="abc", *, failed=False, **known):
    answer = Answer(text=text, failed=failed, **known)
    names = tuple(OF_THE_ANSWER)
    return measure(answer, expected="xyz", references=(), decision=(), names=names)


@pytest.mark.parametrize(
    ("known", "name", "value"),
    [
        pytest.param({"failed": True}, "failure", 1.0, id="it-failed"),
        pytest.param({}, "failure", 0.0, id="it-did-not"),
        # The logarithm of 100 over that of 100,001.
        pytest.param({"text": "x" * 99}, "size", 0.39999965, id="a-hundred-characters"),
        pytest.param({"text": ""}, "size", 0.0, id="no-text-has-no-size"),
        pytest.param({"text": "x" * 200_000}, "size", 1.0, id="longer-ones-are-all-long"),
        # The model gave each token one chance in two.
        pytest.param({"mean_logprob": -0.6931472}, "doubt", 0.5, id="even-odds-a-token"),
        pytest.param({"min_logprob": -2.3025851}, "weakest_token", 0.9, id="one-in-ten"),
        pytest.param({"mean_logprob": 1e-9}, "doubt", 0.0, id="rounded-above-certainty"),
        pytest.param({"judged": 0.5}, "judge", 0.5, id="a-judges-word"),
    ],
)
def test_an_answer_has_signals_of_its_own(known, name, value):
    assert of_the_answer(**known)[name] == pytest.approx(value)


def test_what_is_not_known_of_an_answer_is_no_signal():
    assert of_the_answer().keys() == {"failure", "size"}


def test_only_the_signals_that_are_wanted_are_measured():
    answer = Answer(text="abc", failed=True)
    found = measure(answer, expected="xyz", references=(), decision=(), names=("text", "failure"))
    assert found == {"text": 1.0, "failure": 1.0}


@given(
    text=st.text(max_size=20),
    wanted=st.text(max_size=20) | st.dictionaries(st.text(max_size=3), st.integers()),
    logprob=st.floats(max_value=0, allow_nan=False),
    failed=st.booleans(),
    judged=st.floats(0, 1),
)
def test_every_signal_lies_between_0_and_1(text, wanted, logprob, failed, judged):
    answer = Answer(
        text=text, failed=failed, mean_logprob=logprob, min_logprob=logprob, judged=judged
    )
    found = measure(answer, expected=wanted, references=(), decision=("a",))
    assert found.keys() == set(NAMES)
    assert all(0 <= value <= 1 for value in found.values())
