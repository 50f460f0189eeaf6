"""Gathering the trials of both sides: from the baseline, the recordings, or a live call."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.core.score import cost_usd
from gate.errors import IncompleteError
from gate.flow.gathered import add_trial
from gate.flow.looks import Looks
from gate.providers.registry import Place, open_provider
from gate.replay.engine import Answered, Call, Limits, Tally, replay, width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.core.model import Provider
    from gate.flow.asking import Key, Plan, Wanted
    from gate.flow.change import Side, SuiteChange
    from gate.flow.gathered import Gathered
    from gate.flow.project import Project
    from gate.replay.progress import Progress
    from gate.store.recordings import Recordings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How trials are gathered."""

    offline: bool = False
    limits: Limits = field(default_factory=Limits)
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What gathering works with."""

    project: Project
    recordings: Recordings
    progress: Progress


def gather(
    change: SuiteChange,
    found: Gathered,
    pending: Mapping[Key, list[Wanted]],
    tools: Tools,
    options: Options,
    judge: Callable[[Gathered, int], bool],
) -> None:
    """Gather the trials of a suite until a look decides, or the plan ends.

    Args:
        change: The suite.
        found: What is known already; what is called is added, and counted even if it raises.
        pending: What is still wanted, both from `recorded`.
        tools: Where recordings are kept, and who is told of the progress.
        options: Limits of the calls.
        judge: Judges what the look of that number sees, and tells whether to stop there.

    Raises:
        IncompleteError: Offline and something is not recorded; or as `replay`.
        ConfigError: A key or package that a provider needs is missing.
    """
    plan = found.plan

    def look(number: int) -> bool:
        found.is_decided = judge(found, number)
        found.look = number
        return found.is_decided

    needed_by = {key: _look_of(plan, group[0].pair) for key, group in pending.items()}
    first_open = min(needed_by.values(), default=len(plan.ends))
    for number in range(first_open):
        if look(number):
            return
    if pending and options.offline:
        first = min((group[0] for group in pending.values()), key=lambda each: each.pair)
        raise IncompleteError(
            f"suite {change.suite.name!r}: {len(pending)} answers are not recorded, "
            f"the first is of case {first.case_id!r} ({first.side} prompt)",
            fix="run once without --offline, where the provider can be reached",
        )
    if pending:
        _Caller(change, tools, options, found, pending).run(list(needed_by.values()), look)
        if not found.is_decided:  # the budget is spent
            look(len(plan.ends) - 1)
            found.is_decided = False


def _look_of(plan: Plan, pair: int) -> int:
    return bisect_right(plan.ends, pair)


class _Caller:
    """Calls what is not recorded, and keeps each answer as it arrives."""

    def __init__(
        self,
        change: SuiteChange,
        tools: Tools,
        options: Options,
        found: Gathered,
        pending: Mapping[Key, list[Wanted]],
    ) -> None:
        self._change = change
        self._tools = tools
        self._options = options
        self._found = found
        self._pending = pending

    def run(self, needed_by: list[int], look: Callable[[int], bool]) -> None:
        """Make the calls, with the looks between them."""
        groups = self._pending.items()
        calls = [
            Call(
                side=group[0].side,
                case_id=group[0].case_id,
                repeat=key[1],
                request=group[0].request,
            )
            for key, group in groups
        ]
        self._tools.progress.start(self._change.suite.name, len(calls))
        with ExitStack() as stack:
            places = {
                side: self._place(getattr(self._change, side), stack)
                for side in sorted({call.side for call in calls})
            }
            try:
                asyncio.run(self._replay(places, calls, needed_by, look))
            finally:
                self._tools.progress.finish()

    def _keep(self, answered: Answered, tally: Tally) -> float:
        key = (answered.call.request.digest, answered.call.repeat)
        response, cost = answered.response, None
        if response is not None:
            now = time.time()
            response = replace(response, received_at=now)
            self._tools.recordings.put(*key, response, now=now)
            self._found.live[answered.call.side] += 1
            cost = cost_usd(response, getattr(self._change, answered.call.side).prompt.price)
        for each in self._pending[key]:
            add_trial(self._found, each, "live", response, answered.missing)
        self._tools.progress.update(tally.answered + tally.missing, tally.cost_usd + (cost or 0.0))
        return cost or 0.0

    def _place(self, side: Side, stack: ExitStack) -> Place:
        project = self._tools.project
        root = stack.enter_context(side.checkout()) if side.checkout else project.root
        return Place(root=root, environment=project.environment, timeout_s=self._options.timeout_s)

    async def _replay(
        self,
        places: Mapping[str, Place],
        calls: list[Call],
        needed_by: list[int],
        look: Callable[[int], bool],
    ) -> None:
        limits = self._options.limits
        providers: dict[str, Provider] = {}
        try:
            for side, place in places.items():
                providers[side] = open_provider(getattr(self._change, side).prompt, place)
            looks = Looks(
                calls,
                needed_by,
                first=needed_by[0],
                last=len(self._found.plan.ends) - 1,
                width=width_of(providers, limits),
                judge=look,
            )
            try:
                await replay(
                    looks, providers, limits=limits, keep=self._keep, tally=self._found.tally
                )
            finally:
                await looks.finish()
        finally:
            for provider in providers.values():
                await provider.close()
