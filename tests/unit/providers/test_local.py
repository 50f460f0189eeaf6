from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gate.core.model import Case, Message, Prompt, Response
from gate.core.prompt import request_for
from gate.errors import ConfigError, GateError, ProviderFault
from gate.providers.registry import Place, open_provider

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = {
    "type": "object",
    "properties": {"queue": {"enum": ["billing", "card", "other"]}},
    "required": ["queue"],
    "additionalProperties": False,
}


def prompt_of(model: str = "local/smollm2-135m", **more: Any) -> Prompt:
    keys: dict[str, Any] = {
        "messages": (Message(role="user", content="{{input}}"),),
        **more,
    }
    keys["parameters"] = {"contextTokens": 256, "maxTokens": 8, **keys.get("parameters", {})}
    return Prompt(path="p.prompt.yml", name="p", model=model, **keys)


def converse(prompt: Prompt, *inputs: tuple[str, int], root: Path = Path()) -> list[Response]:
    """Load the model, ask each text with its seed, free the model."""

    async def run() -> list[Response]:
        provider = open_provider(prompt, Place(root=root))
        try:
            return [
                await provider.complete(
                    request_for(prompt, Case(case_id="c", input=text)), seed=seed
                )
                for text, seed in inputs
            ]
        finally:
            await provider.close()

    return asyncio.run(run())


@pytest.mark.model
def test_a_json_schema_becomes_a_grammar() -> None:
    prompt = prompt_of(
        response_format="json_schema",
        json_schema={"name": "answer", "strict": True, "schema": SCHEMA},
        parameters={"maxTokens": 24, "temperature": 1.2},
    )
    for response in converse(prompt, ("Where is my card?", 1), ("Tell a joke.", 2)):
        assert set(json.loads(response.text)) == {"queue"}
        assert json.loads(response.text)["queue"] in SCHEMA["properties"]["queue"]["enum"]
        assert response.finish_reason == "stop"


@pytest.mark.model
def test_the_same_seed_gives_the_same_text_and_others_differ() -> None:
    prompt = prompt_of(parameters={"temperature": 1.2})
    trials = [("Tell me about the sea.", seed) for seed in range(6)]
    first = converse(prompt, *trials, trials[0])
    assert first[0].text == first[-1].text
    assert len({each.text for each in first[:6]}) > 1
    (restarted,) = converse(prompt, trials[5])
    assert restarted.text == first[5].text


@pytest.mark.model
def test_an_answer_comes_with_its_tokens_and_their_logprobs() -> None:
    (response,) = converse(prompt_of(parameters={"temperature": 0}), ("Say yes.", 1))
    assert response.finish_reason in {"stop", "length"}
    assert response.input_tokens is not None
    assert response.input_tokens > 0
    assert response.output_tokens is not None
    assert response.logprobs is not None
    assert 0 < len(response.logprobs) <= 8
    assert all(each <= 0 for each in response.logprobs)
    assert response.vendor_model is not None
    assert response.vendor_model.startswith("smollm2-135m (xllamacpp ")


@pytest.mark.model
def test_a_request_longer_than_the_context_is_rejected_and_the_next_one_works() -> None:
    async def run() -> str:
        prompt = prompt_of(parameters={"maxTokens": 2})
        provider = open_provider(prompt, Place(root=Path()))
        try:
            with pytest.raises(ProviderFault) as caught:
                await provider.complete(
                    request_for(prompt, Case(case_id="c", input="a b c " * 200)), seed=1
                )
            assert (caught.value.code, caught.value.retryable) == ("rejected", False)
            after = request_for(prompt, Case(case_id="c", input="hi"))
            return (await provider.complete(after, seed=1)).finish_reason
        finally:
            await provider.close()

    assert asyncio.run(run()) in {"stop", "length"}


@pytest.mark.model
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"GGUF" + b"\x03\x00\x00\x00" + b"\xff" * 64, id="cut-after-the-head"),
        pytest.param(b"no model at all", id="another-file"),
    ],
)
def test_a_broken_weights_file_is_a_configuration_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.gguf").write_bytes(content)
    with pytest.raises(ConfigError, match=r"broken\.gguf: llama\.cpp cannot load it") as caught:
        converse(prompt_of("local/broken.gguf"), ("hi", 1), root=tmp_path)
    assert "GGUF" in caught.value.fix


@pytest.mark.model
@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"enum": ["alpha", "beta"]}, id="plain-keywords-get-the-compact-grammar"),
        pytest.param(
            {"type": "string", "pattern": "^(alpha|beta)$"}, id="others-get-llama-cpps-own"
        ),
    ],
)
def test_every_schema_holds_the_model(schema: dict[str, Any]) -> None:
    prompt = prompt_of(
        response_format="json_schema", json_schema={"name": "answer", "schema": schema}
    )
    (answer,) = converse(prompt, ("hi", 1))
    assert json.loads(answer.text) in {"alpha", "beta"}


def opening(model: str, **parameters: Any) -> Callable[[], object]:
    return lambda: open_provider(prompt_of(model, parameters=parameters), Place(root=Path()))


@pytest.mark.parametrize(
    ("model", "parameters", "words"),
    [
        pytest.param("local/llama-70b", {}, "no such local model", id="unknown-name"),
        pytest.param("local/../weights.gguf", {}, "weights.gguf", id="a-file-outside"),
        pytest.param("local/smollm2-135m", {"contextTokens": "many"}, "contextTokens", id="words"),
        pytest.param("local/smollm2-135m", {"contextTokens": None}, "contextTokens", id="null"),
        pytest.param("local/smollm2-135m", {"contextTokens": 0}, "contextTokens", id="zero"),
        pytest.param("local/smollm2-135m", {"contextTokens": -5}, "contextTokens", id="negative"),
    ],
)
def test_what_cannot_be_opened_is_a_configuration_error(
    model: str, parameters: dict[str, Any], words: str
) -> None:
    pytest.importorskip("xllamacpp")
    with pytest.raises(GateError, match=words) as caught:
        opening(model, **parameters)()
    assert caught.value.exit_code == 2


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "xllamacpp.py").write_text("raise ImportError('not for this machine')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    with pytest.raises(ConfigError, match="needs the package xllamacpp") as caught:
        opening("local/smollm2-135m")()
    assert "pip install xllamacpp" in caught.value.fix
