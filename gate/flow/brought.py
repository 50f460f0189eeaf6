"""What shards bring for one suite in place of calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.errors import IncompleteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.core.model import Response
    from gate.core.report import SuiteReport
    from gate.flow.gathered import Gathered, Pending
    from gate.store.shards import ShardAnswer, SuiteShard
    from gate.store.writer import Key, Recorded


@dataclass(slots=True)
class Brought:
    """What all shards together bring for one suite."""

    plan: str  # its digest
    answers: dict[Key, Response] = field(default_factory=dict)
    live: set[Key] = field(default_factory=set)  # those that were called in that run
    missing: dict[Key, str] = field(default_factory=dict)  # the reason of each
    retries: int = 0
    cost_usd: float = 0.0

    def add(self, answer: ShardAnswer) -> None:
        """Take an answer, or why there is none."""
        if answer.response is None:
            self.missing[answer.key] = str(answer.missing)
            return
        self.answers[answer.key] = answer.response
        if answer.is_live:
            self.live.add(answer.key)

    def fetch(self, digests: Iterable[str], *, since: float = 0.0) -> Iterator[Recorded]:
        """Yield the answers to some requests, as `Recordings.fetch`."""
        asked = set(digests)
        for key, response in self.answers.items():
            if key[0] in asked and response.received_at >= since:
                yield key, response

    def spend(self, shard: SuiteShard) -> None:
        """Count what one shard took."""
        self.retries += shard.retries
        self.cost_usd += shard.cost_usd

    def see_it_fits(self, found: Gathered) -> None:
        """See that the shards replayed the very plan that is judged.

        Raises:
            IncompleteError: They replayed another.
        """
        if self.plan != found.plan.digest:
            raise IncompleteError(
                "the shards are of another run: their prompts, cases or baselines are not those "
                "of this checkout",
                fix="merge where the commit is checked out that the shards replayed",
            )

    def see_it_whole(self, suite: str, pending: Pending) -> None:
        """See that the shards brought all that a suite wants.

        Raises:
            IncompleteError: Something is in none of them.
        """
        if pending:
            first = next(iter(pending.values()))[0]
            raise IncompleteError(
                f"suite {suite!r}: {len(pending)} answers are in no shard, the first is of case "
                f"{first.case.case_id!r} ({first.side} prompt)",
                fix="run the shards again, all with the same gate",
            )

    def told_in(self, report: SuiteReport) -> SuiteReport:
        """Add what the shards took to the report of the merged suite."""
        calls = replace(report.calls, retries=report.calls.retries + self.retries)
        cost_usd = (report.cost_usd or 0.0) + self.cost_usd
        return replace(report, calls=calls, cost_usd=cost_usd or None)
