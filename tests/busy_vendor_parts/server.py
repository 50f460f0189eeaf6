"""The busy vendor's server: HTTP/1.1 by hand, for as little CPU a request as Python allows."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from typing import TYPE_CHECKING

from .messages import answer_to, head, message

if TYPE_CHECKING:
    from collections.abc import Callable

    from .vendor import Vendor

EARLY_S = 0.0005  # epoll wakes up to a millisecond late: half of it on average
DRIP_S = 0.1  # between two bytes
ENDLESS = 1 << 20  # bytes of an answer that comes byte by byte
OVERSIZED = 64 << 20
CHUNK = b"a" * (1 << 16)


class Connection(asyncio.Protocol):
    """One client's connection; one request at a time."""

    def __init__(self, vendor: Vendor, loop: asyncio.AbstractEventLoop) -> None:
        self._vendor = vendor
        self._loop = loop
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None
        self._is_under_way = False
        self._left = 0  # bytes of an oversized answer
        self._is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._left = 0
        if self._timer is not None:
            self._timer.cancel()
        if self._is_under_way:
            self._vendor.abandoned += 1
            self._done()

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        lines, found, rest = data.partition(b"\r\n\r\n")
        size = _content_length(lines.lower()) if found else 0
        if not found or len(rest) < size:
            self._buffer = data
            return
        self._buffer = b""
        self._request(lines, rest[:size])

    def _request(self, lines: bytes, body: bytes) -> None:
        method, path, _ = lines.split(b" ", 2)
        if path == b"/v1/chat/completions" and method == b"POST":
            if not body:
                self._transport.write(message(411, b"{}"))
                return
            self._is_under_way = True
            kind, began = self._vendor.begin(body), time.perf_counter()
            self._later(self._vendor.latency_s, lambda: self._treat(kind, body, began))
            return
        if method == b"POST" and path == b"/reset":
            self._vendor.reset()
        elif (method, path) != (b"GET", b"/stats"):
            self._transport.write(message(404, b'{"error": {"message": "no such path"}}'))
            return
        self._transport.write(message(200, json.dumps(self._vendor.stats()).encode()))

    def _treat(self, kind: str, body: bytes, began: float) -> None:
        if kind in self._vendor.messages:
            self._transport.write(self._vendor.messages[kind])
            self._done()
        elif kind in {"", "wrong_type"}:
            content_type = "text/plain" if kind else "application/json"
            self._transport.write(message(200, answer_to(body), content_type=content_type))
            self._vendor.answer(body, began)
            self._done()
        else:
            getattr(self, f"_{kind}")(body)

    def _done(self) -> None:
        self._is_under_way = False
        self._vendor.at_once -= 1

    def _later(self, delay_s: float, then: Callable[[], None]) -> None:
        if delay_s:
            self._timer = self._loop.call_later(max(0.0, delay_s - EARLY_S), then)
        else:
            then()

    def _hang(self, body: bytes) -> None:
        """Say nothing until the client goes away."""

    def _cut(self, body: bytes) -> None:
        content = answer_to(body)
        self._transport.write(head(200, len(content)) + content[: len(content) // 2])
        self._done()
        self._transport.close()

    def _reset(self, body: bytes) -> None:
        del body
        # Closing with a linger of zero sends RST instead of FIN.
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, linger
        )
        self._done()
        self._transport.abort()

    def _drip(self, body: bytes) -> None:
        self._transport.write(head(200, ENDLESS))
        self._drop(answer_to(body))

    def _drop(self, content: bytes) -> None:
        self._transport.write(content[:1] or b" ")
        self._later(DRIP_S, lambda: self._drop(content[1:]))

    def _oversized(self, body: bytes) -> None:
        del body
        start = b'{"x": "'
        self._transport.write(head(200, OVERSIZED) + start)
        self._left = OVERSIZED - len(start) - len(b'"}')
        self._pour()

    def _pour(self) -> None:
        while self._left and not (self._is_full or self._transport.is_closing()):
            part = CHUNK[: self._left]
            self._left -= len(part)
            self._transport.write(part)
        if not self._left and self._is_under_way:
            self._transport.write(b'"}')
            self._done()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._left:
            # Not at once: a write that fails inside this call makes asyncio close twice.
            self._loop.call_soon(self._pour)


def _content_length(lines: bytes) -> int:
    """Return the length that a head in lower case names; 0 if it names none."""
    _, found, rest = lines.partition(b"\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0
