"""How many requests may be under way: additive increase, multiplicative decrease."""

from __future__ import annotations

import asyncio


class Limiter:
    """A ceiling that falls when the vendor throttles and recovers while it does not.

    Source:
        Chiu and Jain (1989), Computer Networks and ISDN Systems 17(1).
    """

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.limit = float(ceiling)
        self._under_way = 0
        self._changed = asyncio.Condition()

    async def acquire(self) -> None:
        """Wait for a place."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._under_way < max(1, int(self.limit)))
            self._under_way += 1

    async def release(self, *, throttled: bool) -> None:
        """Give a place back, and say whether the vendor throttled."""
        async with self._changed:
            self._under_way -= 1
            if throttled:
                self.limit = max(1.0, self.limit / 2)
            else:
                self.limit = min(float(self.ceiling), self.limit + 1 / self.limit)
            self._changed.notify(2)
