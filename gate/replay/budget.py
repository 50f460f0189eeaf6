"""The budget of a run: calls, money and time, none of which is ever exceeded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

_NO_MONEY = "--max-cost: what is left may not pay for another call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may use."""

    concurrency: int = 8
    max_calls: int | None = None  # attempts, retries included
    max_cost_usd: float | None = None
    deadline_at: float | None = None  # on the monotonic clock, in seconds; no call starts after it
    seed: int = 0

    @property
    def is_boundless(self) -> bool:
        """Whether nothing but the concurrency is limited."""
        return self.max_calls is None and self.max_cost_usd is None and self.deadline_at is None

    def after(self, used: Tally) -> Limits:
        """Return what is left for the next suite of the same run."""
        calls, cost = self.max_calls, self.max_cost_usd
        return replace(
            self,
            max_calls=None if calls is None else max(0, calls - used.all_attempts),
            max_cost_usd=None if cost is None else max(0.0, cost - used.spent_usd),
        )


@dataclass(slots=True)
class Tally:
    """What a run has used so far."""

    attempts: int = 0
    retries: int = 0
    answered: int = 0
    missing: int = 0
    cost_usd: float = 0.0  # of the answers
    doubtful_usd: float = 0.0  # at most, of attempts without an answer that may be billed
    budget_spent: str = ""  # why no further call was made
    beside_calls: int = 0  # attempts of a judge that shares the budget, those set aside included
    beside_usd: float = 0.0  # what they cost at most
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def spent_usd(self) -> float:
        """What the run cost at most."""
        return self.cost_usd + self.doubtful_usd + self.beside_usd

    @property
    def all_attempts(self) -> int:
        """What the run called, a judge's calls included."""
        return self.attempts + self.beside_calls


class Budget:
    """Lets a call start only if the most that it can cost is left."""

    def __init__(self, limits: Limits, tally: Tally) -> None:
        self._limits = limits
        self._tally = tally
        self._reserved_usd: list[float] = []  # of the calls under way
        self._settled = asyncio.Event()

    async def reserve(self, most_usd: float) -> bool:
        """Set aside what a call can cost at most, and count the call.

        While other calls are under way, which may turn out cheaper than they could be, it waits.

        Returns:
            Whether the call may start; if not, the tally says why.
        """
        while not self._fits(most_usd):
            if self.is_spent() or not self._reserved_usd:
                self._tally.budget_spent = self._tally.budget_spent or _NO_MONEY
                return False
            self._settled.clear()
            await self._settled.wait()
        if self.is_spent():
            return False
        self._reserved_usd.append(most_usd)
        self._tally.attempts += 1
        return True

    def _fits(self, most_usd: float) -> bool:
        limit = self._limits.max_cost_usd
        return limit is None or self._tally.spent_usd + sum(self._reserved_usd) + most_usd <= limit

    def left_s(self, seconds: float) -> float:
        """Return as much of some seconds as there is before the deadline."""
        if self._limits.deadline_at is None:
            return seconds
        return min(seconds, max(0.0, self._limits.deadline_at - asyncio.get_running_loop().time()))

    def is_spent(self) -> bool:
        """Tell whether no further call may start; the tally then says why."""
        limits, tally = self._limits, self._tally
        if limits.max_calls is not None and tally.all_attempts >= limits.max_calls:
            tally.budget_spent = "--max-calls is used up"
        elif (
            limits.deadline_at is not None
            and asyncio.get_running_loop().time() >= limits.deadline_at
        ):
            tally.budget_spent = "--deadline is reached"
        return bool(tally.budget_spent)

    def settle(self, most_usd: float, *, cost_usd: float = 0.0, is_doubtful: bool = False) -> None:
        """Count what became of a call instead of what was set aside for it."""
        self._reserved_usd.remove(most_usd)
        self._tally.cost_usd += cost_usd
        if is_doubtful:
            self._tally.doubtful_usd += most_usd
        self._settled.set()
