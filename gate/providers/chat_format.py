"""OpenAI's chat format, which several providers speak."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gate.core.model import Response

if TYPE_CHECKING:
    from gate.core.model import Request


def snake_case(name: str) -> str:
    """`maxTokens` in a prompt file is `max_tokens` on the wire."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", name)


def chat_body(request: Request) -> dict[str, Any]:
    """Return a request in OpenAI's format."""
    body: dict[str, Any] = {
        "model": request.model.partition("/")[2],
        "messages": [{"role": each.role, "content": each.content} for each in request.messages],
        **{snake_case(name): value for name, value in request.parameters.items()},
    }
    if request.response_format == "json_schema":
        body["response_format"] = {"type": "json_schema", "json_schema": request.json_schema}
    elif request.response_format == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def chat_response(body: dict[str, Any], latency_ms: float) -> Response:
    """Read an answer in OpenAI's format.

    Raises:
        KeyError, IndexError, TypeError, AttributeError: It is not in that format.
    """
    choice = body["choices"][0]
    message = choice["message"]
    usage = body.get("usage") or {}
    tokens = (choice.get("logprobs") or {}).get("content")
    finish = choice.get("finish_reason") or "stop"
    text = message.get("content") or ""
    if message.get("refusal") and not text:
        text, finish = message["refusal"], "refusal"
    if not isinstance(text, str):
        raise TypeError(f"content is a {type(text).__name__}")
    return Response(
        text=text,
        finish_reason=finish,
        latency_ms=latency_ms,
        input_tokens=token_count(usage.get("prompt_tokens")),
        output_tokens=token_count(usage.get("completion_tokens")),
        logprobs=tuple(token["logprob"] for token in tokens) if tokens else None,
        vendor_model=body.get("model"),
    )


def token_count(value: Any) -> int | None:
    """Return a vendor's token count, None if it is not a number of tokens."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
