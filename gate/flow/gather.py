"""Gathering the trials of both sides: from the baseline, the recordings, or a live call."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.errors import IncompleteError
from gate.flow.looking import Looking
from gate.replay.budget import Limits

if TYPE_CHECKING:
    from gate.flow.change import SuiteChange
    from gate.flow.gathered import Gathered, Pending
    from gate.flow.looking import Judge
    from gate.flow.project import Project
    from gate.replay.progress import Progress
    from gate.store.recordings import Recordings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How trials are gathered."""

    offline: bool = False
    limits: Limits = field(default_factory=Limits)
    timeout_s: float = 60.0
    purpose: str = ""  # of the calls, beside the suite's name; empty for the check itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What gathering works with."""

    project: Project
    recordings: Recordings
    progress: Progress


def gather(
    change: SuiteChange,
    found: Gathered,
    pending: Pending,
    tools: Tools,
    options: Options,
    judge: Judge,
) -> None:
    """Gather the trials of a suite until a look decides, or the plan ends.

    Args:
        change: The suite.
        found: What is known already; what is called is added, and counted even if it raises.
        pending: What is still wanted, both from `recorded`.
        tools: Where recordings are kept, and who is told of the progress.
        options: Limits of the calls.
        judge: Looks at what is there.

    Raises:
        IncompleteError: Offline and something is not recorded; or as `replay`.
        ConfigError: A key or package that a provider needs is missing.
        RecordingError: The answers cannot be kept.
    """
    ends = found.plan.ends
    looking = Looking(judge, found)
    needed_by = [bisect_right(ends, group[0].pair) for group in pending.values()]
    for number in range(needed_by[0] if pending else len(ends)):
        if looking.judge(number):
            return
    if pending and options.offline:
        first = next(iter(pending.values()))[0]
        raise IncompleteError(
            f"suite {change.suite.name!r}: {len(pending)} answers are not recorded, "
            f"the first is of case {first.case.case_id!r} ({first.side} prompt)",
            fix="run once without --offline, where the provider can be reached; for CI without a "
            f"key: gate refresh {change.suite.name}, and commit the baseline",
        )
    if pending:
        from gate.flow.calling import Caller

        Caller(change, found, pending, tools, options, looking).run(needed_by)
        if not found.is_decided:  # the budget is spent
            looking.judge(len(ends) - 1)
            found.is_decided = False
