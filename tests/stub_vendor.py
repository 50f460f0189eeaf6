"""A vendor on loopback that misbehaves on purpose.

It speaks OpenAI's chat completions and Anthropic's messages, echoes the last message, and records
what it saw. Each request takes the next `Behaviour` of the script; after the last one, and for
`OK`, it answers as it should.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

INPUT_TOKENS = 7
OUTPUT_TOKENS = 3


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How one request is treated."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None  # None: the echo
    content_type: str = "application/json"
    text: str | None = None  # instead of the echo
    finish: str | None = None  # the vendor's own word
    refusal: str | None = None
    logprobs: tuple[float, ...] | None = None
    delay_s: float = 0.0
    cut: bool = False  # half of the body, then the connection closes
    reset: bool = False  # no byte, then the connection is reset
    hang: bool = False  # no byte until the stub closes


def status(
    code: int, message: str = "the vendor says no", headers: Mapping[str, str] | None = None
) -> Behaviour:
    """An error in the form that both vendors use."""
    body = json.dumps({"error": {"type": "stub", "message": message}}).encode()
    return Behaviour(status=code, body=body, headers=headers or {})


def throttled(retry_after: str | None = None) -> Behaviour:
    """A 429, with or without its header."""
    return status(429, "slow down", {} if retry_after is None else {"Retry-After": retry_after})


def redirect(to: str) -> Behaviour:
    """A 307, which a client that follows would repeat with body and headers."""
    return Behaviour(status=307, body=b"", headers={"Location": to})


def body(value: Any) -> Behaviour:
    """Any JSON value as a success."""
    return Behaviour(body=json.dumps(value).encode())


OK = Behaviour()
CUT = Behaviour(cut=True)
GARBAGE = Behaviour(body=b"\x00\xff<<<not json")
HTML = Behaviour(body=b"<html>502 of some proxy</html>", content_type="text/html")
WRONG_TYPE = Behaviour(content_type="text/plain")  # the right body under the wrong name
EMPTY = Behaviour(body=b"")
RESET = Behaviour(reset=True)
HANG = Behaviour(hang=True)
OVERSIZED = Behaviour(body=b'{"x": "' + b"a" * ((16 << 20) + 1) + b'"}')
HALF_SURROGATE = Behaviour(text="half \ud83d of a pair")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as it came in; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Any


class StubVendor:
    """The server; use it in a `with` statement."""

    def __init__(self, script: Iterable[Behaviour] = (), *, otherwise: Behaviour = OK) -> None:
        self.seen: list[Seen] = []
        self.most_at_once = 0
        self._script = deque(script)
        self._otherwise = otherwise
        self._at_once = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, seen: Seen) -> Behaviour:
        """Record a request and say how it is treated."""
        with self._lock:
            self.seen.append(seen)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            return self._script.popleft() if self._script else self._otherwise

    def done(self) -> None:
        """Count one request less under way."""
        with self._lock:
            self._at_once -= 1

    def wait_until_closing(self) -> None:
        """Hang."""
        self._closing.wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is part of the tests."""


def _handler(stub: StubVendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(path=self.path, headers=headers, body=json.loads(raw))
            behaviour = stub.take(seen)
            try:
                time.sleep(behaviour.delay_s)
            finally:
                stub.done()  # before the answer: the client may ask again at once
            _treat(self, stub, seen, behaviour)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    return Handler


def _treat(
    handler: BaseHTTPRequestHandler, stub: StubVendor, seen: Seen, behaviour: Behaviour
) -> None:
    if behaviour.hang:
        stub.wait_until_closing()
    if behaviour.reset:
        # Closing with a linger of zero sends RST instead of FIN.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if behaviour.reset or behaviour.hang:
        handler.close_connection = True
        os.close(handler.connection.detach())  # the handler's own end would send FIN first
        return
    content = behaviour.body
    if content is None:
        content = json.dumps(_answer(seen, behaviour)).encode()
    handler.send_response(behaviour.status)
    for name, value in behaviour.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Type", behaviour.content_type)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2] if behaviour.cut else content)
    handler.close_connection = behaviour.cut


def _answer(seen: Seen, behaviour: Behaviour) -> dict[str, Any]:
    text = seen.body["messages"][-1]["content"] if behaviour.text is None else behaviour.text
    if seen.path == "/v1/chat/completions":
        return _chat_completion(seen.body["model"], text, behaviour)
    if seen.path == "/v1/messages":
        return _message(seen.body["model"], text, behaviour)
    return {"error": {"message": f"no such path: {seen.path}"}}


def _chat_completion(model: str, text: str, behaviour: Behaviour) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if behaviour.refusal is not None:
        message = {"role": "assistant", "content": None, "refusal": behaviour.refusal}
    choice: dict[str, Any] = {
        "index": 0,
        "message": message,
        "finish_reason": behaviour.finish or "stop",
    }
    if behaviour.logprobs is not None:
        tokens = [{"token": "x", "logprob": each} for each in behaviour.logprobs]
        choice["logprobs"] = {"content": tokens}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": f"{model}-2026-01-01",
        "choices": [choice],
        "usage": {"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS},
    }


def _message(model: str, text: str, behaviour: Behaviour) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": f"{model}-2026-01-01",
        "content": [{"type": "text", "text": text}],
        "stop_reason": behaviour.finish or "end_turn",
        "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS},
    }
