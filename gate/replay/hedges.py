"""Second attempts at calls that hang while the places beside them are idle."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.replay.queue import Call

_LATE = 10.0  # times the usual latency
_LEAST_S = 1.0

Work = asyncio.Task[None]


@dataclass(slots=True)
class _Asked:
    call: Call
    since: float  # by the event loop's clock


class Hedges:
    """The attempts under way, and which two of them are at the same call.

    Whichever of two is answered first ends the other, so that a call is answered once.

    Source:
        Hedged requests: Dean and Barroso (2013), The Tail at Scale, CACM 56(2).
    """

    def __init__(self) -> None:
        self._asked: dict[Work, _Asked] = {}
        self._other: dict[Work, Work] = {}

    def begin(self, work: Work, call: Call) -> None:
        """Note that an attempt at a call is under way."""
        self._asked[work] = _Asked(call, asyncio.get_running_loop().time())

    def end(self, work: Work) -> None:
        """Note that the attempt has ended."""
        self._asked.pop(work, None)

    def late(self, usual_s: float) -> Iterator[tuple[Work, Call]]:
        """Yield the calls that take much longer than usual and stand alone, the oldest first."""
        late_s = max(_LEAST_S, _LATE * usual_s)
        now = asyncio.get_running_loop().time()
        for work, asked in list(self._asked.items()):
            if work not in self._other and now - asked.since > late_s:
                yield work, asked.call

    def join(self, first: Work, second: Work) -> None:
        """Note that two are at the same call."""
        self._other[first], self._other[second] = second, first

    def is_alone(self, work: Work) -> bool:
        """Tell whether nobody else is at the call any more."""
        other = self._other.get(work)
        return other is None or other.done()

    def answered(self, work: Work) -> None:
        """End the other attempt at a call that was answered."""
        other = self._other.get(work)
        if other is not None:
            other.cancel()
