from __future__ import annotations

import pytest
from unit.core.builders import prompt
from unit.core.judges import ANSWERS, answered, comparing, judge

from gate.core.judge import Judge, answer_of, overrides, word_of
from gate.errors import ConfigError

# --- which judges there are -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("{{output}}", id="bare"),
        pytest.param("Is {{ output | trim }} fine?", id="filtered"),
        pytest.param("{% if output %}{{input}}{% endif %}", id="in-a-statement"),
        pytest.param("{{input}} {{expected}} {{output}} {{first}}", id="beside-others"),
    ],
)
def test_a_judge_is_shown_an_output(content):
    assert not judge(content).compares


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("{{first}} {{second}}", id="bare"),
        pytest.param("{% if input %}{{ second }}{% endif %}{{-first-}}", id="in-any-order"),
        pytest.param("{{first}} {{second}} {{output}}", id="beside-others"),
    ],
)
def test_a_judge_that_is_shown_two_outputs_compares(content):
    assert comparing(content).compares


@pytest.mark.parametrize(
    ("content", "answers", "more", "message", "fix"),
    [
        *(
            pytest.param(
                content,
                ANSWERS,
                {},
                "the judge is shown no output",
                "let its messages name {{output}}, or {{first}} and {{second}}",
                id=name,
            )
            for content, name in (
                ("Keep it?", "shown-nothing"),
                ("{{input}} output", "a-word-that-is-no-variable"),
                ("{% if input %} output {% endif %}", "a-word-between-statements"),
                ("{{outputs}} {{my_output}}", "other-variables"),
                ("{{first}}", "the-first-of-two-alone"),
                ("{{second}}", "the-second-of-two-alone"),
            )
        ),
        pytest.param(
            "{{first}} {{second}}",
            ANSWERS,
            {},
            "a judge that compares answers first, second or tie",
            "remove override.judge.answers from gate.yaml",
            id="answers-of-one-that-compares",
        ),
        pytest.param(
            "{{output}}",
            {},
            {},
            "what the judge's answers mean is not said",
            "add override.judge.answers to gate.yaml, such as {accept: 0, edit: 1, reject: 1}",
            id="answers-without-a-meaning",
        ),
        pytest.param(
            "{{output}}",
            ANSWERS,
            {"json_schema": answered(["reject", "pass", "accept", "fail"])},
            "the judge may answer fail, pass, and nothing says what that means",
            "known: accept, edit, reject",
            id="answers-that-nobody-knows",
        ),
        pytest.param(
            "{{output}}",
            ANSWERS,
            {"json_schema": answered([1, ["accept"], None])},
            "the judge may answer 1, None, ['accept'], and nothing says what that means",
            "known: accept, edit, reject",
            id="answers-that-are-no-texts",
        ),
        pytest.param(
            "{{first}} {{second}}",
            {},
            {"json_schema": answered(["first", "second", "third"])},
            "the judge may answer third, and nothing says what that means",
            "known: first, second, tie",
            id="a-third-of-two",
        ),
    ],
)
def test_a_judge_that_cannot_work_is_an_error_with_its_repair(content, answers, more, message, fix):
    with pytest.raises(ConfigError) as caught:
        judge(content, answers, **more)
    assert str(caught.value) == f"judge.prompt.yml: {message}"
    assert caught.value.fix == fix


# --- what it answers ------------------------------------------------------------------------------

WITH_SCHEMA = {"json_schema": answered(["accept", "reject"], reason={"type": "string"})}
TWO_ENUMS = {"json_schema": answered(["accept", "reject"], ["good", "bad"])}


@pytest.mark.parametrize(
    ("text", "more", "answer"),
    [
        pytest.param("accept", {}, "accept", id="plain"),
        pytest.param("\n edit \n", {}, "edit", id="with-blanks"),
        pytest.param('"reject"', {}, "reject", id="a-json-text"),
        pytest.param("Accept", {}, None, id="another-case"),
        pytest.param("accept.", {}, None, id="a-sentence"),
        pytest.param("", {}, None, id="nothing"),
        pytest.param("null", {}, None, id="null"),
        pytest.param("[" * 100_000, {}, None, id="too-deep"),
        pytest.param('{"answer": "accept"}', {}, None, id="an-object-without-a-schema"),
        pytest.param('{"answer": "accept", "reason": "x"}', WITH_SCHEMA, "accept", id="an-object"),
        pytest.param('{"reason": "accept"}', WITH_SCHEMA, None, id="another-key"),
        pytest.param('{"answer": 1}', WITH_SCHEMA, None, id="no-text"),
        pytest.param('{"answer": "pass"}', WITH_SCHEMA, None, id="a-word-that-is-not-known"),
        pytest.param("reject", WITH_SCHEMA, "reject", id="plain-in-spite-of-the-schema"),
    ],
)
def test_an_answer_is_one_of_those_that_are_known(text, more, answer):
    assert answer_of(judge(**more), text) == answer


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(TWO_ENUMS, id="which-of-two-enums"),
        pytest.param(
            {"json_schema": {"name": "a", "schema": {"properties": {"answer": True}}}},
            id="a-schema-without-an-enum",
        ),
    ],
)
def test_a_schema_says_which_property_is_the_answer(more):
    with pytest.raises(ConfigError, match="which property of the judge's jsonSchema is its answer"):
        judge(**more)


def test_digits_are_answers_too():
    assert answer_of(judge(answers={"1": 0.0, "2": 1.0}), "2") == "2"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("first", "first", id="first"),
        pytest.param("second", "second", id="second"),
        pytest.param("tie", "tie", id="tie"),
        pytest.param("accept", None, id="a-word-of-other-judges"),
    ],
)
def test_a_judge_that_compares_names_a_position(text, answer):
    assert answer_of(comparing(), text) == answer


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        pytest.param(["accept"], 0.0, id="keeps-it"),
        pytest.param(["edit"], 0.7, id="would-edit-it"),
        pytest.param([None], None, id="no-usable-answer"),
        pytest.param([], None, id="not-asked"),
    ],
)
def test_an_answer_means_what_gate_yaml_says(answers, word):
    assert word_of(judge(), answers) == word


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        # The output stands first, then second.
        pytest.param(["first", "second"], 0.0, id="the-output-wins-both"),
        pytest.param(["second", "first"], 1.0, id="the-approved-one-wins-both"),
        pytest.param(["first", "first"], 0.5, id="whichever-stands-first"),
        pytest.param(["second", "second"], 0.5, id="whichever-stands-second"),
        pytest.param(["tie", "tie"], 0.0, id="as-good-as-the-approved-one"),
        pytest.param(["second", "tie"], 0.5, id="better-once"),
        pytest.param(["second", None], None, id="one-order-without-an-answer"),
        pytest.param([], None, id="nothing-to-compare"),
    ],
)
def test_a_comparison_counts_how_often_the_approved_output_wins(answers, word):
    assert word_of(comparing(), answers) == word


@pytest.mark.parametrize(
    ("word", "would"),
    [pytest.param(0.49, False), pytest.param(0.5, True), pytest.param(1.0, True)],
)
def test_from_a_half_on_a_judge_would_override(word, would):
    assert overrides(judge(), word) is would


@pytest.mark.parametrize(("word", "would"), [(0.0, False), (0.5, False), (1.0, True)])
def test_one_that_names_the_same_position_twice_would_not(word, would):
    assert overrides(comparing(), word) is would


def test_a_judge_keeps_what_it_was_made_of():
    made = judge()
    assert made == Judge(
        prompt=prompt("Keep it? {{output}}", path="judge.prompt.yml"), answers=ANSWERS
    )
