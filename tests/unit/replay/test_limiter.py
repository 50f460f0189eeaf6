from __future__ import annotations

import asyncio

from gate.replay.limiter import Limiter


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_no_more_than_the_limit_are_under_way() -> None:
    async def run() -> tuple[bool, bool]:
        limiter = Limiter(3)
        for _ in range(3):
            await limiter.acquire()
        waiting = asyncio.ensure_future(limiter.acquire())
        await turns()
        before = waiting.done()
        limiter.release()
        await waiting
        return before, waiting.done()

    assert asyncio.run(run()) == (False, True)


def test_after_a_fall_a_place_is_given_only_below_the_new_limit() -> None:
    async def run() -> list[bool]:
        limiter = Limiter(8)
        for _ in range(8):
            await limiter.acquire()
        waiting = asyncio.ensure_future(limiter.acquire())
        for _ in range(4):
            limiter.congestion.turned_away()  # the limit is 4
        found = []
        for _ in range(5):
            limiter.release()
            await turns()
            found.append(waiting.done())
        return found

    assert asyncio.run(run()) == [False, False, False, False, True]


def test_a_call_that_is_tried_again_goes_before_the_new_ones() -> None:
    async def run() -> list[str]:
        limiter, order = Limiter(1), []

        async def one(name: str, *, again: bool) -> None:
            await limiter.acquire(again=again)
            order.append(name)
            limiter.release()

        await limiter.acquire()
        tasks = [
            asyncio.ensure_future(one(name, again=name == "again"))
            for name in ("new", "newer", "again")
        ]
        await turns()
        limiter.release()
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == ["again", "new", "newer"]


def test_while_the_vendor_asks_to_be_left_alone_no_call_starts() -> None:
    async def run() -> tuple[bool, float]:
        limiter, loop = Limiter(4), asyncio.get_running_loop()
        started = loop.time()
        limiter.hold(0.2)
        limiter.hold(0.1)  # the longer one counts
        waiting = asyncio.ensure_future(limiter.acquire())
        await turns()
        before = waiting.done()
        await waiting
        return before, loop.time() - started

    early, waited_s = asyncio.run(run())
    assert not early
    assert waited_s >= 0.2


def test_who_gives_up_waiting_keeps_no_place() -> None:
    async def run() -> int:
        limiter = Limiter(1)
        await limiter.acquire()
        first, second = (asyncio.ensure_future(limiter.acquire()) for _ in range(2))
        await turns()
        first.cancel()
        limiter.release()  # to the second
        await second
        third = asyncio.ensure_future(limiter.acquire())
        await turns()
        limiter.release()  # to the third, which is cancelled before it knows
        third.cancel()
        await asyncio.gather(third, return_exceptions=True)
        return limiter.under_way

    assert asyncio.run(run()) == 0


def test_a_clock_of_coarse_ticks_does_not_hold_calls_for_ever() -> None:
    async def run() -> bool:
        loop = asyncio.get_running_loop()
        loop._clock_resolution = 0.0156  # noqa: SLF001 -- there is no other way to a coarse clock
        limiter = Limiter(4)
        for _ in range(5):
            limiter.hold(0.02)
            await asyncio.wait_for(limiter.acquire(), 5)
            limiter.release()
        return True

    assert asyncio.run(run())
