"""An HTTP server on loopback whose answers are values, and that breaks off on demand."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as it came in; header names are in lower case."""

    method: str
    path: str  # with its query
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """How one request is answered."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    echoes: bool = False  # the Authorization header, in status line, headers and body
    is_done: bool = False  # what was asked is done all the same
    reset: bool = False  # no byte, then the connection is reset
    hang: bool = False  # no byte until the server closes


def json_reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A value as GitHub would send it."""
    return Reply(status=status, headers=headers or {}, body=json.dumps(value).encode())


class Loopback:
    """One server; `answer` is called in a thread of each connection."""

    def __init__(self, answer: Callable[[Seen], Reply]) -> None:
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(answer, self._closing))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of everyone that hangs, and close."""
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is part of the tests."""


def _handler(
    answer: Callable[[Seen], Reply], closing: threading.Event
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.loads(raw) if raw else None
            seen = Seen(method=self.command, path=self.path, headers=headers, body=body)
            reply = answer(seen)
            if reply.hang:
                closing.wait()
            if reply.reset or reply.hang:
                _break_off(self)
            elif reply.echoes:
                _send(self, _echo(reply.status, headers.get("authorization", "")))
            else:
                _send(self, reply)

        do_POST = do_PATCH = do_GET  # noqa: N815 -- the names that the base class looks for

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    return Handler


def _break_off(handler: BaseHTTPRequestHandler) -> None:
    # Closing with a linger of zero sends RST instead of FIN.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    os.close(handler.connection.detach())  # the handler's own end would send FIN first


def _echo(status: int, said: str) -> Reply:
    headers = {"X-Echo": said, "Location": f"https://127.0.0.1:1/{said.rpartition(' ')[2]}"}
    value = {"message": f"cannot {said}", "html_url": f"https://github.com/{said[7:]}", "id": 1}
    return json_reply(value, status=status, headers={**headers, "Reason": said})


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    handler.send_response(reply.status, reply.headers.get("Reason"))
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Type", "application/json; charset=utf-8")
    handler.send_header("Content-Length", str(len(reply.body)))
    handler.end_headers()
    handler.wfile.write(reply.body)
