"""Gathering the trials of both sides: from the baseline, the recordings, or a live call."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from gate.core.model import Trial
from gate.core.prompt import request_for
from gate.core.score import cost_usd
from gate.errors import IncompleteError
from gate.providers.registry import Place, open_provider
from gate.replay.engine import Answered, Call, Limits, Tally, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.core.model import Case, Provider, Request, Response
    from gate.flow.change import Side, SuiteChange
    from gate.flow.project import Project
    from gate.replay.progress import Progress
    from gate.store.recordings import Recordings

Key = tuple[str, int]  # request digest, repeat
MOST_REPEATS = 1000  # trials a case, see the JSON Schema of gate.yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How trials are gathered."""

    offline: bool = False
    partial: bool = False  # offline, and what is not recorded is left out
    repeats: int | None = None  # of the new side; None: the suite's own
    limits: Limits = field(default_factory=Limits)
    timeout_s: float = 60.0
    recorded_since: float = 0.0  # seconds since the epoch; older recordings do not count


@dataclass(slots=True)
class Gathered:
    """The trials of one suite, by side and case id."""

    trials: dict[str, dict[str, list[Trial]]]
    live: dict[str, int]
    recorded: int = 0
    by_author: int = 0  # trials of the new prompt from the head's own baseline
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    side: str
    case_id: str
    repeat: int
    request: Request
    twin: int  # how many cases with the same request stand before this one

    @property
    def key(self) -> Key:
        """What the answer is recorded under.

        Two cases with the same request are still two trials: an answer that served both would
        count twice as evidence.
        """
        return self.request.digest, self.twin * MOST_REPEATS + self.repeat


def gather(
    change: SuiteChange,
    project: Project,
    recordings: Recordings,
    progress: Progress,
    options: Options,
) -> Gathered:
    """Gather every trial of a suite.

    Old and new trials with the same request are one trial: it is called once, and the case
    cannot have changed.

    Raises:
        IncompleteError: Offline and something is not recorded; or as `replay`.
        ConfigError: A template fails; a key or package that a provider needs is missing.
    """
    found = Gathered(trials={"old": {}, "new": {}}, live={"old": 0, "new": 0})
    wanted = _from_baselines(change, options, found)
    stored = recordings.fetch((each.key[0] for each in wanted), since=options.recorded_since)
    pending: dict[Key, list[_Wanted]] = {}
    for each in wanted:
        response = stored.get(each.key)
        if response is None:
            pending.setdefault(each.key, []).append(each)
        else:
            found.recorded += 1
            _add(found, each, "recording", response)
    if options.partial:
        return found
    if pending and options.offline:
        first = next(iter(pending.values()))[0]
        raise IncompleteError(
            f"suite {change.suite.name!r}: {len(pending)} answers are not recorded, "
            f"the first is of case {first.case_id!r} ({first.side} prompt)",
            fix="run once without --offline, where the provider can be reached",
        )
    if pending:
        _call(change, project, recordings, progress, options, pending, found)
    return found


def _from_baselines(change: SuiteChange, options: Options, found: Gathered) -> list[_Wanted]:
    """Take what the baselines hold; return what they do not, breadth first.

    Every case once, old and new in turn, in an order drawn by the seed; then second repeats.
    """
    repeats = options.repeats or change.suite.repeats.new
    order = list(change.cases)
    Random(options.limits.seed).shuffle(order)  # noqa: S311 -- an order, no secret
    missing: list[tuple[str, str, Request, int, int]] = []
    asked = {
        case.case_id: {
            "old": request_for(change.old.prompt, case),
            "new": request_for(change.new.prompt, case),
        }
        for case in change.cases
    }
    twins = _twins(asked)
    for case in order:
        requests = asked[case.case_id]
        same = requests["old"].digest == requests["new"].digest
        for side, request in requests.items():
            # Where the change leaves the request alone, only the base may say how it is answered.
            source = change.old if same else getattr(change, side)
            trials = _baseline_trials(source, case, request)
            trials = trials if side == "old" or same else trials[:repeats]
            found.trials[side][case.case_id] = [
                Trial(case_id=case.case_id, repeat=i, source="baseline", response=response)
                for i, response in enumerate(trials)
            ]
            found.recorded += len(trials)
            if side == "new" and not same:
                found.by_author += len(trials)
            need = repeats if side == "new" or not trials else 0
            if len(trials) < need:
                twin = twins[case.case_id, request.digest]
                missing.append((case.case_id, side, request, len(trials), twin))
    return [
        _Wanted(side=side, case_id=case_id, repeat=repeat, request=request, twin=twin)
        for repeat in range(repeats)
        for case_id, side, request, have, twin in missing
        if repeat >= have
    ]


def _twins(asked: Mapping[str, Mapping[str, Request]]) -> dict[tuple[str, str], int]:
    """Count, for each case and request, the cases before it that ask the same."""
    seen: Counter[str] = Counter()
    twins = {}
    for case_id, requests in asked.items():
        for digest in {request.digest for request in requests.values()}:
            twins[case_id, digest] = seen[digest]
            seen[digest] += 1
    return twins


def _baseline_trials(side: Side, case: Case, request: Request) -> tuple[Response, ...]:
    return side.baseline.trials_of(case.case_id, request.digest) if side.baseline else ()


def _add(
    found: Gathered,
    wanted: _Wanted,
    source: str,
    response: Response | None,
    missing: str | None = None,
) -> None:
    found.trials[wanted.side][wanted.case_id].append(
        Trial(
            case_id=wanted.case_id,
            repeat=wanted.repeat,
            source=source,
            response=response,
            missing=missing,
        )
    )


def _call(
    change: SuiteChange,
    project: Project,
    recordings: Recordings,
    progress: Progress,
    options: Options,
    pending: Mapping[Key, list[_Wanted]],
    found: Gathered,
) -> None:
    sides = {each.side for group in pending.values() for each in group[:1]}
    calls = [
        Call(side=group[0].side, case_id=group[0].case_id, repeat=key[1], request=group[0].request)
        for key, group in pending.items()
    ]
    progress.start(change.suite.name, len(calls))

    def keep(answered: Answered, tally: Tally) -> float:
        key = (answered.call.request.digest, answered.call.repeat)
        cost = None
        if answered.response is not None:
            recordings.put(*key, answered.response, now=time.time())
            found.live[answered.call.side] += 1
            cost = cost_usd(answered.response, getattr(change, answered.call.side).prompt.price)
        for each in pending[key]:
            _add(found, each, "live", answered.response, answered.missing)
        progress.update(tally.answered + tally.missing, tally.cost_usd + (cost or 0.0))
        return cost or 0.0

    with ExitStack() as stack:
        places = {
            side: _place(getattr(change, side), project, options, stack) for side in sorted(sides)
        }
        try:
            found.tally = asyncio.run(_replay(change, places, calls, options.limits, keep))
        finally:
            progress.finish()


def _place(side: Side, project: Project, options: Options, stack: ExitStack) -> Place:
    root = stack.enter_context(side.checkout) if side.checkout is not None else project.root
    return Place(root=root, environment=project.environment, timeout_s=options.timeout_s)


async def _replay(
    change: SuiteChange,
    places: Mapping[str, Place],
    calls: list[Call],
    limits: Limits,
    keep: Callable[[Answered, Tally], float],
) -> Tally:
    providers: dict[str, Provider] = {}
    try:
        for side, place in places.items():
            providers[side] = open_provider(getattr(change, side).prompt, place)
        return await replay(calls, providers, limits=limits, keep=keep)
    finally:
        for provider in providers.values():
            await provider.close()
