from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest
from unit.flow.four_looks import EACH, WIDTH, Judge, Play, play

from gate.errors import ConfigError
from gate.flow.looks import AHEAD

if TYPE_CHECKING:
    from gate.replay.queue import Call


async def waits(task: asyncio.Task[Call | None]) -> bool:
    for _ in range(50):
        await asyncio.sleep(0)
    return not task.done()


def test_calls_are_handed_out_in_order_each_once() -> None:
    async def run() -> None:
        played = Play(judge := Judge())
        found = []
        while (call := await played.looks.take()) is not None:
            found.append(call)
            await played.looks.answered(call)
        await played.looks.finish()
        assert found == played.calls
        assert played.looks.left == 0
        assert judge.seen == [0, 1, 2, 3]

    play(run)


def test_only_a_few_calls_start_beyond_an_open_look() -> None:
    async def run() -> None:
        played = Play(judge := Judge())
        taken = await played.take(EACH + AHEAD * WIDTH)
        next_one = asyncio.ensure_future(played.looks.take())
        assert await waits(next_one)
        await played.answer(taken[1:EACH])  # and the first is late
        assert await waits(next_one)
        assert judge.seen == []
        await played.answer(taken[:1])
        assert await next_one == played.calls[EACH + AHEAD * WIDTH]
        assert judge.seen == [0]

    play(run)


@pytest.mark.parametrize("seed", range(5))
def test_each_look_is_judged_once_and_in_order_however_answers_arrive(seed: int) -> None:
    async def run() -> None:
        # So wide that all calls are under way at once.
        played = Play(judge := Judge(), width=4 * EACH)
        taken = await played.take(4 * EACH)
        Random(seed).shuffle(taken)  # noqa: S311 -- an order, no secret
        await played.answer(taken)
        assert await played.looks.take() is None
        await played.looks.finish()
        assert judge.seen == [0, 1, 2, 3]

    play(run)


def test_a_look_that_fills_while_another_is_judged_is_judged_after_it() -> None:
    async def run() -> None:
        played = Play(judge := Judge(), width=4 * EACH)
        judge.may_go_on.clear()
        taken = await played.take(3 * EACH)
        await played.answer(taken)
        while not judge.seen:  # noqa: ASYNC110 -- the judge works in another thread
            await asyncio.sleep(0)
        assert judge.seen == [0]
        judge.may_go_on.set()
        await played.looks.finish()
        assert judge.seen == [0, 1, 2]

    play(run)


def test_looks_that_were_judged_before_are_not_judged_again() -> None:
    async def run() -> None:
        played = Play(judge := Judge(), first=2)
        await played.answer(await played.take(EACH))
        await played.looks.finish()
        assert judge.seen == [2]

    play(run)


def test_a_look_that_decides_wakes_who_waits_and_ends_the_calls() -> None:
    async def run() -> None:
        played = Play(judge := Judge(stops_at=0))
        taken = await played.take(EACH + AHEAD * WIDTH)
        waiting = [asyncio.ensure_future(played.looks.take()) for _ in range(WIDTH)]
        assert await waits(waiting[0])
        await played.answer(taken[:EACH])
        assert await asyncio.gather(*waiting) == [None, None]
        assert played.looks.left == 3 * EACH - AHEAD * WIDTH
        await played.answer(taken[EACH:])  # those that were under way
        await played.looks.finish()
        assert judge.seen == [0]

    play(run)


def test_the_last_look_ends_it_whatever_it_finds() -> None:
    async def run() -> None:
        played = Play(judge := Judge(stops_at=None), looks=1)
        taken = await played.take(EACH)
        await played.answer(taken)
        await played.looks.finish()
        assert await played.looks.take() is None
        assert judge.seen == [0]

    play(run)


def test_stop_wakes_who_waits() -> None:
    async def run() -> None:
        played = Play(Judge())
        await played.take(EACH + AHEAD * WIDTH)
        waiting = [asyncio.ensure_future(played.looks.take()) for _ in range(WIDTH)]
        assert await waits(waiting[0])
        await played.looks.stop()
        assert await asyncio.gather(*waiting) == [None, None]

    play(run)


def test_after_stop_a_look_whose_answers_are_all_there_still_comes() -> None:
    # A budget that just reaches a look that decides is enough.
    async def run() -> None:
        played = Play(judge := Judge(stops_at=0))
        taken = await played.take(EACH + 1)
        await played.looks.stop()
        await played.answer(taken[:EACH])
        await played.looks.finish()
        assert judge.seen == [0]

    play(run)


def test_a_look_does_not_undo_a_stop_that_came_while_it_was_judged() -> None:
    async def run() -> None:
        played = Play(judge := Judge())
        judge.may_go_on.clear()
        await played.answer(await played.take(EACH))
        await played.looks.stop()
        judge.may_go_on.set()
        await played.looks.finish()
        assert judge.seen == [0]
        assert await played.looks.take() is None

    play(run)


def test_an_error_in_judging_wakes_who_waits_and_surfaces_at_the_end() -> None:
    async def run() -> None:
        played = Play(judge := Judge(breaks_at=0))
        taken = await played.take(EACH + AHEAD * WIDTH)
        waiting = [asyncio.ensure_future(played.looks.take()) for _ in range(WIDTH)]
        assert await waits(waiting[0])
        await played.answer(taken[:EACH])
        assert await asyncio.gather(*waiting) == [None, None]
        await played.answer(taken[EACH:])
        with pytest.raises(ConfigError, match="a template fails"):
            await played.looks.finish()
        assert judge.seen == [0]

    play(run)


def test_while_a_call_hangs_the_next_look_may_start_if_this_one_would_not_stop() -> None:
    async def run() -> None:
        played = Play(judge := Judge(would_stop=False))
        taken = await played.take(EACH + AHEAD * WIDTH)
        await played.answer(taken[1:])  # and the first hangs
        more = await played.take(EACH)
        assert judge.guessed == [0]
        assert judge.seen == []  # what was guessed is no verdict
        await played.answer(more)
        await played.answer(taken[:1])
        await played.looks.finish()
        assert judge.seen == [0, 1]

    play(run)


def test_while_a_call_hangs_nothing_starts_if_the_look_would_stop() -> None:
    async def run() -> None:
        played = Play(judge := Judge(would_stop=True))
        taken = await played.take(EACH + AHEAD * WIDTH)
        await played.answer(taken[1:])
        next_one = asyncio.ensure_future(played.looks.take())
        while not judge.guessed:  # noqa: ASYNC110 -- the judge works in another thread
            await asyncio.sleep(0.01)
        assert await waits(next_one)
        assert judge.guessed == [0]
        await played.answer(taken[:1])
        assert await next_one is not None
        assert judge.seen == [0]
        await played.looks.finish()

    play(run)
