"""The API of GitHub: values in, values out, and each refusal as one error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from gate.github.addresses import is_private
from gate.github.answers import ApiError, json_of, refused
from gate.github.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from typing_extensions import Self

    from gate.core.secrets import Secrets
    from gate.github.answers import Answer

PAGES = 50


class GitHubApi:
    """The API of one GitHub, with one token; use it in an `async with` statement."""

    def __init__(
        self,
        url: str,
        *,
        graphql_url: str,
        token: str,
        secrets: Secrets,
        timeout_s: float = 20.0,
        backoff_s: float = 0.5,
    ) -> None:
        """Keep what a request needs.

        Args:
            url: The root of the REST API, without a slash at its end.
            graphql_url: The address of the GraphQL API.
            token: What a header can carry.
            secrets: What is never shown; the token is one of them.
            timeout_s: Of one try.
            backoff_s: The pause before the second try, doubled before the third.
        """
        self._url = url
        self._graphql_url = graphql_url
        self._secrets = secrets
        self._wire = Wire(token, timeout_s=timeout_s, backoff_s=backoff_s)

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.__aexit__()

    async def pages(self, path: str) -> AsyncIterator[Any]:
        """Yield the JSON values of a GET and of the pages that follow it.

        Raises:
            ApiError: One of them cannot be had, is on another host, or is one too many.
        """
        address = self._url + path
        for _ in range(PAGES):
            answer = await self._wire.ask("GET", address)
            yield self._value(answer, path)
            if answer.next_page is None:
                return
            if _origin(answer.next_page) != _origin(self._url):
                raise ApiError(f"GitHub: {_shown(path)}: the next page is on another host")
            address = answer.next_page
        raise ApiError(f"GitHub: {_shown(path)}: more than {PAGES} pages")

    async def get(self, path: str) -> Any:
        """Return one thing.

        Raises:
            ApiError: It cannot be had.
        """
        return self._value(await self._wire.ask("GET", self._url + path), path)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create something; it is not asked for twice if it may be there.

        Raises:
            ApiError: It is not known to be there.
        """
        answer = await self._wire.ask("POST", self._url + path, body=body, may_repeat=False)
        return self._value(answer, path)

    async def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Edit something; twice is as good as once.

        Raises:
            ApiError: It was not done.
        """
        return self._value(await self._wire.ask("PATCH", self._url + path, body=body), path)

    async def query(self, text: str) -> Mapping[str, Any]:
        """Return the data of a query of GraphQL, which changes nothing.

        Raises:
            ApiError: There is none.
        """
        answer = await self._wire.ask("POST", self._graphql_url, body={"query": text})
        value = self._value(answer, "GraphQL")
        data = value.get("data") if isinstance(value, dict) else None
        if not isinstance(data, dict) or value.get("errors"):
            raise refused(answer, "GraphQL", self._secrets)
        return data

    async def download(self, path: str, *, most: int) -> bytes:
        """Return a file, wherever it is kept; the token stays here.

        Args:
            path: Answers with a redirect, of which one is followed.
            most: Bytes that are read.

        Raises:
            ApiError: It cannot be had, or is larger.
        """
        address = self._url + path
        answer = await self._wire.ask("GET", address, most=most)
        if 300 <= answer.status < 400 and answer.location:  # noqa: PLR2004 -- HTTP's own numbers
            target = urljoin(address, answer.location)
            if not is_private(target):
                raise ApiError(f"GitHub: {path}: sent to an address that is not https")
            answer = await self._wire.ask("GET", target, most=most, has_token=False)
        if not answer.is_success:
            raise refused(answer, path, self._secrets)
        return answer.content

    def _value(self, answer: Answer, path: str) -> Any:
        return json_of(answer, _shown(path), self._secrets)


def _shown(path: str) -> str:
    return path.partition("?")[0]


def _origin(address: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port
