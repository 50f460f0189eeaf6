"""The replay engine: calls out, answers in, faults retried, nothing counted twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Protocol

from gate.core.canonical import seed_of
from gate.errors import IncompleteError, ProviderFault
from gate.replay.limiter import Limiter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.core.model import Provider, Request, Response

ATTEMPTS = 4  # tries of one call, the first included
TIMEOUTS = 2  # of which so many may run into the time-out
_BACKOFF_S = 0.5  # the first pause; it doubles
_LONGEST_S = 20.0  # pause that is ever slept, whatever the vendor asks for
_SURRENDER = 5  # calls in a row given up before any was answered: the vendor is not there
_SURRENDER_LATER = 25  # calls in a row given up after that: it went away


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One trial to be called."""

    side: str  # old or new; names the provider
    case_id: str
    repeat: int
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a call ended: with a response, or missing with the reason."""

    call: Call
    response: Response | None
    missing: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may use."""

    concurrency: int = 8
    max_calls: int | None = None  # attempts, retries included
    max_cost_usd: float | None = None
    seed: int = 0

    def after(self, used: Tally) -> Limits:
        """Return what is left for the next suite of the same run."""
        calls, cost = self.max_calls, self.max_cost_usd
        return replace(
            self,
            max_calls=None if calls is None else max(0, calls - used.attempts),
            max_cost_usd=None if cost is None else max(0.0, cost - used.cost_usd),
        )


@dataclass(slots=True)
class Tally:
    """What a run has used so far."""

    attempts: int = 0
    retries: int = 0
    answered: int = 0
    missing: int = 0
    cost_usd: float = 0.0
    budget_spent: str = ""  # why no further call was made
    faults: dict[str, int] = field(default_factory=dict)


class Queue(Protocol):
    """Where the workers take their calls from."""

    async def take(self) -> Call | None:
        """Return the next call, None if there is no more."""
        ...

    async def answered(self, call: Call) -> None:
        """Note that a call was answered or given up, and kept."""
        ...

    async def stop(self) -> None:
        """Hand out no more calls: the budget is spent."""
        ...


async def replay(
    queue: Queue,
    providers: Mapping[str, Provider],
    *,
    limits: Limits,
    keep: Callable[[Answered, Tally], float],
    tally: Tally | None = None,
) -> Tally:
    """Make the calls of a queue.

    Args:
        queue: Hands the calls out in the order in which they should start.
        providers: One for each side.
        limits: Concurrency and budget.
        keep: Takes each answer as it arrives, before the next call of its place starts, and
            returns what it cost in USD.
        tally: Where to count, so that it is known even if the run ends in an error.

    Returns:
        What was used. A spent budget ends the run early and is named there.

    Raises:
        IncompleteError: The key is refused, the model does not exist, or nobody answers.
    """
    run = _Run(providers, limits, keep, Tally() if tally is None else tally)
    width = width_of(providers, limits)
    workers = [asyncio.ensure_future(run.work(queue)) for _ in range(width)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return run.tally


def width_of(providers: Mapping[str, Provider], limits: Limits) -> int:
    """Return how many calls may be under way at once.

    A model in this process answers one by one; two of them would share its cores.
    """
    places = [provider.max_in_flight for provider in providers.values()]
    return min([limits.concurrency, *(place for place in places if place)])


class _Run:
    def __init__(
        self,
        providers: Mapping[str, Provider],
        limits: Limits,
        keep: Callable[[Answered, Tally], float],
        tally: Tally,
    ) -> None:
        self.tally = tally
        self._providers = providers
        self._limits = limits
        self._keep = keep
        self._limiter = Limiter(limits.concurrency)
        self._in_a_row = 0  # calls given up since the last answer
        self._jitter = Random(limits.seed)  # noqa: S311 -- spreads retries, guards nothing

    async def work(self, queue: Queue) -> None:
        """Take one call after another until none is left."""
        while (call := await queue.take()) is not None:
            answered = await self._call(call)
            if answered is None:
                await queue.stop()
                return
            if answered.response is None:
                self.tally.missing += 1
                self._in_a_row += 1
            else:
                self.tally.answered += 1
                self._in_a_row = 0
            self.tally.cost_usd += self._keep(answered, self.tally)
            await queue.answered(call)
            if self._in_a_row >= (_SURRENDER_LATER if self.tally.answered else _SURRENDER):
                raise IncompleteError(
                    f"{self._in_a_row} calls in a row were not answered: {answered.message}",
                    fix=(
                        "see what the vendor refuses, and mend the prompt or its parameters"
                        if answered.missing == "rejected"
                        else "see that the server runs, then run again; what was answered is kept"
                    ),
                )

    async def _call(self, call: Call) -> Answered | None:
        fault: ProviderFault | None = None
        timeouts = 0
        for attempt in range(ATTEMPTS):
            if attempt and fault is not None:
                await asyncio.sleep(self._pause_s(attempt, fault.retry_after_s))
            try:
                response = await self._attempt(call, is_retry=attempt > 0)
            except ProviderFault as error:
                fault = error
                timeouts += error.code == "timeout"
                self.tally.faults[error.code] = self.tally.faults.get(error.code, 0) + 1
                if not error.retryable or timeouts >= TIMEOUTS:
                    break
            else:
                if response is None:
                    return None
                return Answered(call=call, response=replace(response, attempts=attempt + 1))
        code = fault.code if fault else "transport"
        return Answered(call=call, response=None, missing=code, message=str(fault))

    async def _attempt(self, call: Call, *, is_retry: bool) -> Response | None:
        await self._limiter.acquire()
        throttled = False
        try:
            if not self._may_call():  # asked now: others have called while this one waited
                return None
            self.tally.attempts += 1
            self.tally.retries += is_retry
            seed = seed_of(call.request.digest, call.repeat, self._limits.seed)
            response = await self._providers[call.side].complete(call.request, seed=seed)
        except ProviderFault as error:
            throttled = error.code == "throttled"
            raise
        finally:
            await self._limiter.release(throttled=throttled)
        # JSON can carry half of a surrogate pair, which no file and no database can.
        text = response.text.encode("utf-8", "replace").decode()
        return response if text == response.text else replace(response, text=text)

    def _may_call(self) -> bool:
        limits, tally = self._limits, self.tally
        if limits.max_calls is not None and tally.attempts >= limits.max_calls:
            tally.budget_spent = "--max-calls is used up"
        elif limits.max_cost_usd is not None and tally.cost_usd >= limits.max_cost_usd:
            tally.budget_spent = "--max-cost is used up"
        return not tally.budget_spent

    def _pause_s(self, attempt: int, retry_after_s: float | None) -> float:
        """Sleep as long as the vendor asks, else an exponential pause with jitter."""
        if retry_after_s is not None:
            return min(retry_after_s, _LONGEST_S)
        pause_s: float = _BACKOFF_S * 2.0 ** (attempt - 1) * self._jitter.uniform(0.5, 1.0)
        return min(_LONGEST_S, pause_s)
