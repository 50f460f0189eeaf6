"""What the busy vendor says, as bytes of HTTP/1.1."""

from __future__ import annotations

import json
from hashlib import blake2b

from .faults import KINDS

_REASONS = {
    200: "OK",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    411: "Length Required",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_ANSWER = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1767225600,"model":%s,"choices":'
    b'[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":%d,"completion_tokens":1,"total_tokens":%d}}'
)


def head(
    status: int, size: int, *, content_type: str = "application/json", more: str = ""
) -> bytes:
    """Return the beginning of a message with a body of so many bytes."""
    return (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {content_type}\r\n{more}"
        f"Content-Length: {size}\r\n\r\n"
    ).encode("latin-1")


def message(
    status: int, content: bytes, *, content_type: str = "application/json", more: str = ""
) -> bytes:
    """Return a whole message."""
    return head(status, len(content), content_type=content_type, more=more) + content


def fault_messages(retry_after: str | None) -> dict[str, bytes]:
    """Return, by kind of fault, the messages that are the same for every request."""
    found = {
        "garbage": message(200, b"\x00\xff<<<not json"),
        "html": message(200, b"<html>502 of some proxy</html>", content_type="text/html"),
        "form": message(200, b'{"object": "list", "data": []}'),
    }
    header = "" if retry_after is None else f"Retry-After: {retry_after}\r\n"
    for kind in filter(str.isdigit, KINDS):
        error = {"error": {"type": "stub", "message": f"the vendor says {_REASONS[int(kind)]}"}}
        more = header if kind == "429" else ""
        found[kind] = message(int(kind), json.dumps(error).encode(), more=more)
    return found


def answer_to(body: bytes) -> bytes:
    """Return the answer to a request, the same each time.

    The model's name states how many per cent of the answers are `wrong`: `stub-05`. Which they are
    depends on the model and the last message.
    """
    request = json.loads(body)
    model, last = request["model"], str(request["messages"][-1]["content"])
    percent = model.rpartition("-")[2]
    drawn = int.from_bytes(blake2b(f"{model}\n{last}".encode(), digest_size=4).digest(), "big")
    is_wrong = percent.isdigit() and drawn < int(percent) / 100 * (1 << 32)
    tokens = len(body) // 4
    text = b"wrong" if is_wrong else b"right"
    return _ANSWER % (json.dumps(model).encode(), text, tokens, tokens + 1)
