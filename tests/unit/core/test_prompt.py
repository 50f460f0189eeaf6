from __future__ import annotations

from dataclasses import replace

import pytest
from unit.core.builders import case, prompt

from gate.core.model import Message, Price
from gate.core.prompt import fingerprint_of, render, request_for
from gate.errors import ConfigError


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("Hi {{name}}.", "Hi Ada.", id="a-variable"),
        pytest.param("{% if age > 40 %}old{% else %}young{% endif %}", "young", id="a-condition"),
        pytest.param("{{ tags | join(', ') }}", "a, b", id="a-filter"),
        pytest.param("no template", "no template", id="plain-text"),
        pytest.param('{"json": 1}', '{"json": 1}', id="a-single-brace-is-no-template"),
        pytest.param("line {{name}}\n", "line Ada\n", id="the-last-newline-stays"),
        pytest.param("{{html}}", "<b>&", id="nothing-is-escaped"),
        pytest.param("{{evil}}", "{{name}}", id="a-value-is-never-a-template"),
    ],
)
def test_a_template_is_rendered(source, text):
    variables = {
        "name": "Ada",
        "age": 36,
        "tags": ["a", "b"],
        "html": "<b>&",
        "evil": "{{name}}",
    }
    assert render(source, variables, where="p") == text


@pytest.mark.parametrize(
    ("source", "message", "fix"),
    [
        pytest.param(
            "{{nam}}", "p: 'nam' is undefined", "variables of this case: age, name", id="undefined"
        ),
        pytest.param(
            "{{ ''.__class__.__mro__ }}",
            "p: access to attribute '__class__' of 'str' object is unsafe.",
            "variables of this case: age, name",
            id="the-sandbox-refuses",
        ),
        pytest.param(
            "{{ name",
            "p: unexpected end of template",
            "variables of this case: age, name",
            id="cut",
        ),
        pytest.param(
            "{{ 1 / 0 }}", "p: the template fails: division by zero", "", id="a-division-by-zero"
        ),
        pytest.param(
            "{{ name + age }}",
            'p: the template fails: can only concatenate str (not "int") to str',
            "",
            id="a-type-that-does-not-fit",
        ),
        pytest.param(
            "{{ name | xmlattr }}",
            "p: the template fails: 'str' object has no attribute 'items'",
            "",
            id="a-filter-that-does-not-fit",
        ),
    ],
)
def test_a_template_that_cannot_be_rendered_is_an_error_of_the_user(source, message, fix):
    with pytest.raises(ConfigError) as caught:
        render(source, {"name": "Ada", "age": 36}, where="p")
    assert str(caught.value).startswith(message)
    assert caught.value.fix == fix


def test_the_error_says_so_where_a_case_has_no_variables():
    with pytest.raises(ConfigError) as caught:
        render("{{name}}", {}, where="p")
    assert caught.value.fix == "variables of this case: none"


def test_a_template_cannot_change_the_values_of_a_case():
    tags = ["a"]
    with pytest.raises(ConfigError, match="append"):
        render("{{ tags.append('b') }}", {"tags": tags}, where="p")
    assert tags == ["a"]


def test_a_request_carries_the_rendered_messages():
    given = prompt(
        messages=(
            Message(role="system", content="Be kind."),
            Message(role="user", content="I am {{name}}."),
        ),
        parameters={"temperature": 0},
        response_format="json_object",
        base_url="http://127.0.0.1:1",
    )
    request = request_for(given, case())
    assert [(message.role, message.content) for message in request.messages] == [
        ("system", "Be kind."),
        ("user", "I am Ada."),
    ]
    assert request.model == "openai/m"
    assert request.parameters == {"temperature": 0}
    assert request.response_format == "json_object"
    assert request.base_url == "http://127.0.0.1:1"
    assert request.input is None


def test_an_error_in_a_message_names_the_prompt_and_the_case():
    with pytest.raises(ConfigError, match=r"^p\.prompt\.yml: case 't-7': 'x' is undefined"):
        request_for(prompt("{{x}}"), case("t-7"))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"model": "openai/n"}, id="model"),
        pytest.param({"parameters": {"temperature": 1}}, id="parameters"),
        pytest.param({"messages": (Message(role="user", content="{{name}}!"),)}, id="messages"),
        pytest.param({"messages": (Message(role="system", content="{{name}}"),)}, id="a-role"),
        pytest.param({"response_format": "json_object"}, id="response-format"),
        pytest.param({"base_url": "http://127.0.0.1:1"}, id="base-url"),
        pytest.param({"json_schema": {"name": "s", "schema": {}}}, id="json-schema"),
        pytest.param({"code": "abc"}, id="code"),
    ],
)
def test_what_can_change_an_answer_changes_the_digest(changed):
    before = request_for(prompt(), case()).digest
    assert request_for(replace(prompt(), **changed), case()).digest != before


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"name": "other"}, id="name"),
        pytest.param({"path": "other.prompt.yml"}, id="path"),
        pytest.param({"price": Price(input=1, output=2)}, id="price"),
        pytest.param({"notes": ("a note",)}, id="notes"),
        pytest.param({"fingerprint": "abc"}, id="fingerprint"),
        pytest.param(
            {"messages": (Message(role="user", content="{{ name }}"),)}, id="blanks-in-a-template"
        ),
    ],
)
def test_what_cannot_change_an_answer_leaves_the_digest(changed):
    before = request_for(prompt(), case()).digest
    assert request_for(replace(prompt(), **changed), case()).digest == before


def test_a_worker_is_given_the_input_and_the_digest_covers_it():
    worker = prompt("go", model="command/worker")
    one, two = (request_for(worker, case(input={"n": number})) for number in (1, 2))
    assert (one.input, two.input) == ({"n": 1}, {"n": 2})
    assert one.digest != two.digest


def test_a_vendor_sees_the_messages_alone():
    one, two = (request_for(prompt("go"), case(input={"n": number})) for number in (1, 2))
    assert one.digest == two.digest


DOCUMENT = {"name": "n", "model": "openai/m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"name": "other"}, id="name"),
        pytest.param({"description": "d"}, id="description"),
        pytest.param({"price": {"input": 1, "output": 2}}, id="price"),
        pytest.param({"testData": [{"input": "a"}]}, id="test-data"),
        pytest.param({"evaluators": [{"name": "e"}]}, id="evaluators"),
    ],
)
def test_what_cannot_change_an_answer_leaves_the_fingerprint(changed):
    assert fingerprint_of({**DOCUMENT, **changed}, "") == fingerprint_of(DOCUMENT, "")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"model": "openai/n"}, id="model"),
        pytest.param({"modelParameters": {"temperature": 1}}, id="parameters"),
        pytest.param({"messages": []}, id="messages"),
        pytest.param({"baseUrl": "http://127.0.0.1:1"}, id="base-url"),
        pytest.param({"somethingNew": 1}, id="a-key-that-nobody-knows-yet"),
    ],
)
def test_what_can_change_an_answer_changes_the_fingerprint(changed):
    assert fingerprint_of({**DOCUMENT, **changed}, "") != fingerprint_of(DOCUMENT, "")


def test_other_code_behind_the_same_prompt_is_another_fingerprint():
    assert fingerprint_of(DOCUMENT, "a") != fingerprint_of(DOCUMENT, "b")
