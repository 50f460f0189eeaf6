from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from gate.core.checks import DEEPDIFF_OPTIONS, KINDS
from gate.core.policy import FINDING_IDS
from gate.core.schemas import SCHEMAS


def accepts(name, value):
    return Draft202012Validator(SCHEMAS[name]).is_valid(value)


@pytest.mark.parametrize("name", ["config", "prompt", "case", "report"])
def test_each_schema_is_itself_valid_in_the_draft_that_it_names(name):
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMAS[name])


def test_there_is_no_other_schema():
    assert set(SCHEMAS) == {"config", "prompt", "case", "report", "override"}


@pytest.mark.parametrize(
    ("row", "valid"),
    [
        pytest.param({"id": "a", "input": {"x": 1}}, True, id="the-least"),
        pytest.param({"id": "a", "input": "text"}, True, id="a-bare-text"),
        pytest.param(
            {"id": "a", "input": "", "expected": None, "segment": {"c": "web"}, "cluster": "1"},
            True,
            id="everything",
        ),
        pytest.param({"input": "text"}, False, id="no-id"),
        pytest.param({"id": "", "input": "text"}, False, id="an-empty-id"),
        pytest.param({"id": " a", "input": "text"}, False, id="an-id-that-begins-with-a-blank"),
        pytest.param({"id": 7, "input": "text"}, False, id="a-number-for-an-id"),
        pytest.param({"id": "a"}, False, id="no-input"),
        pytest.param({"id": "a", "input": ["x"]}, False, id="a-list-for-an-input"),
        pytest.param({"id": "a", "input": "", "segment": {"c": 1}}, False, id="a-tag-that-counts"),
        pytest.param({"id": "a", "input": "", "expcted": 1}, False, id="a-misspelt-key"),
    ],
)
def test_a_case(row, valid):
    assert accepts("case", row) is valid


def suite(**keys):
    return {"version": 1, "suites": {"s": {"prompt": "s.prompt.yml", **keys}}}


@pytest.mark.parametrize(
    ("config", "valid"),
    [
        pytest.param({"version": 1, "suites": {}}, True, id="no-suite"),
        pytest.param(suite(), True, id="the-least"),
        pytest.param(suite(repeats={"baseline": 10, "new": 3}), True, id="repeats"),
        pytest.param(suite(repeats={"new": 0}), False, id="no-repeat"),
        pytest.param(suite(prompt=""), False, id="an-empty-path"),
        pytest.param(suite(promt="x"), False, id="a-misspelt-key"),
        pytest.param({"version": 2, "suites": {}}, False, id="another-version"),
        pytest.param({"version": 1}, False, id="no-suites"),
        pytest.param({"version": 1, "suites": {"S!": {"prompt": "p"}}}, False, id="a-name-with-!"),
        pytest.param({**suite(), "policy": {"alpha": 0}}, False, id="alpha-of-nothing"),
        pytest.param({**suite(), "policy": {"metrics": {"speed": {}}}}, False, id="no-such-metric"),
        pytest.param(
            {**suite(), "policy": {"metrics": {"cost": {"max_rise": 0.1}}}}, False, id="wrong-limit"
        ),
        pytest.param(
            {**suite(), "waivers": [{"finding": "cost-rise", "owner": "o", "reason": "r"}]},
            False,
            id="a-waiver-for-ever",
        ),
    ],
)
def test_a_configuration(config, valid):
    assert accepts("config", config) is valid


@pytest.mark.parametrize(
    ("check", "valid"),
    [
        pytest.param({"json": True}, True, id="json"),
        pytest.param({"not_regex": "a"}, True, id="a-negated-one"),
        pytest.param({"equals": {"path": "a", "expected": "b"}}, True, id="a-field-of-each"),
        pytest.param({"one_of": ["a", 1]}, True, id="one-of"),
        pytest.param({"one_of": {"path": "a", "values": ["b"]}}, True, id="a-field-is-one-of"),
        pytest.param({"one_of": []}, False, id="one-of-none"),
        pytest.param({"equals": {"value": "a", "expected": "b"}}, False, id="value-and-expected"),
        pytest.param({"equals": {"path": "a"}}, False, id="neither-value-nor-expected"),
        pytest.param({"json": True, "max_chars": 3}, False, id="two-in-one"),
        pytest.param({}, False, id="none"),
        pytest.param({"jsn": True}, False, id="no-such-check"),
        pytest.param({"matches": {"ignore_everything": True}}, False, id="no-such-option"),
    ],
)
def test_a_check(check, valid):
    assert accepts("config", suite(checks=[check])) is valid


def test_the_schema_knows_every_check_and_every_option():
    checks = SCHEMAS["config"]["properties"]["suites"]["additionalProperties"]["properties"][
        "checks"
    ]
    known = checks["items"]["properties"]
    assert set(known) == {*KINDS, *(f"not_{kind}" for kind in KINDS)}
    assert set(known["matches"]["properties"]) == {"path", "expected", *DEEPDIFF_OPTIONS}


def test_the_schemas_know_every_metric():
    policy = SCHEMAS["config"]["properties"]["policy"]["properties"]
    assert tuple(policy["metrics"]["properties"]) == tuple(FINDING_IDS.values())


@pytest.mark.parametrize(
    ("keys", "valid"),
    [
        pytest.param({}, True, id="the-least"),
        pytest.param({"evaluators": [{"name": "e", "string": {"equals": "a"}}]}, True, id="rules"),
        pytest.param({"evaluators": [{"name": "e", "string": {"like": "a"}}]}, False, id="no-rule"),
        pytest.param({"baseUrl": "https://example.invalid"}, True, id="a-base-url"),
        pytest.param({"baseUrl": "file:///etc/passwd"}, False, id="a-file-for-a-url"),
        pytest.param({"price": {"input": 1, "output": 2}}, True, id="a-price"),
        pytest.param({"price": {"input": 1}}, False, id="half-a-price"),
        pytest.param({"messages": []}, False, id="no-message"),
        pytest.param({"messages": [{"role": "me", "content": "x"}]}, False, id="no-such-role"),
        pytest.param({"modelParamters": {}}, False, id="a-misspelt-key"),
    ],
)
def test_a_prompt_file(keys, valid):
    least = {"model": "openai/m", "messages": [{"role": "user", "content": "hi"}]}
    assert accepts("prompt", {**least, **keys}) is valid


@pytest.mark.parametrize(
    ("keys", "valid"),
    [
        pytest.param({}, True, id="the-least"),
        pytest.param({"verdict": "incomplete", "exit_code": 4}, True, id="incomplete"),
        pytest.param({"verdict": "maybe"}, False, id="no-such-verdict"),
        pytest.param({"exit_code": 2}, False, id="a-usage-error-has-no-report"),
        pytest.param({"extra": 1}, False, id="an-unknown-key"),
    ],
)
def test_a_report(keys, valid):
    least = {
        "version": 1,
        "verdict": "pass",
        "exit_code": 0,
        "owner": "",
        "policy": {"source": "gate.yaml", "alpha": 0.05},
        "suites": [],
        "notes": [],
        "waivers": [],
        "duration_s": 0.1,
        "explain_flags": "",
        "folder": "",
        "own_rules": None,
    }
    assert accepts("report", {**least, **keys}) is valid
