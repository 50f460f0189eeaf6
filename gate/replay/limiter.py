"""Places for calls: as many as the vendor bears, and none while it asks to be left alone."""

from __future__ import annotations

import asyncio
from collections import deque

from gate.replay.congestion import Congestion


class Limiter:
    """Hands places out in turn; a call that is tried again goes before the new ones."""

    def __init__(self, ceiling: int) -> None:
        self.congestion = Congestion(ceiling)
        self.under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._held_until = 0.0  # by the event loop's clock

    async def acquire(self, *, again: bool = False) -> None:
        """Wait for a place."""
        if not self._waiting and self._has_room():
            self.under_way += 1
            return
        place = asyncio.get_running_loop().create_future()
        if again:
            self._waiting.appendleft(place)
        else:
            self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.release()
            raise

    def take_idle(self) -> bool:
        """Take a place that nobody waits for, if there is one."""
        is_idle = not self._waiting and self._has_room()
        self.under_way += is_idle
        return is_idle

    def release(self) -> None:
        """Give a place back."""
        self.under_way -= 1
        self._admit()

    def hold(self, seconds: float) -> None:
        """Let no call start for a while; those that are under way go on."""
        loop = asyncio.get_running_loop()
        if loop.time() + seconds > self._held_until:
            self._held_until = loop.time() + seconds
            loop.call_at(self._held_until, self._let_go)

    def _let_go(self) -> None:
        """End a pause; a timer may come a tick of the clock too early."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._held_until:
            loop.call_at(self._held_until, self._let_go)
        else:
            self._admit()

    def _has_room(self) -> bool:
        held = asyncio.get_running_loop().time() < self._held_until
        return not held and self.under_way < int(self.congestion.limit)

    def _admit(self) -> None:
        while self._waiting and self._has_room():
            place = self._waiting.popleft()
            if not place.done():
                self.under_way += 1
                place.set_result(None)
