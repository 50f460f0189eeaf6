"""Calls in the order of the plan, with looks that may end it while the vendor stays busy."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.replay.queue import Call

AHEAD = 2  # calls for each one under way that may start beyond a look that is still open
_STALLED_S = 0.1  # that calls wait for the last answers of a look before they are guessed


class Judge(Protocol):
    """Judges what was answered; both run in a thread."""

    def judge(self, look: int) -> bool:
        """Judge a look whose answers are all there, and tell whether the run may stop there."""
        ...

    def would_stop(self, look: int) -> bool:
        """Tell whether a look would stop the run by the answers that are there already."""
        ...


class Looks:
    """Hands out calls, and looks as soon as all answers of a look are there.

    While a look waits for its last answers or is being judged, the next calls start already, but
    only a few of them: they are spent in vain if it ends the run. Where it waits for a call that
    hangs, it is guessed from the answers that are there whether it will; if not, the calls of the
    next look start. The look itself still sees all its answers, so the verdict is the same.
    """

    def __init__(
        self,
        call_at: Callable[[int], Call],
        needed_by: Sequence[int],
        *,
        first: int,
        last: int,
        width: int,
        judge: Judge,
    ) -> None:
        """Take the calls in the order in which they start.

        Args:
            call_at: Makes the call at a place of the order.
            needed_by: For each call the first look that needs its answer; never falling.
            first: The look that comes next.
            last: The look at the end of the plan.
            width: Calls under way at once, at most.
            judge: Judges a look.
        """
        self._call_at = call_at
        self._needed_by = needed_by
        self._open = [0] * (last + 1)  # unanswered calls, by the first look that needs them
        for look in needed_by:
            self._open[look] += 1
        self._place = 0  # of the next call
        self._next, self._last = first, last
        self._horizon = first  # the look up to which calls may start
        self._ahead = AHEAD * width
        self._judge = judge
        self._judging: asyncio.Task[None] | None = None
        self._guessing: asyncio.Task[None] | None = None
        self._is_over = False  # no look is to come
        self._is_stopped = False  # no call is to be handed out
        self._changed = asyncio.Condition()

    @property
    def left(self) -> int:
        """Calls that were never started."""
        return len(self._needed_by) - self._place

    @property
    def is_over(self) -> bool:
        """Whether no look is to come, so that no answer matters any more."""
        return self._is_over

    async def take(self) -> Call | None:
        """Return the next call, None if there is no more; waits while too many are ahead."""
        if not (self._is_stopped or self._may_start()):
            is_idle = self._guessing is None or self._guessing.done()
            if is_idle and self._horizon < self._last:
                self._guessing = asyncio.ensure_future(self._guess())
            async with self._changed:
                await self._changed.wait_for(lambda: self._is_stopped or self._may_start())
        if self._is_stopped or self._place == len(self._needed_by):
            return None
        self._place += 1
        return self._call_at(self._place - 1)

    def _may_start(self) -> bool:
        needed = bisect_right(self._needed_by, self._horizon)
        return self._place == len(self._needed_by) or self._place < needed + self._ahead

    async def _guess(self) -> None:
        """Let the calls of the next look start if this one will not stop the run."""
        await asyncio.sleep(_STALLED_S)
        look = self._horizon
        if self._is_over or await asyncio.to_thread(self._judge.would_stop, look):
            return  # it waits until the look is judged
        async with self._changed:
            self._guessing = None
            self._horizon = max(self._horizon, look + 1)
            self._changed.notify_all()

    async def answered(self, call: Call) -> None:
        """Note that a call was answered or given up, and kept."""
        self._open[self._needed_by[call.place]] -= 1
        if self._is_due():
            self._judging = asyncio.ensure_future(self._look())

    def _is_due(self) -> bool:
        return self._judging is None and not self._is_over and not any(self._open[: self._next + 1])

    async def _look(self) -> None:
        """Judge the looks whose answers are all there, one after the other."""
        try:
            while not self._is_over and not any(self._open[: self._next + 1]):
                decided = await asyncio.to_thread(self._judge.judge, self._next)
                async with self._changed:
                    self._is_over = decided or self._next == self._last
                    self._is_stopped = self._is_stopped or self._is_over
                    self._next += 1
                    self._horizon = max(self._horizon, self._next)
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
        if self._guessing is not None:
            self._guessing.cancel()
            # What fails in it fails in the look, too.
            await asyncio.gather(self._guessing, return_exceptions=True)
        if self._judging is not None:
            await self._judging
