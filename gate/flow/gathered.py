"""The trials that a run has: what a baseline or the recordings hold, and what was called."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gate.core.model import Trial
from gate.replay.budget import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gate.core.model import Response
    from gate.flow.asking import Plan, Source, Wanted
    from gate.flow.brought import Brought
    from gate.store.writer import Key, Recorded

    Pending = dict[Key, tuple[Wanted, ...]]  # trials that one answer will serve


@dataclass(slots=True)
class Gathered:
    """The trials of one suite, by side and case id."""

    plan: Plan
    trials: dict[str, dict[str, list[Trial]]]
    look: int = 0  # the last one that was judged; the plan's trials beyond it do not count
    is_decided: bool = False  # that look ended the run
    live: dict[str, int] = field(default_factory=lambda: {"old": 0, "new": 0})
    tally: Tally = field(default_factory=Tally)
    said: Counter[str] = field(default_factory=Counter)  # why answers are missing, in words

    def due(self, side: str, case_id: str, trials: int) -> list[Trial]:
        """Return a case's trials by repeat: those of a baseline, and the first of the others.

        By repeat and not by arrival, so that the same trials give the same verdict.
        """
        found = [
            trial
            for trial in self.trials[side][case_id]
            if trial.repeat < trials or (side == "old" and trial.source == "baseline")
        ]
        return sorted(found, key=lambda trial: trial.repeat)

    def was_answered(self, side: str) -> bool:
        """Tell whether any trial of a side is there."""
        return any(trial.response for trials in self.trials[side].values() for trial in trials)

    @property
    def saved(self) -> int:
        """Calls of the plan that the verdict came without, and whose answers nobody has."""
        end = self.plan.ends[self.look]
        held = {
            (side, trial.case_id, trial.repeat)
            for side, cases in self.trials.items()
            for trials in cases.values()
            for trial in trials
        }
        return len(
            {
                each.key
                for each in self.plan.wanted
                if each.pair >= end and (each.side, each.case.case_id, each.repeat) not in held
            }
        )


class Answers(Protocol):
    """Where answers are that were given before."""

    def fetch(self, digests: Iterable[str], *, since: float = 0.0) -> Iterator[Recorded]:
        """Yield those to some requests, and none older than `since`, in seconds since the epoch."""
        ...


def recorded(
    plan: Plan,
    stores: Sequence[Answers],
    sources: Mapping[str, Source],
    brought: Brought | None = None,
) -> tuple[Gathered, Pending]:
    """Take what the baselines and the recordings hold; return it and what is still wanted.

    Args:
        plan: What is wanted.
        stores: Where answers may be; the first that has one counts.
        sources: Which of them count, by side.
        brought: By shards: what they called counts as called now, what they lost as lost.
    """
    found, pending = _given(plan), _wanted(plan)
    if brought is not None:
        _take_missing(found, pending, brought)
    live = brought.live if brought is not None else frozenset()
    since = min(source.since for source in sources.values())
    for store in stores:
        for key, response in store.fetch([digest for digest, _ in pending], since=since):
            group = pending.get(key, ())
            late = tuple(each for each in group if response.received_at < sources[each.side].since)
            source = "live" if key in live else "recording"
            for each in group:
                if each not in late:
                    add_trial(found, each, source, response)
            if late:
                pending[key] = late
            elif group:
                del pending[key]
                found.live[group[0].side] += key in live
    return found, pending


def _given(plan: Plan) -> Gathered:
    return Gathered(
        plan=plan,
        trials={
            side: {
                case_id: [
                    Trial(case_id=case_id, repeat=i, source="baseline", response=response)
                    for i, response in enumerate(responses)
                ]
                for case_id, responses in cases.items()
            }
            for side, cases in plan.given.items()
        },
    )


def _wanted(plan: Plan) -> Pending:
    pending: Pending = {}
    for each in plan.wanted:
        pending[each.key] = (*pending.get(each.key, ()), each)
    return pending


def _take_missing(found: Gathered, pending: Pending, brought: Brought) -> None:
    """Take out what a shard asked in vain: it is not called again."""
    for key in [key for key in pending if key in brought.missing]:
        for each in pending.pop(key):
            add_trial(found, each, "live", None, brought.missing[key])


def add_trial(
    found: Gathered,
    wanted: Wanted,
    source: str,
    response: Response | None,
    missing: str | None = None,
) -> None:
    """Keep one trial; a response of None is a missing one, with the reason."""
    case_id = wanted.case.case_id
    found.trials[wanted.side][case_id].append(
        Trial(
            case_id=case_id,
            repeat=wanted.repeat,
            source=source,
            response=response,
            missing=missing,
        )
    )
