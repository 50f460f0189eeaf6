"""What any Python client needs: the same calls by a bare aiohttp client, nothing kept.

python -m replay.floor URL CASES SIDE [SIDE]
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import aiohttp

from .project import MODEL, WIDTH, messages, ticket

if TYPE_CHECKING:
    from collections.abc import Iterator


async def _work(session: aiohttp.ClientSession, url: str, bodies: Iterator[dict[str, Any]]) -> int:
    right = 0
    for body in bodies:
        async with session.post(f"{url}/v1/chat/completions", json=body) as reply:
            answer = await reply.json()
        right += answer["choices"][0]["message"]["content"] == "right"
    return right


async def _main(url: str, cases: int, sides: list[str]) -> None:
    bodies = (
        {"model": MODEL, "messages": messages(side, ticket(number))}
        for number in range(cases)
        for side in sides
    )
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        right = await asyncio.gather(*(_work(session, url, bodies) for _ in range(WIDTH)))
    sys.stdout.write(f"{sum(right)} right\n")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
