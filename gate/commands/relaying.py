"""The reports of another run as comments: that run saw no secret, and this one sees no code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.commands.commenting import NOTHING, Desk, Saying, of_run, unread
from gate.errors import ConfigError, IncompleteError
from gate.github.answers import ApiError
from gate.github.artifacts import MOST, fetch, report_artifacts
from gate.github.comments import DEFAULT_KEY, is_key
from gate.github.pulls import open_pulls
from gate.store.stored_report import report_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.core.report import Report
    from gate.github.artifacts import Artifact
    from gate.github.event import WorkflowRun


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """What one artifact held."""

    key: str
    report: Report | None
    why: str = ""  # there is no report


async def relay(desk: Desk, run: WorkflowRun, say: Callable[[str], None]) -> None:
    """Write what a run reported on the pull request that it was for.

    Args:
        desk: Where comments are written.
        run: The one that ended.
        say: Takes one line for each comment, or the line that tells why there is none.

    Raises:
        IncompleteError: GitHub did not answer, or an artifact was refused; the others were
            written before.
    """
    number = await _pull(desk, run, say)
    if number is None:
        return
    artifacts, problems = await _artifacts(desk, run, say)
    if not artifacts and run.conclusion != "success":
        # It may have failed before the gate ran: what an earlier run said is over.
        saying = unread("the run left no report", run, is_news=False)
        told = await desk.bring(number, DEFAULT_KEY, saying)
        if told != NOTHING:
            say(told)
    lefts = [await _left(desk, each) for each in artifacts]
    reports = [each.report for each in lefts if each.report is not None]
    for each in lefts:
        say(await desk.bring(number, each.key, _saying(each, run, reports)))
    problems += [each.why for each in lefts if each.why]
    if problems:
        raise IncompleteError("; ".join(problems), fix="look at what that run uploaded")


async def _pull(desk: Desk, run: WorkflowRun, say: Callable[[str], None]) -> int | None:
    """Return the number of the one pull request; None: it was said why there is none."""
    if run.event != "pull_request":
        say(f"none: the run was started by {run.event}, not by a pull request")
        return None
    numbers = await open_pulls(desk.api, repository=desk.repository, run=run)
    if len(numbers) == 1:
        return numbers[0]
    if numbers:
        told = ", ".join(f"#{number}" for number in numbers)
        say(f"none: {told} have the same head, and a verdict is relative to one base")
    else:
        say(
            f"none: no open pull request has the head {run.head_sha[:12]} of the run: it moved on, "
            "was closed, or its fork is gone"
        )
    return None


async def _artifacts(
    desk: Desk, run: WorkflowRun, say: Callable[[str], None]
) -> tuple[list[Artifact], list[str]]:
    """Return the artifacts that are read, and what is wrong with others."""
    named = await report_artifacts(desk.api, repository=desk.repository, run_id=run.run_id)
    taken: dict[str, Artifact] = {}
    problems = []
    for artifact in named:
        key = _key(artifact)
        if artifact.is_expired:
            say(f"none: artifact {artifact.name} has expired")
        elif not is_key(key) or key in taken:
            problems.append(f"artifact {artifact.name}: its name gives no key of its own")
        elif len(taken) == MOST:
            problems.append(f"artifact {artifact.name}: not read, {MOST} were before it")
        else:
            taken[key] = artifact
    if not named:
        say("none: the run left no artifact named gate-report")
    return list(taken.values()), problems


async def _left(desk: Desk, artifact: Artifact) -> _Left:
    try:
        data = await fetch(desk.api, repository=desk.repository, artifact=artifact)
        report = report_from(data, f"artifact {artifact.name}: report.json")
    except (ConfigError, ApiError) as error:
        return _Left(key=_key(artifact), report=None, why=str(error))
    return _Left(key=_key(artifact), report=report)


def _key(artifact: Artifact) -> str:
    return artifact.suffix or DEFAULT_KEY


def _saying(left: _Left, run: WorkflowRun, reports: Sequence[Report]) -> Saying:
    if left.report is None:
        return unread(left.why, run)
    return of_run(left.report, run, reports)
