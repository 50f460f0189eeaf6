"""Replays of some calls against a stub, and everything that they kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from stub_vendor import (
    StubVendor,
    status,
    throttled,
)

from gate.core.model import Case, Message, Prompt
from gate.core.prompt import request_for
from gate.providers.registry import Place, open_provider
from gate.replay.budget import Limits, Tally
from gate.replay.engine import replay
from gate.replay.queue import Answered, Call

if TYPE_CHECKING:
    from collections.abc import Sequence

BROKEN = status(503, headers={"Retry-After": "0"})
SLOW_DOWN = throttled("0")


def prompt_at(url: str) -> Prompt:
    return Prompt(
        path="p.prompt.yml",
        name="p",
        model="openai/tiny",
        parameters={},
        messages=(Message(role="user", content="{{input}}"),),
        base_url=f"{url}/v1",
    )


def call_of(
    index: int, *, url: str = "http://127.0.0.1:1", repeat: int = 0, most_usd: float = 0.0
) -> Call:
    case = Case(case_id=f"c{index}", input=f"text {index}")
    return Call(
        side="new",
        case_id=case.case_id,
        repeat=repeat,
        request=request_for(prompt_at(url), case),
        most_usd=most_usd,
    )


class InOrder:
    """A queue of calls that are all to be made."""

    def __init__(self, calls) -> None:
        self._calls = iter(calls)
        self.noted: list[Call] = []

    async def take(self) -> Call | None:
        return next(self._calls, None)

    async def answered(self, call: Call) -> None:
        self.noted.append(call)

    @property
    def is_over(self) -> bool:
        return False

    async def stop(self) -> None:
        self._calls = iter(())


class Run:
    """One replay of some calls against a stub, and everything that it kept."""

    def __init__(  # noqa: PLR0913 -- all that a replay is told
        self,
        stub: StubVendor,
        calls: int,
        *,
        timeout_s: float = 5.0,
        max_in_flight: int | None = None,
        cost_usd: float = 0.0,
        most_usd: float = 0.0,
        expect: tuple[type[Exception], ...] = (),
        proven: Sequence[str] = (),
        **limits: object,
    ) -> None:
        self.kept: list[Answered] = []
        self.error: Exception | None = None
        self.tally: Tally | None = None
        self.tasks_left = -1
        self._cost_usd = cost_usd

        async def run() -> None:
            provider = open_provider(prompt_at(stub.url), Place(root=Path(), timeout_s=timeout_s))
            provider.max_in_flight = max_in_flight
            try:
                self.tally = await replay(
                    InOrder(
                        call_of(index, url=stub.url, most_usd=most_usd) for index in range(calls)
                    ),
                    {"new": provider},
                    limits=Limits(**limits),  # type: ignore[arg-type]
                    keep=self._keep,
                    proven=proven,
                )
            except expect as error:
                self.error = error
            finally:
                await provider.close()
            self.tasks_left = len(asyncio.all_tasks() - {asyncio.current_task()})

        asyncio.run(run())

    def _keep(self, answered: Answered, tally: Tally) -> float:
        assert tally.answered + tally.missing == len(self.kept) + 1
        self.kept.append(answered)
        return self._cost_usd

    @property
    def missing(self) -> list[str | None]:
        return [each.missing for each in self.kept]
