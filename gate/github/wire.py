"""One request to GitHub: bounded, tried again where that is safe, the token in one header only."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gate.github.answers import Answer, ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp
    from typing_extensions import Self

TRIES = 3
# 100 comments of 65,536 characters, each written as \uXXXX: nobody can write a page too large.
LARGEST = 40 << 20  # bytes of one answer
_LONGEST_WAIT_S = 30
_SECONDS = re.compile(r"[0-9]{1,9}")
_THROTTLED = 429
_SERVER_FAULT = 500


class Wire:
    """The connections to GitHub; use it in an `async with` statement."""

    def __init__(self, token: str, *, timeout_s: float, backoff_s: float) -> None:
        """Keep what a request needs.

        Args:
            token: What a header can carry.
            timeout_s: Of one try.
            backoff_s: The pause before the second try, doubled before the third.
        """
        self._token = token
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        import aiohttp

        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            # A cookie of one host is no other host's business.
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "regression-gate"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self,
        method: str,
        address: str,
        *,
        body: Mapping[str, Any] | None = None,
        may_repeat: bool = True,
        has_token: bool = True,
        most: int = LARGEST,
    ) -> Answer:
        """Ask until there is an answer that another try would not better.

        Args:
            method: HTTP's.
            address: The whole of it; a redirect is an answer, and not followed.
            body: Sent as JSON.
            may_repeat: Whether doing it twice is as good as once.
            has_token: Whether the host may see the token.
            most: Bytes that are read.

        Raises:
            ApiError: No answer came, or a larger one.
        """
        pause_s = self._backoff_s
        for left in reversed(range(TRIES)):
            wait_s = pause_s
            try:
                answer = await self._once(method, address, body, has_token=has_token, most=most)
            except _LostError as lost:
                if not left or not (may_repeat or lost.is_unsent):
                    raise
            else:
                wait_s = _wait_s(answer, pause_s)
                if not left or not _is_passing(answer, may_repeat=may_repeat):
                    return answer
                if wait_s > _LONGEST_WAIT_S:
                    return answer
            await asyncio.sleep(wait_s)
            pause_s *= 2
        raise AssertionError  # pragma: no cover -- the last try returns or raises

    async def _once(
        self,
        method: str,
        address: str,
        body: Mapping[str, Any] | None,
        *,
        has_token: bool,
        most: int,
    ) -> Answer:
        import aiohttp
        from yarl import URL

        if self._session is None:
            raise RuntimeError("used outside of its `async with`")
        # The address of a stored file holds a signature, so it is not told.
        asked = urlsplit(address).path if has_token else "where the file is kept"
        try:
            # A redirect would carry the token to a host that nobody named.
            async with self._session.request(
                method, URL(address, encoded=True), json=body, allow_redirects=False,
                headers=self._headers() if has_token else {},
            ) as reply:  # fmt: skip
                return await _read(reply, asked, most)
        # What an exception says may quote a header, so only its kind is told.
        except (asyncio.TimeoutError, TimeoutError):
            said = f"no answer within {self._timeout_s:g} s"
            raise _LostError(f"GitHub: {asked}: {said}") from None
        except aiohttp.ClientConnectorError:
            raise _LostError(f"GitHub: {asked}: cannot be reached", is_unsent=True) from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise _LostError(f"GitHub: {asked}: the connection broke") from None

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }


class _LostError(ApiError):
    """No answer came."""

    def __init__(self, message: str, *, is_unsent: bool = False) -> None:
        super().__init__(message)
        self.is_unsent = is_unsent


async def _read(reply: aiohttp.ClientResponse, asked: str, most: int) -> Answer:
    content = bytearray()
    async for part in reply.content.iter_chunked(1 << 16):
        content += part
        if len(content) > most:
            raise ApiError(f"GitHub: {asked}: the answer is larger than {most} bytes")
    following = reply.links["next"].get("url") if "next" in reply.links else None
    return Answer(
        status=reply.status,
        content=bytes(content),
        next_page=str(following) if following is not None else None,
        location=reply.headers.get("Location"),
        retry_after=reply.headers.get("Retry-After"),
    )


def _is_passing(answer: Answer, *, may_repeat: bool) -> bool:
    """Tell whether another try may do better and cannot do harm: a 5xx may have done its work."""
    return answer.status == _THROTTLED or (may_repeat and answer.status >= _SERVER_FAULT)


def _wait_s(answer: Answer, otherwise_s: float) -> float:
    """Return how long GitHub asks to wait, in seconds."""
    asked = answer.retry_after or ""
    return float(asked) if _SECONDS.fullmatch(asked) else otherwise_s
