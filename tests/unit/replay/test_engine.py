from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stub_vendor import (
    HALF_SURROGATE,
    HANG,
    OK,
    Behaviour,
    StubVendor,
    status,
)
from unit.replay.replaying import BROKEN, SLOW_DOWN, InOrder, Run, call_of, prompt_at

from gate.core.model import Request, Response
from gate.errors import ProviderFault
from gate.providers.registry import Place, open_provider
from gate.replay.budget import Limits, Tally
from gate.replay.engine import replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gate.core.model import Provider
    from gate.replay.queue import Answered, Call


def test_every_call_is_kept_exactly_once() -> None:
    script = [OK, SLOW_DOWN, BROKEN, OK, status(400), SLOW_DOWN, OK] * 6
    with StubVendor(script) as stub:
        run = Run(stub, 60, concurrency=8)
    assert Counter(each.call.case_id for each in run.kept) == {f"c{i}": 1 for i in range(60)}
    for each in run.kept:
        assert (each.response is None) == (each.missing is not None)
        if each.response is not None:
            assert each.response.text == f"text {each.call.case_id[1:]}"


def test_concurrency_is_a_ceiling() -> None:
    with StubVendor(otherwise=Behaviour(delay_s=0.02)) as stub:
        Run(stub, 40, concurrency=4)
    assert 2 <= stub.most_at_once <= 4


def test_a_provider_that_answers_one_by_one_is_asked_one_by_one() -> None:
    with StubVendor(otherwise=Behaviour(delay_s=0.01)) as stub:
        run = Run(stub, 10, concurrency=8, max_in_flight=1)
    assert stub.most_at_once == 1
    assert [each.call.case_id for each in run.kept] == [f"c{i}" for i in range(10)]


def test_half_of_a_surrogate_pair_becomes_text_that_a_file_can_hold() -> None:
    with StubVendor([HALF_SURROGATE]) as stub:
        run = Run(stub, 1)
    (answered,) = run.kept
    assert answered.response is not None
    assert answered.response.text == "half ? of a pair"


class Notebook:
    """A provider that writes down its seeds."""

    max_in_flight: int | None = None

    def __init__(self, fault: Exception | None = None) -> None:
        self.seeds: dict[tuple[str, int], int] = {}
        self._fault = fault
        self._asked: Counter[str] = Counter()

    async def complete(self, request: Request, *, seed: int) -> Response:
        if self._fault is not None:
            raise self._fault
        text = request.messages[0].content
        self.seeds[text, self._asked[text]] = seed
        self._asked[text] += 1
        return Response(text="x", finish_reason="stop", latency_ms=1.0)

    async def close(self) -> None:
        """Nothing to release."""


def play(
    provider: Provider,
    calls: Iterable[Call],
    *,
    seed: int = 0,
    keep: Callable[[Answered, Tally], float] = lambda *_: 0.0,
) -> Tally:
    limits = Limits(seed=seed, concurrency=1)
    return asyncio.run(replay(InOrder(calls), {"new": provider}, limits=limits, keep=keep))


def seeds(seed: int = 0, order: int = 1) -> dict[tuple[str, int], int]:
    notebook = Notebook()
    play(
        notebook,
        [call_of(i, repeat=repeat) for repeat in range(3) for i in range(20)[::order]],
        seed=seed,
    )
    return notebook.seeds


def test_every_trial_has_a_seed_of_its_own() -> None:
    found = seeds()
    assert len(found) == len(set(found.values())) == 60
    assert all(0 <= seed < 1 << 31 for seed in found.values())


def test_seeds_are_equal_across_runs_and_orders_and_differ_between_seeds() -> None:
    assert seeds() == seeds() == seeds(order=-1)
    assert not set(seeds(0).values()) & set(seeds(1).values())


def test_a_defect_is_not_taken_for_a_fault() -> None:
    with pytest.raises(ZeroDivisionError):
        play(Notebook(ZeroDivisionError()), [call_of(0)])


def test_what_cannot_be_kept_ends_the_run() -> None:
    def keep(*_: object) -> float:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        play(Notebook(), [call_of(i) for i in range(9)], keep=keep)


def test_no_calls_are_no_work() -> None:
    assert play(Notebook(), []) == Tally()


def test_a_fault_says_why_a_trial_is_missing() -> None:
    kept: list[Answered] = []

    def keep(answered: Answered, _: Tally) -> float:
        kept.append(answered)
        return 0.0

    play(Notebook(ProviderFault("too long", code="rejected", retryable=False)), [call_of(0)],
         keep=keep)  # fmt: skip
    assert [(each.missing, each.message) for each in kept] == [("rejected", "too long")]


def test_a_cancelled_run_leaves_no_task() -> None:
    async def run(url: str) -> set[asyncio.Task[None]]:
        provider = open_provider(prompt_at(url), Place(root=Path(), timeout_s=30.0))
        running = asyncio.ensure_future(
            replay(
                InOrder(call_of(i, url=url) for i in range(20)),
                {"new": provider},
                limits=Limits(concurrency=4),
                keep=lambda *_: 0.0,
            )
        )
        while len(stub.seen) < 4:  # noqa: ASYNC110 -- the stub lives in another thread
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await provider.close()
        return left

    with StubVendor(otherwise=HANG) as stub:
        assert asyncio.run(run(stub.url)) == set()
        assert len(stub.seen) == 4
