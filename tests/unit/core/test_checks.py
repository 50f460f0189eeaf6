from __future__ import annotations

import pytest
from unit.core.builders import case, checked, response

from gate.core.checks import (
    DEEPDIFF_OPTIONS,
    KINDS,
    failure_code,
    missing_expectation,
    parse_check,
)
from gate.core.output import parse_json
from gate.core.paths import ABSENT
from gate.errors import ConfigError

SCHEMA = {"type": "object", "required": ["queue"], "properties": {"queue": {"type": "string"}}}
BILLING = '{"queue": "billing", "n": 3, "tags": ["a", "b"]}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('{"a": [1, null]}', {"a": [1, None]}, id="an-object"),
        pytest.param(" 1 ", 1, id="a-number"),
        pytest.param('"a"', "a", id="a-text"),
        pytest.param("null", None, id="null"),
        pytest.param("a", ABSENT, id="words"),
        pytest.param("", ABSENT, id="nothing"),
        pytest.param('```json\n{"a": 1}\n```', ABSENT, id="a-code-fence-is-not-json"),
        pytest.param('{"a": 1} and more', ABSENT, id="words-behind-it"),
        pytest.param("NaN", ABSENT, id="nan-is-not-json"),
        pytest.param("[-Infinity]", ABSENT, id="infinity-is-not-json"),
        pytest.param("[" * 100_000, ABSENT, id="too-deep"),
        pytest.param("1" * 5000, ABSENT, id="a-number-of-too-many-digits"),
    ],
)
def test_json_is_the_whole_text_or_nothing(text, value):
    assert parse_json(text) == value


# Kind, operand, an output for which it holds, one for which it does not, and then the code.
RULES = [
    pytest.param("json", True, "[1]", "words", "unparsable", id="json"),
    pytest.param("schema", "s.json", BILLING, '{"n": 1}', "schema", id="schema"),
    pytest.param("matches", {}, '"yes"', '"no"', "matches", id="matches-all-of-it"),
    pytest.param("equals", "yes", " yes\n", "yes!", "equals", id="equals"),
    pytest.param("equals", 3, "3", "4", "equals", id="equals-a-number"),
    pytest.param("equals", True, "true", "True", "equals", id="equals-a-truth-value"),
    pytest.param("one_of", ["a", "b"], "b ", "c", "one_of", id="one-of"),
    pytest.param("contains", "ye", "yes", "no", "contains", id="contains"),
    pytest.param("starts_with", "ye", "  yes", "oh yes", "starts_with", id="starts-with"),
    pytest.param("ends_with", "es", "yes\n", "yes!", "ends_with", id="ends-with"),
    pytest.param("regex", r"^\d+$", "12", "a12", "regex", id="regex"),
    pytest.param("regex", {"value": "B"}, "aB", "ab", "regex", id="regex-minds-the-case"),
    pytest.param("max_chars", 3, "abc", "abcd", "max_chars", id="max-chars"),
    pytest.param(
        "refusal", True, "I cannot help with that.", "Of course.", "refusal", id="refusal"
    ),
]


@pytest.mark.parametrize(("kind", "operand", "good", "bad", "code"), RULES)
def test_a_check_holds_or_names_its_code(kind, operand, good, bad, code):
    def run(text):
        return checked(text, kind, operand, load_schema=lambda _path: SCHEMA, expected="yes")

    assert (run(good), run(bad)) == (None, code)


@pytest.mark.parametrize(("kind", "operand", "good", "bad", "code"), RULES)
def test_a_negated_check_holds_where_the_other_does_not(kind, operand, good, bad, code):
    del code

    def run(text):
        return checked(
            text, f"not_{kind}", operand, load_schema=lambda _path: SCHEMA, expected="yes"
        )

    assert (run(good), run(bad)) == (f"not_{kind}", None)


def test_every_kind_stands_in_the_table_above():
    assert {row.values[0] for row in RULES} == set(KINDS)


@pytest.mark.parametrize(
    ("name", "operand", "text", "code"),
    [
        pytest.param("json", False, "words", None, id="json-false-wants-words"),
        pytest.param("json", False, "[]", "not_json", id="json-false-refuses-json"),
        pytest.param("not_json", False, "[]", None, id="twice-no-is-yes"),
        pytest.param("refusal", False, "I cannot help with that.", "not_refusal", id="refusal"),
        pytest.param("not_refusal", False, "I cannot help with that.", None, id="wants-a-refusal"),
    ],
)
def test_false_turns_a_yes_or_no_check_around(name, operand, text, code):
    assert checked(text, name, operand) == code


@pytest.mark.parametrize(
    ("name", "operand", "code"),
    [
        pytest.param("equals", {"path": "queue", "value": "billing"}, None, id="equals"),
        pytest.param("equals", {"path": "queue", "value": "x"}, "equals:queue", id="equals-not"),
        pytest.param("equals", {"path": "n", "value": 3}, None, id="a-number-as-json-writes-it"),
        pytest.param("equals", {"path": "tags", "value": '["a","b"]'}, None, id="a-list-as-json"),
        pytest.param("equals", {"path": "tags.1", "value": "b"}, None, id="into-a-list"),
        pytest.param("one_of", {"path": "queue", "values": ["x", "billing"]}, None, id="one-of"),
        pytest.param(
            "not_one_of",
            {"path": "queue", "values": ["x", "billing"]},
            "not_one_of:queue",
            id="not-one-of",
        ),
        pytest.param("regex", {"path": "queue", "value": "^bill"}, None, id="regex"),
        pytest.param("regex", {"path": "gone", "value": ""}, "regex:gone", id="regex-no-field"),
        pytest.param("max_chars", {"path": "queue", "value": 7}, None, id="max-chars"),
        pytest.param(
            "max_chars", {"path": "queue", "value": 6}, "max_chars:queue", id="max-chars-not"
        ),
        pytest.param(
            "max_chars", {"path": "gone", "value": 6}, "max_chars:gone", id="max-chars-no-field"
        ),
        pytest.param("contains", {"path": "gone", "value": "a"}, "contains:gone", id="no-field"),
        pytest.param(
            "not_contains",
            {"path": "gone", "value": "a"},
            "not_contains:gone",
            id="no-field-negated-shows-nothing-either",
        ),
    ],
)
def test_a_path_chooses_a_field(name, operand, code):
    assert checked(BILLING, name, operand) == code


@pytest.mark.parametrize("name", ["equals", "not_equals"])
def test_a_field_of_what_is_not_json_is_unparsable_negated_or_not(name):
    assert checked("words", name, {"path": "queue", "value": "x"}) == "unparsable"


@pytest.mark.parametrize(
    ("operand", "code"),
    [
        pytest.param({"expected": "kind"}, None, id="a-field-of-the-expectation"),
        pytest.param({"expected": "any"}, None, id="one-of-a-list"),
        pytest.param({"expected": "other"}, "contains", id="another-field"),
        pytest.param({"expected": "template"}, "contains", id="which-is-never-a-template"),
        pytest.param("{{expected.kind}}", None, id="a-template-of-the-expectation"),
        pytest.param("{{name}}", "contains", id="a-template-of-the-input"),
        pytest.param({"value": "BILL", "ignore_case": True}, None, id="ignore-case"),
        pytest.param({"value": "BILL", "ignore_case": False}, "contains", id="mind-the-case"),
        pytest.param({"value": "X", "ignore_case": True}, "contains", id="ignore-case-and-miss"),
    ],
)
def test_a_text_is_held_against_a_value_or_the_expectation(operand, code):
    expected = {"kind": "bill", "any": ["x", "bill"], "other": "x", "template": "{{expected.kind}}"}
    assert checked("the bill", "contains", operand, expected=expected) == code


def test_ignoring_case_folds_and_does_not_only_lower():
    assert checked("STRASSE", "equals", {"value": "straße", "ignore_case": True}) is None


def test_a_template_that_fails_names_the_check_and_the_case():
    with pytest.raises(ConfigError, match=r"^check contains, case 'c': 'nope' is undefined"):
        checked("x", "contains", "{{nope}}")


@pytest.mark.parametrize(
    ("options", "wanted", "found", "holds"),
    [
        pytest.param({}, [1, 2], "[1, 2]", True, id="equal"),
        pytest.param({}, [1, 2], "[2, 1]", False, id="order-counts"),
        pytest.param({"ignore_order": True}, [1, 2], "[2, 1]", True, id="order-ignored"),
        pytest.param({"ignore_order": True}, [1, 2], "[2, 2]", False, id="order-ignored-only"),
        pytest.param({}, 1.0, "1.0001", False, id="digits-count"),
        pytest.param({"significant_digits": 3}, 1.0, "1.0001", True, id="three-digits"),
        pytest.param({"significant_digits": 3}, 1.0, "1.01", False, id="the-second-digit"),
        pytest.param({"math_epsilon": 0.1}, 1.0, "1.05", True, id="near-enough"),
        pytest.param({"math_epsilon": 0.1}, 1.0, "1.5", False, id="too-far"),
        pytest.param({}, "A", '"a"', False, id="case-counts"),
        pytest.param({"ignore_string_case": True}, "A", '"a"', True, id="case-ignored"),
        pytest.param({}, 1, "1.0", False, id="types-count"),
        pytest.param({}, {"b": True}, '{"b": 1}', False, id="true-is-not-one"),
        pytest.param({}, True, "1", False, id="true-is-not-one-by-itself"),
        pytest.param(
            {"ignore_numeric_type_changes": True}, 1, "1.0", True, id="kinds-of-number-ignored"
        ),
        pytest.param({}, {"a": 1, "b": 2}, '{"b": 2, "a": 1}', True, id="keys-have-no-order"),
        pytest.param({}, {"a": 1}, '{"a": 1, "b": 2}', False, id="one-key-more"),
        pytest.param(
            {"exclude_paths": ["root['b']"]}, {"a": 1}, '{"a": 1, "b": 2}', True, id="excluded"
        ),
        pytest.param({}, None, "null", True, id="null-is-null"),
        pytest.param({}, 1, '"1"', False, id="a-text-is-no-number"),
    ],
)
def test_matches_compares_a_field_by_deepdiff(options, wanted, found, holds):
    code = checked(
        f'{{"field": {found}}}',
        "matches",
        {"path": "field", "expected": "wanted", **options},
        expected={"wanted": wanted},
    )
    assert code == (None if holds else "matches:field")


def test_the_options_of_matches_are_those_of_the_table():
    assert set(DEEPDIFF_OPTIONS) == {
        "ignore_order",
        "significant_digits",
        "math_epsilon",
        "ignore_string_case",
        "ignore_numeric_type_changes",
        "exclude_paths",
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("gone", "queue", id="no-such-field"),
        pytest.param("queue", "gone", id="no-such-expectation"),
    ],
)
def test_nothing_matches_what_is_not_there(path, expected):
    operand = {"path": path, "expected": expected}
    assert checked(BILLING, "matches", operand, expected={"queue": "billing"}) == f"matches:{path}"


def test_a_schema_check_finds_nothing_in_words():
    assert checked("words", "schema", "s.json", load_schema=lambda _path: SCHEMA) == "schema"


def test_a_schema_is_read_by_the_path_that_the_check_names():
    check = parse_check("schema", "a/s.json", load_schema=lambda path: {"title": path})
    assert check.value == {"title": "a/s.json"}


def test_a_schema_never_fetches_what_it_refers_to():
    schema = {"$ref": "https://example.invalid/schema.json"}
    with pytest.raises(ConfigError, match=r"^schema: ") as caught:
        checked("{}", "schema", "s.json", load_schema=lambda _path: schema)
    assert caught.value.fix == "put the definition into the file"


def test_a_schema_may_refer_to_itself():
    schema = {"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}
    assert checked("1", "schema", "s.json", load_schema=lambda _path: schema) is None
    assert checked('"a"', "schema", "s.json", load_schema=lambda _path: schema) == "schema"


@pytest.mark.parametrize("operand", ["(", {"path": "a", "value": "("}])
def test_a_pattern_that_does_not_compile_is_an_error_of_the_user(operand):
    with pytest.raises(ConfigError, match="not_regex: not a regular expression: missing"):
        parse_check("not_regex", operand, load_schema=lambda _path: None)


@pytest.mark.parametrize(
    ("name", "operand", "expected", "missing"),
    [
        pytest.param("json", True, None, None, id="json-needs-none"),
        pytest.param("refusal", True, None, None, id="refusal-needs-none"),
        pytest.param("schema", "s.json", None, None, id="schema-needs-none"),
        pytest.param("equals", "a", None, None, id="a-value-needs-none"),
        pytest.param("one_of", {"values": ["a"]}, None, None, id="values-need-none"),
        pytest.param("matches", {}, {"a": 1}, None, id="all-of-it"),
        pytest.param("matches", {}, None, "expected", id="all-of-nothing"),
        pytest.param("matches", {"expected": "a"}, {"a": None}, None, id="null-is-there"),
        pytest.param("matches", {"expected": "b"}, {"a": 1}, "expected.b", id="no-such-field"),
        pytest.param("equals", {"expected": "b"}, None, "expected.b", id="a-field-of-nothing"),
    ],
)
def test_an_expectation_that_a_check_needs_is_missed_before_any_call(
    name, operand, expected, missing
):
    check = parse_check(name, operand, load_schema=lambda _path: {})
    assert missing_expectation(check, case(expected=expected)) == missing


def code_of(answer, checks=(), **options):
    parsed = [parse_check(name, operand, load_schema=lambda _path: {}) for name, operand in checks]
    return failure_code(answer, case(), parsed, **options)


JSON_THEN_SHORT = [("json", True), ("max_chars", 3)]
REFUSING = "I cannot help with that."


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(response("[1]"), None, id="all-hold"),
        pytest.param(response("[1, 2]"), "max_chars", id="the-second-fails"),
        pytest.param(response("words"), "unparsable", id="both-fail-and-the-first-counts"),
        pytest.param(response(REFUSING), "refusal", id="a-refusal-before-the-checks"),
        pytest.param(response("x", finish_reason="refusal"), "refusal", id="by-the-vendors-word"),
        pytest.param(response("", finish_reason="refusal"), "refusal", id="a-refusal-of-no-words"),
        pytest.param(response("x", finish_reason="length"), "truncated", id="cut"),
        pytest.param(response("", finish_reason="length"), "truncated", id="cut-before-empty"),
        pytest.param(response(REFUSING, finish_reason="length"), "refusal", id="refused-and-cut"),
        pytest.param(response(" \n"), "empty", id="nothing-but-blanks"),
        pytest.param(
            response("[1]", finish_reason="content_filter"), "content_filter", id="filter"
        ),
        pytest.param(
            response(REFUSING, finish_reason="content_filter"), "content_filter", id="filter-first"
        ),
        pytest.param(response("[1]", finish_reason="tool_calls"), None, id="a-word-of-the-vendor"),
    ],
)
def test_what_the_model_did_wrong_comes_first_and_then_the_checks_in_their_order(answer, code):
    assert code_of(answer, JSON_THEN_SHORT) == code


def test_the_order_of_the_checks_names_the_code():
    assert code_of(response("words"), JSON_THEN_SHORT[::-1]) == "max_chars"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(response(REFUSING), id="by-its-words"),
        pytest.param(response("x", finish_reason="refusal"), id="by-the-vendors-word"),
        pytest.param(response("", finish_reason="refusal"), id="by-the-vendors-word-alone"),
    ],
)
def test_a_check_on_refusals_decides_about_them_alone(answer):
    assert code_of(answer, [("refusal", True)]) is None
    assert code_of(answer, [("refusal", False)]) == "not_refusal"
    assert code_of(answer, [("not_refusal", True)]) == "not_refusal"


def test_a_check_that_wants_a_refusal_takes_no_silence_for_one():
    assert code_of(response(""), [("refusal", True)]) == "empty"
    assert code_of(response("Of course."), [("refusal", True)]) == "refusal"


def test_looking_for_refusals_can_be_turned_off():
    assert code_of(response(REFUSING), detect_refusals=False) is None
    assert code_of(response(REFUSING)) == "refusal"


def test_a_number_beyond_any_float_is_no_json():
    assert parse_json('{"a": 1e999}') is ABSENT
    assert parse_json('{"a": 1.5}') == {"a": 1.5}
