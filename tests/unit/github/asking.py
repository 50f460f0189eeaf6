"""Asking the stub, with a short breath."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from stub_github import TOKEN

from gate.core.secrets import Secrets
from gate.github.api import GitHubApi

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stub_github import StubGitHub

T = TypeVar("T")


def ask(
    github: StubGitHub, work: Callable[[GitHubApi], Awaitable[T]], *, timeout_s: float = 10.0
) -> T:
    """Do one piece of work with an API of its own."""

    async def run() -> T:
        async with GitHubApi(
            github.url, graphql_url=f"{github.url}/graphql", token=TOKEN,
            secrets=Secrets({"GITHUB_TOKEN": TOKEN}), timeout_s=timeout_s, backoff_s=0.01,
        ) as api:  # fmt: skip
            return await work(api)

    return asyncio.run(run())


async def all_pages(api: GitHubApi, path: str) -> list[Any]:
    return [page async for page in api.pages(path)]
