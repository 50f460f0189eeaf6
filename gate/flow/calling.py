"""Calling what nobody has: requests out in the order of the plan, answers kept and scored."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.cost import cost_usd, most_usd
from gate.core.prompt import request_for
from gate.core.secrets import Secrets
from gate.errors import ConfigError
from gate.flow.gathered import add_trial
from gate.flow.looks import Looks
from gate.providers.registry import Place, open_provider
from gate.replay.engine import replay, width_of
from gate.replay.queue import Call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.core.model import Case, Provider
    from gate.flow.change import Side, SuiteChange
    from gate.flow.gather import Options, Tools
    from gate.flow.gathered import Gathered, Pending
    from gate.flow.looking import Looking
    from gate.replay.budget import Tally
    from gate.replay.queue import Answered
    from gate.store.writer import Writer

_TOGETHER = 32  # answers whose cases are scored in one go
_SAID = 300  # characters of what was said in place of an answer
_DISTINCT = 100  # different ones


class Caller:
    """Calls what is pending, with looks between the calls, see `gather`."""

    def __init__(
        self,
        change: SuiteChange,
        found: Gathered,
        pending: Pending,
        tools: Tools,
        options: Options,
        looking: Looking,
    ) -> None:
        self._sides: Mapping[str, Side] = {"old": change.old, "new": change.new}
        self._name = ", ".join(filter(None, (change.suite.name, options.purpose)))
        self._found = found
        self._groups = list(pending.items())
        self._tools = tools
        self._options = options
        self._looking = looking
        self._scoring = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scoring")
        self._answered: list[Case] = []  # not scored yet
        self._secrets = Secrets(tools.project.environment)

    def run(self, needed_by: Sequence[int]) -> None:
        """Make the calls.

        Args:
            needed_by: For each pending answer the first look that needs it.

        Raises:
            IncompleteError: As `replay`.
            ConfigError: A provider cannot be opened; a budget of money cannot be kept.
            RecordingError: The answers cannot be kept.
        """
        called = sorted({group[0].side for _, group in self._groups})
        self._see_that_money_can_be_counted(called)
        self._tools.progress.start(self._name, len(self._groups))
        with ExitStack() as stack:
            stack.callback(self._tools.progress.finish)
            stack.callback(self._scoring.shutdown, cancel_futures=True)
            places = {side: self._place(self._sides[side], stack) for side in called}
            writer = self._tools.recordings.writer()
            try:
                asyncio.run(self._replay(places, needed_by, writer))
            finally:
                writer.close()

    def _see_that_money_can_be_counted(self, called: Sequence[str]) -> None:
        """A budget that nobody can count would let a run spend any amount."""
        if self._options.limits.max_cost_usd is None:
            return
        for side in called:
            wanted = next(group[0] for _, group in self._groups if group[0].side == side)
            prompt = self._sides[side].prompt
            if most_usd(request_for(prompt, wanted.case), prompt.price) is None:
                raise ConfigError(
                    f"{prompt.path}: --max-cost cannot be kept: what a call costs at most is not "
                    "known",
                    fix="add price: {input, output} and modelParameters.maxTokens to the prompt, "
                    "or use --max-calls",
                )

    def _place(self, side: Side, stack: ExitStack) -> Place:
        project = self._tools.project
        root = stack.enter_context(side.checkout()) if side.checkout else project.root
        return Place(root=root, environment=project.environment, timeout_s=self._options.timeout_s)

    async def _replay(
        self, places: Mapping[str, Place], needed_by: Sequence[int], writer: Writer
    ) -> None:
        limits = self._options.limits
        providers: dict[str, Provider] = {}
        try:
            for side, place in places.items():
                providers[side] = open_provider(self._sides[side].prompt, place)
            looks = Looks(
                self._call_at,
                needed_by,
                first=needed_by[0],
                last=len(self._found.plan.ends) - 1,
                width=width_of(providers, limits),
                judge=self._looking,
            )

            def keep(answered: Answered, tally: Tally) -> float:
                return self._keep(answered, tally, writer)

            try:
                await replay(
                    looks,
                    providers,
                    limits=limits,
                    keep=keep,
                    tally=self._found.tally,
                    proven=[side for side in providers if self._found.was_answered(side)],
                )
            finally:
                await looks.finish()
        except asyncio.CancelledError:
            self._looking.stop()  # a look may be asking a judge, in a thread that would go on
            raise
        finally:
            for provider in providers.values():
                await provider.close()

    def _call_at(self, place: int) -> Call:
        """Render a request when its turn has come: all of them may not fit into memory."""
        key, (wanted, *_) = self._groups[place]
        prompt = self._sides[wanted.side].prompt
        request = request_for(prompt, wanted.case)
        has_budget = self._options.limits.max_cost_usd is not None
        return Call(
            side=wanted.side,
            case_id=wanted.case.case_id,
            repeat=key[1],
            request=request,
            place=place,
            most_usd=(most_usd(request, prompt.price) or 0.0) if has_budget else 0.0,
        )

    def _hear(self, message: str) -> None:
        """Remember what was said in place of an answer, but no secret that it repeats."""
        name = self._secrets.found_in(message)
        told = f"(not shown: it holds the value of {name})" if name else message[:_SAID]
        if told in self._found.said or len(self._found.said) < _DISTINCT:
            self._found.said[told] += 1

    def _keep(self, answered: Answered, tally: Tally, writer: Writer) -> float:
        """Keep an answer, and have its cases scored while the next ones come."""
        key, group = self._groups[answered.call.place]
        response, cost = answered.response, None
        if response is not None:
            response = replace(response, received_at=time.time())
            writer.put(key, response)
            self._found.live[answered.call.side] += 1
            cost = cost_usd(response, self._sides[answered.call.side].prompt.price)
        elif answered.message:
            self._hear(answered.message)
        for each in group:
            add_trial(self._found, each, "live", response, answered.missing)
            self._answered.append(each.case)
        if len(self._answered) >= _TOGETHER:
            self._scoring.submit(self._looking.prepare, self._answered)
            self._answered = []
        self._tools.progress.update(
            tally.answered + tally.missing,
            tally.cost_usd + (cost or 0.0),
            retries=tally.retries,
            missing=tally.missing,
        )
        return cost or 0.0
