from __future__ import annotations

import asyncio

import pytest

from gate.replay.limiter import Limiter


def limits_after(ceiling: int, answers: str) -> list[float]:
    """The limit after each answer; `t` is throttled, `a` is answered."""

    async def run() -> list[float]:
        limiter = Limiter(ceiling)
        found = []
        for each in answers:
            await limiter.acquire()
            await limiter.release(throttled=each == "t")
            found.append(limiter.limit)
        return found

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("ceiling", "answers", "limits"),
    [
        # Halved by a 429; each answer adds 1 / limit: 4 + 1/4 = 17/4, 17/4 + 4/17 = 305/68.
        pytest.param(8, "t", [4.0], id="a-throttle-halves"),
        pytest.param(8, "taa", [4.0, 4.25, 305 / 68], id="an-answer-adds-its-share"),
        pytest.param(8, "ttttt", [4.0, 2.0, 1.0, 1.0, 1.0], id="never-below-one"),
        pytest.param(8, "tttaa", [4.0, 2.0, 1.0, 2.0, 2.5], id="from-one-to-two-by-one-answer"),
        pytest.param(8, "aaa", [8.0, 8.0, 8.0], id="never-above-the-ceiling"),
        pytest.param(2, "taa", [1.0, 2.0, 2.0], id="recovers-up-to-the-ceiling"),
        pytest.param(1, "ta", [1.0, 1.0], id="one-stays-one"),
        pytest.param(5, "t", [2.5], id="half-of-an-odd-number"),
    ],
)
def test_the_limit_follows_the_answers(ceiling: int, answers: str, limits: list[float]) -> None:
    assert limits_after(ceiling, answers) == pytest.approx(limits, abs=1e-12)


def test_no_more_than_the_limit_are_under_way() -> None:
    async def run() -> tuple[int, int]:
        limiter = Limiter(3)
        for _ in range(3):
            await limiter.acquire()
        waiting = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(0.01)
        before = waiting.done()
        await limiter.release(throttled=False)
        await waiting
        return before, waiting.done()

    assert asyncio.run(run()) == (False, True)


def test_after_a_throttle_a_place_is_given_only_below_the_new_limit() -> None:
    async def run() -> list[bool]:
        limiter = Limiter(4)
        for _ in range(4):
            await limiter.acquire()
        waiting = asyncio.ensure_future(limiter.acquire())
        found = []
        for throttled in (True, False, False):  # limits 2, 2.5, 2.9; under way 3, 2, 1
            await limiter.release(throttled=throttled)
            await asyncio.sleep(0.01)
            found.append(waiting.done())
        return found

    assert asyncio.run(run()) == [False, False, True]


def test_growth_wakes_every_waiter_that_has_room() -> None:
    async def run() -> int:
        limiter = Limiter(8)
        await limiter.acquire()
        await limiter.release(throttled=True)
        done = 0

        async def one() -> None:
            nonlocal done
            await limiter.acquire()
            await asyncio.sleep(0)
            await limiter.release(throttled=False)
            done += 1

        await asyncio.wait_for(asyncio.gather(*(one() for _ in range(50))), 5)
        return done

    assert asyncio.run(run()) == 50
