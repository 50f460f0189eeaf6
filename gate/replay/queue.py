"""What the engine is handed, and what it hands back: calls in a queue, and how they ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gate.core.model import Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One trial to be called."""

    side: str  # old or new; names the provider
    case_id: str
    repeat: int
    request: Request
    place: int = 0  # in the queue
    most_usd: float = 0.0  # that an attempt can cost; only a budget of money asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a call ended: with a response, or missing with the reason."""

    call: Call
    response: Response | None
    missing: str | None = None
    message: str = ""


class Queue(Protocol):
    """Where the calls come from."""

    async def take(self) -> Call | None:
        """Return the next call, None if there is no more."""
        ...

    async def answered(self, call: Call) -> None:
        """Note that a call was answered or given up, and kept."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether no answer matters any more, not even of the calls under way."""
        ...

    async def stop(self) -> None:
        """Hand out no more calls: the budget is spent."""
        ...
