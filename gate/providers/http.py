"""JSON over HTTP, with every way in which it fails told apart."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from gate.errors import ConfigError, IncompleteError, ProviderFault
from gate.providers.statuses import status_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 16 << 20  # bytes of one answer
_SHOWN = 300  # characters of a vendor's message


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A JSON object and how long it took."""

    body: dict[str, Any]
    latency_ms: float


class JsonApi:
    """One vendor's endpoint; the connection is opened with the first request."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        key: str,
        key_variable: str,
        timeout_s: float,
    ) -> None:
        """Keep what a request needs.

        Raises:
            ConfigError: The key is none that a header can carry.
        """
        if not key.isprintable():
            raise ConfigError(
                f"the variable {key_variable} holds a line break or another control character",
                fix=f"set {key_variable} to the key alone",
            )
        self._url = url
        self._key = key
        self._headers = dict(headers)
        self._key_variable = key_variable
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: Mapping[str, Any]) -> Answer:
        """Send one request.

        Raises:
            ProviderFault: This attempt failed; it says whether another may succeed.
            IncompleteError: The key is refused or the model does not exist: stop the run.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                headers=self._headers,
            )
        started = time.perf_counter()
        try:
            # A redirect would carry the key to a host that nobody named.
            async with self._session.post(self._url, json=body, allow_redirects=False) as reply:
                content = await _read(reply)
                status, retry_after = reply.status, reply.headers.get("Retry-After")
        except (asyncio.TimeoutError, TimeoutError) as error:
            raise ProviderFault(
                f"{self._url}: no answer within {self._timeout_s:g} s",
                code="timeout",
                retryable=True,
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise ProviderFault(
                f"{self._url}: {str(error) or type(error).__name__}",
                code="transport",
                retryable=True,
                may_be_billed=not isinstance(error, aiohttp.ClientConnectorError),
            ) from error
        latency_ms = (time.perf_counter() - started) * 1000
        if status != 200:  # noqa: PLR2004 -- the one success of both vendors
            self._refuse(status, content, retry_after)
        return Answer(body=self._parse(content), latency_ms=latency_ms)

    def _refuse(self, status: int, content: bytes, retry_after: str | None) -> None:
        message = f"{self._url}: HTTP {status}: {self._message(content)}"
        if status in {401, 403}:
            raise IncompleteError(
                f"{message}: the key is refused", fix=f"check the variable {self._key_variable}"
            )
        if status == 404:  # noqa: PLR2004 -- HTTP's own number
            raise IncompleteError(message, fix="check the model's name and baseUrl")
        said = content[:4096].decode(errors="replace")
        raise status_fault(status, message, said=said, retry_after=retry_after)

    def _parse(self, content: bytes) -> dict[str, Any]:
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise ProviderFault(
                f"{self._url}: the answer is no JSON object: {self._message(content)}",
                code="transport",
                retryable=True,
            )
        return body

    def _message(self, content: bytes) -> str:
        """The vendor's own words, shortened; some repeat the key that they refuse."""
        text = content[:4096].decode(errors="replace")
        try:
            error = json.loads(text).get("error", text)
            text = error.get("message", text) if isinstance(error, dict) else str(error)
        except (ValueError, AttributeError, RecursionError):
            pass
        words = " ".join(str(text).split())
        if self._key:
            words = words.replace(self._key, f"(the value of {self._key_variable})")
        return words[:_SHOWN] or "(empty)"

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in reply.content.iter_chunked(1 << 16):
        size += len(part)
        if size > LARGEST:
            raise ProviderFault(
                f"{reply.url}: the answer is larger than {LARGEST >> 20} MiB",
                code="transport",
                retryable=True,
            )
        parts.append(part)
    return b"".join(parts)


def answer_fault(url_or_model: str, error: Exception) -> ProviderFault:
    """Return the fault of an answer that lacks what its format promises."""
    return ProviderFault(
        f"{url_or_model}: the answer is not of the expected form: {error!r}",
        code="transport",
        retryable=True,
    )
