"""Calls in the order of the plan, with looks that may end it while the vendor stays busy."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.replay.engine import Call

AHEAD = 2  # calls for each one under way that may start beyond a look that is still open


class Looks:
    """Hands out calls, and looks as soon as all answers of a look are there.

    While a look waits for its last answers or is being judged, the next calls start already, but
    only a few of them: they are spent in vain if it ends the run.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        needed_by: Sequence[int],
        *,
        first: int,
        last: int,
        width: int,
        judge: Callable[[int], bool],
    ) -> None:
        """Take the calls in the order in which they start.

        Args:
            calls: All of them.
            needed_by: For each call the first look that needs its answer; never falling.
            first: The look that comes next.
            last: The look at the end of the plan.
            width: Calls under way at once, at most.
            judge: Judges a look, and tells whether the run may stop there. It runs in a thread.
        """
        self._calls = calls
        self._needed_by = needed_by
        self._look_of = {
            (call.request.digest, call.repeat): look
            for call, look in zip(calls, needed_by, strict=True)
        }
        self._open = [0] * (last + 1)  # unanswered calls, by the first look that needs them
        for look in needed_by:
            self._open[look] += 1
        self._place = 0  # of the next call
        self._next, self._last = first, last
        self._ahead = AHEAD * width
        self._judge = judge
        self._judging: asyncio.Task[None] | None = None
        self._is_over = False  # no look is to come
        self._is_stopped = False  # no call is to be handed out
        self._changed = asyncio.Condition()

    @property
    def left(self) -> int:
        """Calls that were never started."""
        return len(self._calls) - self._place

    async def take(self) -> Call | None:
        """Return the next call, None if there is no more; waits while too many are ahead."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_stopped or self._may_start())
            if self._is_stopped or self._place == len(self._calls):
                return None
            self._place += 1
            return self._calls[self._place - 1]

    def _may_start(self) -> bool:
        needed = bisect_right(self._needed_by, self._next)
        return self._place == len(self._calls) or self._place < needed + self._ahead

    async def answered(self, call: Call) -> None:
        """Note that a call was answered or given up, and kept."""
        self._open[self._look_of[call.request.digest, call.repeat]] -= 1
        if self._is_due():
            self._judging = asyncio.ensure_future(self._look())

    def _is_due(self) -> bool:
        return self._judging is None and not self._is_over and not any(self._open[: self._next + 1])

    async def _look(self) -> None:
        """Judge the looks whose answers are all there, one after the other."""
        try:
            while not self._is_over and not any(self._open[: self._next + 1]):
                decided = await asyncio.to_thread(self._judge, self._next)
                async with self._changed:
                    self._is_over = decided or self._next == self._last
                    self._is_stopped = self._is_stopped or self._is_over
                    self._next += 1
                    self._changed.notify_all()
        except BaseException:
            self._is_over = True
            await self.stop()
            raise
        self._judging = None

    async def stop(self) -> None:
        """Hand out no more calls; a look whose answers are all there still comes."""
        async with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    async def finish(self) -> None:
        """Wait for the look that is being judged.

        Raises:
            GateError: Judging it failed.
        """
        if self._judging is not None:
            await self._judging
