"""The replay engine: calls out, answers in, faults retried, nothing counted twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from gate.core.canonical import seed_of
from gate.errors import IncompleteError, ProviderFault
from gate.replay.budget import Budget, Limits, Tally
from gate.replay.hedges import Hedges
from gate.replay.limiter import Limiter
from gate.replay.queue import Answered
from gate.replay.tries import Tries, asked_pause_s

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gate.core.model import Provider, Response
    from gate.replay.queue import Call, Queue

_SURRENDER = 5  # calls in a row given up before any was answered: the vendor is not there
_SURRENDER_LATER = 25  # calls in a row given up after that: it went away
_PATIENCE = 3.0  # times the usual latency that a run waits for answers that do not count any more
_LEAST_PATIENCE_S = 2.0
_NOW_AND_THEN_S = 0.1  # between two looks for calls that hang
_OPEN = 4  # calls begun and not ended, for each place: the others of them pause before a retry


async def replay(
    queue: Queue,
    providers: Mapping[str, Provider],
    *,
    limits: Limits,
    keep: Callable[[Answered, Tally], float],
    tally: Tally | None = None,
    proven: Collection[str] = (),
) -> Tally:
    """Make the calls of a queue.

    Args:
        queue: Hands the calls out in the order in which they should start.
        providers: One for each side.
        limits: Concurrency and budget.
        keep: Takes each answer as it arrives, and returns what it cost in USD.
        tally: Where to count, so that it is known even if the run ends in an error.
        proven: Sides whose prompt was answered before. If the vendor rejects a request of theirs,
            that request is at fault and not the prompt: however many, the run goes on.

    Returns:
        What was used. A spent budget ends the run early and is named there.

    Raises:
        IncompleteError: The key is refused, the model does not exist, or nobody answers.
    """
    run = _Run(queue, providers, limits, keep, Tally() if tally is None else tally, proven)
    await run.all()
    return run.tally


def width_of(providers: Mapping[str, Provider], limits: Limits) -> int:
    """Return how many calls may be under way at once.

    A model in this process answers one by one; two of them would share its cores.
    """
    places = [provider.max_in_flight for provider in providers.values()]
    return min([limits.concurrency, *(place for place in places if place)])


class _Run:
    """One replay.

    Each call is a task. It holds a place while an attempt is under way and none while it pauses,
    so that a vendor's faults do not keep the other calls from going on.
    """

    def __init__(
        self,
        queue: Queue,
        providers: Mapping[str, Provider],
        limits: Limits,
        keep: Callable[[Answered, Tally], float],
        tally: Tally,
        proven: Collection[str],
    ) -> None:
        self.tally = tally
        self._proven = proven
        self._error: BaseException | None = None
        self._queue = queue
        self._providers = providers
        self._seed = limits.seed
        self._keep = keep
        width = width_of(providers, limits)
        self._limiter = Limiter(width)
        self._budget = Budget(limits, tally)
        self._open: set[asyncio.Task[None]] = set()
        self._most_open = _OPEN * width
        self._ended = asyncio.Event()  # set when a call ends
        self._in_a_row = 0  # calls given up since the last answer
        self._jitter = Random(limits.seed)  # noqa: S311 -- spreads retries, guards nothing
        self._pausing: set[asyncio.Task[None]] = set()  # calls before their next try
        self._hedges = Hedges()
        # A second attempt may cost a call more, which a budget might miss for another.
        self._may_hedge = limits.is_boundless

    async def all(self) -> None:
        """Make all calls, or raise the first error of one and let no other go on."""
        self._feeding = asyncio.ensure_future(self._feed())
        self._hedging = asyncio.ensure_future(self._hedge())
        try:
            await asyncio.wait({self._feeding})
            if self._error is not None:
                raise self._error
            await self._feeding
        finally:
            tasks = self._cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _cancel(self) -> list[asyncio.Task[None]]:
        tasks = [self._feeding, self._hedging, *self._open]
        for task in tasks:
            task.cancel()
        return tasks

    async def _feed(self) -> None:
        """Begin one call after another, and wait for the last.

        Where a look has decided meanwhile, answers that are under way are worth keeping, but not
        worth waiting for much longer than they usually take.
        """
        while (call := await self._queue.take()) is not None:
            await self._limiter.acquire()
            self._begin(call)
            await self._until_open(self._most_open - 1)
        if not self._queue.is_over:
            await self._until_open(0)
        elif self._open:
            patience_s = max(_LEAST_PATIENCE_S, _PATIENCE * self._limiter.congestion.usual_s)
            await asyncio.wait(self._open, timeout=patience_s)

    def _begin(self, call: Call, *, is_second: bool = False) -> asyncio.Task[None]:
        """Begin a call in a place that is held."""
        task = asyncio.ensure_future(self._see_through(call, is_second=is_second))
        self._open.add(task)
        task.add_done_callback(self._end_of)
        return task

    async def _hedge(self) -> None:
        """Try calls that hang once more, beside the first attempt, where places are idle."""
        while self._may_hedge and not self._feeding.done():
            await asyncio.wait({self._feeding}, timeout=_NOW_AND_THEN_S)
            for work, call in self._hedges.late(self._limiter.congestion.usual_s):
                is_remote = self._providers[call.side].max_in_flight is None
                if is_remote and self.tally.answered and self._limiter.take_idle():
                    self._hedges.join(work, self._begin(call, is_second=True))

    async def _until_open(self, most: int) -> None:
        while len(self._open) > most:
            self._ended.clear()
            await self._ended.wait()

    def _end_of(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        self._pausing.discard(task)
        self._ended.set()
        error = None if task.cancelled() else task.exception()
        if error is not None and self._error is None:
            self._error = error
            self._cancel()  # now: the next call would start in this very moment

    async def _see_through(self, call: Call, *, is_second: bool) -> None:
        """Try a call until it is answered or given up; it holds a place when it begins."""
        tries, work = Tries(), _this_task()
        self.tally.retries += is_second
        while True:
            outcome = await self._attempt(call, tries)
            if not isinstance(outcome, ProviderFault):
                break
            if not self._hedges.is_alone(work):
                return  # the other attempt is under way, and goes on from here
            tries.note(outcome)
            if not tries.are_left(outcome, is_answering=self.tally.answered > 0):
                break
            if not await self._pause(work, tries.pause_s(outcome, self._jitter)):
                outcome = None
                break
        if outcome is None:
            await self._queue.stop()
            for other in self._pausing:
                other.cancel()  # its next try would not start either
            return
        if isinstance(outcome, ProviderFault):
            self._give_up(call, outcome)
        await self._queue.answered(call)
        if self._in_a_row >= (_SURRENDER_LATER if self.tally.answered else _SURRENDER):
            raise self._surrender(outcome)

    async def _pause(self, work: asyncio.Task[None], seconds: float) -> bool:
        """Wait before another try, and then for a place; tell whether it may start."""
        if self._budget.is_spent():
            return False
        self._pausing.add(work)
        await asyncio.sleep(self._budget.left_s(seconds))
        self._pausing.discard(work)
        await self._limiter.acquire(again=True)
        if self._queue.is_over:
            self._limiter.release()
        return not self._queue.is_over

    async def _attempt(self, call: Call, tries: Tries) -> ProviderFault | Response | None:
        """Make one attempt in a place that is held, and give the place back.

        Returns:
            The answer, which is kept; how the attempt failed; None where the budget is spent.
        """
        try:
            if not await self._budget.reserve(call.most_usd):
                return None
            self.tally.retries += tries.faults > 0
            outcome: ProviderFault | Response | None = None
            cost_usd, is_doubtful = 0.0, True  # as long as nothing else is known
            try:
                outcome = await self._ask(call)
                cost_usd, is_doubtful = self._answer(call, outcome, tries.faults + 1), False
            except ProviderFault as fault:
                outcome, is_doubtful = fault, fault.may_be_billed
                self._note(fault)
            finally:
                self._budget.settle(call.most_usd, cost_usd=cost_usd, is_doubtful=is_doubtful)
        finally:
            self._limiter.release()
        return outcome

    async def _ask(self, call: Call) -> Response:
        seed = seed_of(call.request.digest, call.repeat, self._seed)
        work = _this_task()
        self._hedges.begin(work, call)
        try:
            response = await self._providers[call.side].complete(call.request, seed=seed)
        finally:
            self._hedges.end(work)
        self._hedges.answered(work)
        self._limiter.congestion.answered(response.latency_ms)
        # JSON can carry half of a surrogate pair, which no file and no database can.
        text = response.text.encode("utf-8", "replace").decode()
        return response if text == response.text else replace(response, text=text)

    def _answer(self, call: Call, response: Response, attempts: int) -> float:
        self.tally.answered += 1
        self._in_a_row = 0
        answered = Answered(call=call, response=replace(response, attempts=attempts))
        return self._keep(answered, self.tally)

    def _note(self, fault: ProviderFault) -> None:
        self.tally.faults[fault.code] = self.tally.faults.get(fault.code, 0) + 1
        if not fault.is_overload:
            return
        self._limiter.congestion.turned_away()
        asked_s = asked_pause_s(fault)
        if self._limiter.congestion.is_crowded and asked_s is not None:
            self._limiter.hold(self._budget.left_s(asked_s))

    def _give_up(self, call: Call, fault: ProviderFault) -> None:
        self.tally.missing += 1
        self._in_a_row += not (fault.code == "rejected" and call.side in self._proven)
        answered = Answered(call=call, response=None, missing=fault.code, message=str(fault))
        self._keep(answered, self.tally)

    def _surrender(self, outcome: object) -> IncompleteError:
        code = outcome.code if isinstance(outcome, ProviderFault) else ""
        return IncompleteError(
            f"{self._in_a_row} calls in a row were not answered: {outcome}",
            fix=_REPAIRS.get(code, "see that the server runs, then run again; ") + _KEPT,
        )


_KEPT = "what was answered is kept"
_REPAIRS = {
    "rejected": "see what the vendor refuses, and mend the prompt or its parameters; ",
    "throttled": "run again later, or with a lower --concurrency; ",
}


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 -- every call is a task
    return task
