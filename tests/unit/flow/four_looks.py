"""Four looks of ten calls each, and a judge that tells what it was shown."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from gate.core.model import Case, Message, Prompt
from gate.core.prompt import request_for
from gate.errors import ConfigError
from gate.flow.looks import Looks
from gate.replay.queue import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

EACH = 10  # calls that each look waits for
WIDTH = 2
HANG_S = 30.0  # a test that takes as long has found a deadlock

PROMPT = Prompt(
    path="p.prompt.yml",
    name="p",
    model="openai/tiny",
    parameters={},
    messages=(Message(role="user", content="{{input}}"),),
)


def call_of(index: int) -> Call:
    case = Case(case_id=f"c{index}", input=f"text {index}")
    request = request_for(PROMPT, case)
    return Call(side="new", case_id=case.case_id, repeat=0, request=request, place=index)


class Judge:
    """Notes which looks it was shown, and stops or breaks at one of them."""

    def __init__(
        self,
        *,
        stops_at: int | None = None,
        breaks_at: int | None = None,
        would_stop: bool = True,
    ) -> None:
        self.seen: list[int] = []
        self.guessed: list[int] = []
        self._would_stop = would_stop
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._stops_at = stops_at
        self._breaks_at = breaks_at

    def judge(self, look: int) -> bool:
        self.seen.append(look)
        assert self.may_go_on.wait(HANG_S)
        if look == self._breaks_at:
            raise ConfigError("a template fails")
        return look == self._stops_at

    def would_stop(self, look: int) -> bool:
        self.guessed.append(look)
        return self._would_stop


class Play:
    """Four looks of ten calls each."""

    def __init__(self, judge: Judge, *, first: int = 0, looks: int = 4, width: int = WIDTH) -> None:
        self.calls = [call_of(index) for index in range((looks - first) * EACH)]
        self.looks = Looks(
            self.calls.__getitem__,
            [first + index // EACH for index in range(len(self.calls))],
            first=first,
            last=looks - 1,
            width=width,
            judge=judge,
        )

    async def take(self, number: int) -> list[Call]:
        taken = [await self.looks.take() for _ in range(number)]
        assert None not in taken
        return [call for call in taken if call]

    async def answer(self, calls: Sequence[Call]) -> None:
        for call in calls:
            await self.looks.answered(call)


def play(run: Callable[[], Awaitable[None]]) -> None:
    async def guarded() -> None:
        await asyncio.wait_for(run(), HANG_S)

    asyncio.run(guarded())
