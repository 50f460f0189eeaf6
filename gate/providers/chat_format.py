"""OpenAI's chat format, which several providers speak."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gate.core.model import Response

if TYPE_CHECKING:
    from gate.core.model import Request

_MOST_TOKENS = 1 << 53  # a larger count is no count, and no database can hold it


def snake_case(name: str) -> str:
    """`maxTokens` in a prompt file is `max_tokens` on the wire."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", name)


def chat_body(request: Request) -> dict[str, Any]:
    """Return a request in OpenAI's format."""
    body: dict[str, Any] = {
        **{snake_case(name): value for name, value in request.parameters.items()},
        "model": request.model.partition("/")[2],
        "messages": [{"role": each.role, "content": each.content} for each in request.messages],
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
    finish = vendor_word(choice.get("finish_reason") or "stop")
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
        logprobs=tuple(_logprob(token["logprob"]) for token in tokens) if tokens else None,
        vendor_model=vendor_word(body.get("model") or "") or None,
    )


def _logprob(value: Any) -> float:
    if not isinstance(value, (int, float)):
        raise TypeError(f"a logprob is a {type(value).__name__}")
    return float(value)


def vendor_word(value: Any) -> str:
    """Return a finish reason or a model's name as text that every file can hold.

    Raises:
        TypeError: It is no text.
    """
    if not isinstance(value, str):
        raise TypeError(f"a name is a {type(value).__name__}")
    return value.encode("utf-8", "replace").decode()  # JSON can carry half of a surrogate pair


def token_count(value: Any) -> int | None:
    """Return a vendor's token count, None if it is not a number of tokens."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 0 <= value < _MOST_TOKENS else None
