"""What a run asks for: each trial of both sides, in which order, and when it is looked at."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gate.core.canonical import digest as digest_of
from gate.core.prompt import request_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.core.model import Case, Response
    from gate.core.sequential import Look
    from gate.flow.change import Side, SuiteChange
    from gate.store.writer import Key

BLOCK = 8  # pairs whose old trials are called together, and their new ones
MOST_REPEATS = 10_000  # trials a case that are kept apart; gate.yaml allows 1,000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the trials of one side may come from; a live call may always bring them."""

    baseline: bool = True  # the committed answers count
    again: bool = False  # recordings of what a baseline was made of do not count
    since: float = 0.0  # seconds since the epoch; older recordings do not count


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked of one suite."""

    old: Source = field(default_factory=Source)
    new: Source = field(default_factory=Source)
    repeats: int  # trials a case of the new side, and of the old where no baseline has it
    seed: int = 0
    by: tuple[tuple[str, ...], ...] = ()  # the tags that segments are made of
    all_calls: bool = False  # look once, at the end
    looks_from: int = 0  # pairs before which there is no look
    is_drift: bool = False  # the same request is asked twice: then and today


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One trial that no baseline holds."""

    side: str  # old or new
    case: Case
    repeat: int
    pair: int  # its place in the plan
    key: Key


class _Digests(NamedTuple):
    """Of one case's requests, in little memory."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The trials of one suite: those that are given, and those that are wanted, in order.

    A pair is a case and a repeat, with its old and its new trial. All cases come once, in a
    random order that mixes the segments; then all come again.
    """

    cases: tuple[Case, ...]
    order: Sequence[int]
    repeats: int
    ends: Sequence[int]  # pairs after which a look comes
    times: tuple[float, ...]  # information at each look
    given: Mapping[str, Mapping[str, tuple[Response, ...]]]  # by side and case id
    wanted: Sequence[Wanted]
    same: frozenset[str]  # ids of cases whose request the change leaves alone
    by_author: int  # given trials of the new prompt, from the head's own baseline

    @property
    def is_unchanged(self) -> bool:
        """Whether the change leaves every request alone."""
        return len(self.same) == len(self.cases)

    @property
    def digest(self) -> str:
        """What plans have in common that want the same trials in the same order."""
        wanted = ((each.pair, each.side, each.case.case_id, each.key) for each in self.wanted)
        return digest_of(sorted(wanted))

    def look(self, index: int) -> Look:
        """Return how strict a look is."""
        from gate.core.sequential import Look

        return Look(times=self.times, index=index)

    def due(self, look: int) -> dict[str, int]:
        """Return the trials a case and side that a look sees, by case id."""
        from gate.core.plan import trials_by

        trials = trials_by(self.order, self.ends[look]).tolist()
        return {case.case_id: n for case, n in zip(self.cases, trials, strict=True)}

    def is_recorded(self, case_id: str) -> bool:
        """Tell whether a case's old trials come from a baseline."""
        return bool(self.given["old"].get(case_id))


def make_plan(change: SuiteChange, asking: Asking) -> Plan:
    """Take what the baselines hold and order what they do not.

    Old and new trials with the same request are one trial, unless it is asked again on purpose:
    the case cannot have changed.

    Raises:
        ConfigError: A template fails.
    """
    import numpy as np

    from gate.core.plan import look_ends, look_times, stratified_order

    # The rendered requests of all cases may not fit into memory; their digests do.
    asked = {
        case.case_id: _Digests(
            old=request_for(change.old.prompt, case).digest,
            new=request_for(change.new.prompt, case).digest,
        )
        for case in change.cases
    }
    same = frozenset(
        case_id
        for case_id, digests in asked.items()
        if digests.old == digests.new and not asking.is_drift
    )
    given = {
        side: {
            case_id: _given(
                change, side, case_id, getattr(digests, side), asking, is_same=case_id in same
            )
            for case_id, digests in asked.items()
        }
        for side in ("old", "new")
    }
    order = stratified_order(
        [case.segment for case in change.cases],
        asking.by,
        seed=asking.seed,
        added=[case.is_new for case in change.cases],
    )
    ends = look_ends(len(order), asking.repeats, looks=1) if asking.all_calls else None
    ends = ends or [end for end in look_ends(len(order), asking.repeats) if end > asking.looks_from]
    recorded = np.array([len(given["old"][case.case_id]) for case in change.cases])
    return Plan(
        cases=change.cases,
        order=order,
        repeats=asking.repeats,
        ends=ends,
        times=look_times(order, ends, recorded),
        given=given,
        wanted=_in_blocks(_wanted(change, asking, asked, given, order), ends),
        same=same,
        by_author=sum(
            len(trials) for case_id, trials in given["new"].items() if case_id not in same
        ),
    )


def _given(
    change: SuiteChange, side: str, case_id: str, digest: str, asking: Asking, *, is_same: bool
) -> tuple[Response, ...]:
    # Where the change leaves the request alone, only the base may say how it is answered.
    source: Side = change.old if is_same else getattr(change, side)
    if source.baseline is None or not (is_same or getattr(asking, side).baseline):
        return ()
    trials = source.baseline.trials_of(case_id, digest)
    return trials if side == "old" or is_same else trials[: asking.repeats]


def _wanted(
    change: SuiteChange,
    asking: Asking,
    asked: Mapping[str, _Digests],
    given: Mapping[str, Mapping[str, tuple[Response, ...]]],
    order: Sequence[int],
) -> list[Wanted]:
    twins = _twins(asked)
    found = []
    for repeat in range(asking.repeats):
        for place, index in enumerate(order):
            case, pair = change.cases[index], repeat * len(order) + place
            for side in ("old", "new"):
                have = given[side][case.case_id]
                digest: str = getattr(asked[case.case_id], side)
                if repeat < len(have) or (side == "old" and have):
                    continue
                skipped = _made_of(change, case, digest) if getattr(asking, side).again else 0
                number = twins.get((case.case_id, digest), 0) * MOST_REPEATS + skipped + repeat
                key = (digest, number)
                found.append(Wanted(side=side, case=case, repeat=repeat, pair=pair, key=key))
    return found


def _made_of(change: SuiteChange, case: Case, digest: str) -> int:
    """How many recordings the old baseline may have been made of."""
    baseline = change.old.baseline
    return len(baseline.trials_of(case.case_id, digest)) if baseline else 0


def _in_blocks(wanted: Sequence[Wanted], ends: Sequence[int]) -> list[Wanted]:
    """Call a few pairs' trials of one side, then those of the other, and so on in turn.

    Close enough for latencies to compare; and a model that keeps the beginning of its last prompt
    in memory reads it anew once a block, not at every call. A block never crosses a look.
    """

    def place(each: Wanted) -> tuple[int, int, bool, int]:
        block = each.pair // BLOCK
        first = ("old", "new")[block % 2]
        return bisect_right(ends, each.pair), block, each.side != first, each.pair

    return sorted(wanted, key=place)


def _twins(asked: Mapping[str, _Digests]) -> dict[tuple[str, str], int]:
    """Count, for each case and request, the cases before it that ask the same; 0 is left out.

    Two cases with the same request are still two trials: an answer that served both would count
    twice as evidence.
    """
    seen: Counter[str] = Counter()
    twins = {}
    for case_id, digests in asked.items():
        for digest in set(digests):
            if seen[digest]:
                twins[case_id, digest] = seen[digest]
            seen[digest] += 1
    return twins
