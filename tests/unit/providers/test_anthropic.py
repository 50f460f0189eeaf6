from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from stub_vendor import (
    CUT,
    GARBAGE,
    HANG,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    RESET,
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

KEY = "sk-ant-very-secret-0123456789"
USER = Message(role="user", content="{{input}}")


def prompt_at(url: str | None, *messages: Message, **more: Any) -> Prompt:
    keys: dict[str, Any] = {"parameters": {}, **more}
    return Prompt(
        path="p.prompt.yml",
        name="p",
        model="anthropic/tiny",
        base_url=url,
        messages=messages or (USER,),
        **keys,
    )


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
        return ask(prompt_at(stub.url), {"ANTHROPIC_API_KEY": KEY}, **more)


def sent_body(*messages: Message, **more: Any) -> dict[str, Any]:
    with StubVendor() as stub:
        ask(prompt_at(stub.url, *messages, **more))
    found: dict[str, Any] = stub.seen[0].body
    return found


def test_the_smallest_body_has_a_limit_of_tokens() -> None:
    assert sent_body() == {
        "model": "tiny",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "hello"}],
    }


def test_system_messages_go_into_their_own_field() -> None:
    found = sent_body(
        Message(role="system", content="Be short."),
        USER,
        Message(role="assistant", content="Yes?"),
        Message(role="developer", content="Be kind."),
        Message(role="user", content="again"),
    )
    assert found["system"] == "Be short.\n\nBe kind."
    assert found["messages"] == [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "again"},
    ]


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        pytest.param({"maxTokens": 5}, {"max_tokens": 5}, id="max-tokens"),
        pytest.param(
            {"maxCompletionTokens": 6}, {"max_tokens": 6}, id="openais-newer-name-of-max-tokens"
        ),
        pytest.param({"topK": 3}, {"max_tokens": 1024, "top_k": 3}, id="camel-case"),
        pytest.param(
            {"stop": "END"}, {"max_tokens": 1024, "stop_sequences": ["END"]}, id="one-stop-word"
        ),
        pytest.param(
            {"stop": ["A", "B"]},
            {"max_tokens": 1024, "stop_sequences": ["A", "B"]},
            id="several-stop-words",
        ),
        pytest.param(
            {"stopSequences": ["A"]},
            {"max_tokens": 1024, "stop_sequences": ["A"]},
            id="anthropics-own-name",
        ),
    ],
)
def test_parameters_get_anthropics_names(parameters: dict[str, Any], sent: dict[str, Any]) -> None:
    found = sent_body(parameters=parameters)
    assert {key: found[key] for key in found if key not in {"model", "messages"}} == sent


def test_a_json_schema_is_sent_without_openais_wrapping() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    found = sent_body(
        response_format="json_schema",
        json_schema={"name": "answer", "strict": True, "schema": schema},
    )
    assert found["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    assert "response_format" not in found


def test_the_key_and_the_version_go_into_their_headers() -> None:
    with StubVendor() as stub:
        ask(prompt_at(stub.url), {"ANTHROPIC_API_KEY": f"{KEY}\n"})
    headers = dict(stub.seen[0].headers)
    assert headers.pop("x-api-key") == KEY
    assert headers["anthropic-version"] == "2023-06-01"
    assert KEY not in repr(headers)
    assert KEY not in repr(stub.seen[0].body)


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_a_base_url_is_taken_with_and_without_its_version(ending: str) -> None:
    with StubVendor() as stub:
        ask(prompt_at(None), {"ANTHROPIC_BASE_URL": f"{stub.url}{ending}"})
    assert [seen.path for seen in stub.seen] == ["/v1/messages"]
    assert "x-api-key" not in stub.seen[0].headers


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(None, id="the-vendor"),
        pytest.param("https://models.example.invalid", id="another-host"),
    ],
)
def test_every_host_but_this_machine_needs_a_key(url: str | None) -> None:
    with pytest.raises(ConfigError, match=r"p\.prompt\.yml: .* variable ANTHROPIC_API_KEY"):
        ask(prompt_at(url))


def test_an_answer_is_read_with_its_tokens() -> None:
    response = ask_stub(Behaviour(text="yes"))
    assert (response.text, response.finish_reason) == ("yes", "stop")
    assert (response.input_tokens, response.output_tokens) == (INPUT_TOKENS, OUTPUT_TOKENS)
    assert response.vendor_model == "tiny-2026-01-01"


def test_only_the_text_parts_of_an_answer_count() -> None:
    parts = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]
    response = ask_stub(body({"content": parts}))
    assert (response.text, response.finish_reason) == ("ab", "stop")
    assert (response.input_tokens, response.vendor_model) == (None, None)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_the_stop_reasons_become_the_gates_own_words(theirs: str, ours: str) -> None:
    assert ask_stub(Behaviour(finish=theirs)).finish_reason == ours


@pytest.mark.parametrize(
    ("behaviour", "code", "retryable"),
    [
        pytest.param(throttled(), "throttled", True, id="429"),
        pytest.param(status(500), "transport", True, id="500"),
        pytest.param(status(529), "transport", True, id="529-overloaded"),
        pytest.param(status(400), "rejected", False, id="400"),
        pytest.param(CUT, "transport", True, id="body-cut-in-the-middle"),
        pytest.param(RESET, "transport", True, id="connection-reset"),
        pytest.param(GARBAGE, "transport", True, id="not-json"),
        pytest.param(body({}), "transport", True, id="no-content"),
        pytest.param(body({"content": "yes"}), "transport", True, id="content-a-text"),
        pytest.param(body({"content": [{}]}), "transport", True, id="a-part-without-a-type"),
        pytest.param(
            body({"content": [{"type": "text", "text": None}]}),
            "transport",
            True,
            id="a-text-that-is-none",
        ),
        pytest.param(
            body({"content": [], "stop_reason": ["a"]}), "transport", True, id="reason-a-list"
        ),
        pytest.param(body({"content": [], "stop_reason": 7}), "transport", True, id="reason-7"),
        pytest.param(body({"content": [], "model": 7}), "transport", True, id="model-7"),
        pytest.param(body({"content": [], "usage": 7}), "transport", True, id="usage-7"),
    ],
)
def test_every_fault_is_told_apart(behaviour: Behaviour, code: str, retryable: bool) -> None:  # noqa: FBT001 -- a table
    with pytest.raises(ProviderFault) as caught:
        ask_stub(behaviour)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert KEY not in str(caught.value)


def test_a_hang_is_a_timeout() -> None:
    with pytest.raises(ProviderFault) as caught:
        ask_stub(HANG, timeout_s=0.1)
    assert (caught.value.code, caught.value.retryable) == ("timeout", True)


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_ends_the_run_and_names_its_variable(code: int) -> None:
    with pytest.raises(IncompleteError, match=f"HTTP {code}") as caught:
        ask_stub(status(code, f"invalid x-api-key {KEY}"))
    assert "ANTHROPIC_API_KEY" in caught.value.fix
    assert KEY not in f"{caught.value} {caught.value.fix}"


def test_a_redirect_is_not_followed() -> None:
    with StubVendor() as elsewhere, pytest.raises(ProviderFault, match="HTTP 307"):
        ask_stub(redirect(f"{elsewhere.url}/v1/messages"))
    assert elsewhere.seen == []
