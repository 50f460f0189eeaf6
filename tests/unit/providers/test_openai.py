from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from stub_vendor import (
    CUT,
    EMPTY,
    GARBAGE,
    HALF_SURROGATE,
    HANG,
    HTML,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    OVERSIZED,
    RESET,
    WRONG_TYPE,
    Behaviour,
    StubVendor,
    body,
    redirect,
    status,
    throttled,
)

from gate.core.model import Case, Message, Prompt
from gate.core.prompt import request_for
from gate.errors import ConfigError, IncompleteError, ProviderFault
from gate.providers.registry import Place, open_provider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.model import Response

KEY = "sk-very-secret-0123456789"
SCHEMA = {"name": "answer", "strict": True, "schema": {"type": "object"}}


def prompt_at(url: str | None, **more: Any) -> Prompt:
    keys: dict[str, Any] = {
        "messages": (
            Message(role="system", content="Be short."),
            Message(role="user", content="{{input}}"),
        ),
        "parameters": {},
        **more,
    }
    return Prompt(path="p.prompt.yml", name="p", model="openai/tiny/v1", base_url=url, **keys)


def ask(
    prompt: Prompt, environment: Mapping[str, str] | None = None, timeout_s: float = 5.0
) -> Response:
    async def run() -> Response:
        place = Place(root=Path(), environment=environment or {}, timeout_s=timeout_s)
        provider = open_provider(prompt, place)
        try:
            request = request_for(prompt, Case(case_id="c", input="hello"))
            return await provider.complete(request, seed=5)
        finally:
            await provider.close()

    return asyncio.run(run())


def ask_stub(behaviour: Behaviour, **more: Any) -> Response:
    with StubVendor([behaviour]) as stub:
        return ask(prompt_at(f"{stub.url}/v1"), {"OPENAI_API_KEY": KEY}, **more)


def test_the_body_carries_model_messages_and_parameters_in_snake_case() -> None:
    parameters = {"maxTokens": 5, "topP": 0.5, "temperature": 0, "logit_bias": {"aB": 1}}
    with StubVendor() as stub:
        ask(prompt_at(f"{stub.url}/v1", parameters=parameters))
    assert stub.seen[0].path == "/v1/chat/completions"
    assert stub.seen[0].body == {
        "model": "tiny/v1",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "hello"},
        ],
        "max_tokens": 5,
        "top_p": 0.5,
        "temperature": 0,
        "logit_bias": {"aB": 1},  # a value's own keys are the vendor's
    }


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        pytest.param({}, None, id="nothing-asked"),
        pytest.param({"response_format": "text"}, None, id="text-is-the-default"),
        pytest.param(
            {"response_format": "json_object"}, {"type": "json_object"}, id="any-json-object"
        ),
        pytest.param(
            {"response_format": "json_schema", "json_schema": SCHEMA},
            {"type": "json_schema", "json_schema": SCHEMA},
            id="json-by-schema",
        ),
    ],
)
def test_the_response_format_is_sent(more: dict[str, Any], sent: dict[str, Any] | None) -> None:
    with StubVendor() as stub:
        ask(prompt_at(f"{stub.url}/v1", **more))
    assert stub.seen[0].body.get("response_format") == sent


def test_the_key_goes_into_its_header_and_nowhere_else() -> None:
    with StubVendor() as stub:
        ask(prompt_at(f"{stub.url}/v1"), {"OPENAI_API_KEY": f" {KEY}\n"})
    headers = dict(stub.seen[0].headers)
    assert headers.pop("authorization") == f"Bearer {KEY}"
    assert headers["content-type"] == "application/json"
    assert KEY not in repr(headers)
    assert KEY not in repr(stub.seen[0].body)


def test_a_server_of_ones_own_needs_no_key() -> None:
    with StubVendor() as stub:
        assert ask(prompt_at(f"{stub.url}/v1")).text == "hello"
    assert "authorization" not in stub.seen[0].headers


def test_the_environment_names_the_server_where_the_prompt_does_not() -> None:
    with StubVendor() as stub, StubVendor() as other:
        ask(prompt_at(None), {"OPENAI_BASE_URL": f"{stub.url}/v1/"})
        ask(prompt_at(f"{stub.url}/v1"), {"OPENAI_BASE_URL": f"{other.url}/v1"})
    assert [seen.path for seen in stub.seen] == ["/v1/chat/completions"] * 2
    assert other.seen == []


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="absent"),
        pytest.param({"OPENAI_API_KEY": "  \n"}, id="blank"),
    ],
)
def test_the_vendor_itself_needs_a_key(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"p\.prompt\.yml: .* variable OPENAI_API_KEY") as caught:
        ask(prompt_at(None), environment)
    assert "baseUrl" in caught.value.fix


def test_a_key_that_no_header_can_carry_is_a_configuration_error() -> None:
    with StubVendor() as stub, pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        ask(prompt_at(f"{stub.url}/v1"), {"OPENAI_API_KEY": f"{KEY}\r\nX-More: 1"})
    assert KEY not in str(caught.value)
    assert stub.seen == []


def test_an_answer_is_read_with_its_tokens() -> None:
    response = ask_stub(Behaviour(text="yes"))
    assert (response.text, response.finish_reason) == ("yes", "stop")
    assert (response.input_tokens, response.output_tokens) == (INPUT_TOKENS, OUTPUT_TOKENS)
    assert response.vendor_model == "tiny/v1-2026-01-01"
    assert response.logprobs is None
    assert response.latency_ms > 0


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_the_finish_reasons_are_the_gates_own_words(reason: str) -> None:
    assert ask_stub(Behaviour(finish=reason)).finish_reason == reason


def test_a_refusal_in_its_own_field_is_a_refusal_with_its_text() -> None:
    response = ask_stub(Behaviour(refusal="I cannot help with that."))
    assert (response.text, response.finish_reason) == ("I cannot help with that.", "refusal")


def test_logprobs_are_kept_one_a_token() -> None:
    assert ask_stub(Behaviour(logprobs=(-0.5, -1.25))).logprobs == (-0.5, -1.25)


def test_the_right_body_under_a_wrong_content_type_is_read() -> None:
    assert ask_stub(WRONG_TYPE).text == "hello"


def test_half_of_a_surrogate_pair_is_no_fault() -> None:
    assert ask_stub(HALF_SURROGATE).text == "half \ud83d of a pair"


@pytest.mark.parametrize(
    ("behaviour", "code", "retryable"),
    [
        pytest.param(throttled(), "throttled", True, id="429"),
        pytest.param(status(408), "transport", True, id="408"),
        pytest.param(status(409), "transport", True, id="409"),
        pytest.param(status(500), "transport", True, id="500"),
        pytest.param(status(503), "transport", True, id="503"),
        pytest.param(status(529), "transport", True, id="529-overloaded"),
        pytest.param(status(400), "rejected", False, id="400"),
        pytest.param(status(422), "rejected", False, id="422"),
        pytest.param(CUT, "transport", True, id="body-cut-in-the-middle"),
        pytest.param(RESET, "transport", True, id="connection-reset"),
        pytest.param(GARBAGE, "transport", True, id="not-json"),
        pytest.param(HTML, "transport", True, id="html-of-a-proxy"),
        pytest.param(EMPTY, "transport", True, id="empty-body"),
        pytest.param(body([1]), "transport", True, id="json-but-a-list"),
        pytest.param(body({}), "transport", True, id="no-choices"),
        pytest.param(body({"choices": []}), "transport", True, id="empty-choices"),
        pytest.param(body({"choices": [{}]}), "transport", True, id="no-message"),
        pytest.param(body({"choices": {"a": 1}}), "transport", True, id="choices-a-mapping"),
        pytest.param(
            body({"choices": [{"message": {"content": [1]}}]}),
            "transport",
            True,
            id="content-a-list",
        ),
        pytest.param(
            body({"choices": [{"message": {"content": "x"}, "logprobs": {"content": [1]}}]}),
            "transport",
            True,
            id="logprobs-of-another-form",
        ),
        pytest.param(
            body(
                {
                    "choices": [
                        {
                            "message": {"content": "x"},
                            "logprobs": {"content": [{"logprob": "high"}]},
                        }
                    ]
                }
            ),
            "transport",
            True,
            id="a-logprob-in-words",
        ),
        pytest.param(
            body({"choices": [{"message": {"content": "x"}}], "usage": "much"}),
            "transport",
            True,
            id="usage-in-words",
        ),
        pytest.param(
            body({"choices": [{"message": {"content": "x"}, "finish_reason": {"a": 1}}]}),
            "transport",
            True,
            id="finish-reason-a-mapping",
        ),
        pytest.param(
            body({"choices": [{"message": {"content": "x"}}], "model": {"a": 1}}),
            "transport",
            True,
            id="model-a-mapping",
        ),
        pytest.param(OVERSIZED, "transport", True, id="larger-than-16-mib"),
        pytest.param(Behaviour(body=b"[" * 100_000), "transport", True, id="nested-too-deep"),
    ],
)
def test_every_fault_is_told_apart(behaviour: Behaviour, code: str, retryable: bool) -> None:  # noqa: FBT001 -- a table
    with pytest.raises(ProviderFault) as caught:
        ask_stub(behaviour)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert KEY not in str(caught.value)
    assert "Bearer" not in str(caught.value)


def test_a_hang_is_a_timeout() -> None:
    with pytest.raises(ProviderFault, match=r"no answer within 0\.1 s") as caught:
        ask_stub(HANG, timeout_s=0.1)
    assert (caught.value.code, caught.value.retryable) == ("timeout", True)


def test_a_server_that_is_not_there_is_a_transport_fault() -> None:
    with StubVendor() as stub:
        gone = stub.url
    with pytest.raises(ProviderFault) as caught:
        ask(prompt_at(f"{gone}/v1"))
    assert (caught.value.code, caught.value.retryable) == ("transport", True)


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_ends_the_run_and_names_its_variable(code: int) -> None:
    with pytest.raises(IncompleteError, match=f"HTTP {code}: the vendor says no") as caught:
        ask_stub(status(code))
    assert "OPENAI_API_KEY" in caught.value.fix
    assert KEY not in f"{caught.value} {caught.value.fix}"


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500])
def test_a_key_that_the_vendor_repeats_is_not_shown(code: int) -> None:
    message = f"Incorrect API key provided: {KEY}; header was 'Bearer {KEY}'"
    with pytest.raises((ProviderFault, IncompleteError), match="Incorrect API key") as caught:
        ask_stub(status(code, message))
    assert KEY not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"


def test_an_unknown_model_ends_the_run() -> None:
    with pytest.raises(IncompleteError, match="HTTP 404") as caught:
        ask_stub(status(404))
    assert "model" in caught.value.fix


def test_a_redirect_is_not_followed() -> None:
    with StubVendor() as elsewhere:
        with pytest.raises(ProviderFault, match="HTTP 307") as caught:
            ask_stub(redirect(f"{elsewhere.url}/v1/chat/completions"))
        assert not caught.value.retryable
    assert elsewhere.seen == []


def test_a_long_message_of_the_vendor_is_cut() -> None:
    with pytest.raises(ProviderFault) as caught:
        ask_stub(status(400, "no " * 1000))
    assert len(str(caught.value)) < 400


def test_token_counts_that_are_no_numbers_of_tokens_are_unknown() -> None:
    usage = {"prompt_tokens": -1, "completion_tokens": True}
    response = ask_stub(body({"choices": [{"message": {"content": "x"}}], "usage": usage}))
    assert (response.input_tokens, response.output_tokens) == (None, None)


def test_a_token_count_that_no_database_can_hold_is_unknown() -> None:
    usage = {"prompt_tokens": 10**30}
    response = ask_stub(body({"choices": [{"message": {"content": "x"}}], "usage": usage}))
    assert response.input_tokens is None
