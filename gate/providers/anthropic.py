"""`anthropic/…`: Anthropic's Messages API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.core.model import Response
from gate.errors import ConfigError
from gate.providers.chat_format import snake_case, token_count, vendor_word
from gate.providers.http import JsonApi, answer_fault
from gate.providers.urls import check_url, is_loopback

if TYPE_CHECKING:
    from gate.core.model import Prompt, Request
    from gate.providers.registry import Place

_VENDOR = "https://api.anthropic.com"
_MAX_TOKENS = 1024  # the API demands a number; a prompt that needs another sets maxTokens
_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


def open_provider(prompt: Prompt, place: Place) -> Anthropic:
    """Return the provider for a prompt's `baseUrl`, or `ANTHROPIC_BASE_URL`, or Anthropic."""
    named = prompt.base_url or place.environment.get("ANTHROPIC_BASE_URL") or _VENDOR
    url = check_url(named, where=prompt.path).removesuffix("/v1")
    key = place.environment.get("ANTHROPIC_API_KEY", "").strip()
    if not key and not is_loopback(url):
        raise ConfigError(
            f"{prompt.path}: {prompt.model} needs the variable ANTHROPIC_API_KEY",
            fix="set it; or run with --offline",
        )
    headers = {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})
    return Anthropic(
        JsonApi(
            f"{url}/v1/messages",
            headers=headers,
            key=key,
            key_variable="ANTHROPIC_API_KEY",
            timeout_s=place.timeout_s,
        )
    )


class Anthropic:
    """Messages."""

    max_in_flight: int | None = None

    def __init__(self, api: JsonApi) -> None:
        self._api = api

    async def complete(self, request: Request, *, seed: int) -> Response:
        """Answer one request, see `Provider`. The API knows no seed."""
        del seed
        answer = await self._api.post(_body(request))
        try:
            return _response(answer.body, answer.latency_ms)
        except (KeyError, TypeError, AttributeError) as error:
            raise answer_fault(request.model, error) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()


def _body(request: Request) -> dict[str, Any]:
    system = [each.content for each in request.messages if each.role in {"system", "developer"}]
    parameters = {snake_case(name): value for name, value in request.parameters.items()}
    limit = parameters.pop("max_completion_tokens", _MAX_TOKENS)
    if isinstance(parameters.get("stop"), (str, list)):
        stop = parameters.pop("stop")
        parameters["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    body: dict[str, Any] = {
        "model": request.model.partition("/")[2],
        "max_tokens": limit,
        "messages": [
            {"role": each.role, "content": each.content}
            for each in request.messages
            if each.role in {"user", "assistant"}
        ],
        **parameters,
    }
    if system:
        body["system"] = "\n\n".join(system)
    if request.response_format == "json_schema" and request.json_schema:
        schema = request.json_schema["schema"]
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return body


def _response(body: dict[str, Any], latency_ms: float) -> Response:
    usage = body.get("usage") or {}
    reason = body.get("stop_reason") or "stop"
    return Response(
        text="".join(part["text"] for part in body["content"] if part["type"] == "text"),
        finish_reason=_FINISH.get(reason, vendor_word(reason)),
        latency_ms=latency_ms,
        input_tokens=token_count(usage.get("input_tokens")),
        output_tokens=token_count(usage.get("output_tokens")),
        vendor_model=vendor_word(body.get("model") or "") or None,
    )
