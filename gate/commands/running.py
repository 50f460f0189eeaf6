"""Running the suites of a change, with the options of the command line."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.commands.options import progress_here
from gate.commands.sheets import see_sheets_free, write_sheet
from gate.commands.stopped import StoppedError
from gate.commands.time_limit import TimeIsUpError, at_most
from gate.commands.today import today
from gate.errors import IncompleteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.core.policy import Policy
    from gate.core.report import Report, SuiteReport
    from gate.flow.change import Change, SuiteChange
    from gate.flow.merging import Shards
    from gate.flow.own_rules import OwnVerdicts
    from gate.flow.project import Project
    from gate.flow.run import Runner, RunOptions, SuiteRun

_OWN_S = 5.0  # for a second judgement of what was gathered already


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What the suites of a run came to."""

    day: str  # on which it began: no waiver expires while it lasts
    suites: tuple[SuiteReport, ...] = ()
    notes: tuple[str, ...] = ()
    own: OwnVerdicts | None = None  # by the change's own rules


def chosen_policy(change: Change, options: dict[str, object]) -> tuple[Policy, str]:
    """Return the policy that counts, that of `--policy` or the change's, and where it stands."""
    path: Path | None = options["policy_file"]  # type: ignore[assignment]
    if path is None:
        return change.config.policy, change.config.source
    from gate.store.config import read_config
    from gate.store.worktree import WorkTree

    return read_config(WorkTree(path.parent), path.name).policy, str(path)


@contextmanager
def open_runner(
    change: Change, project: Project, policy: Policy, options: dict[str, object], *, day: str
) -> Iterator[Runner]:
    """Open the recordings, for the suites of a change.

    Every suite can raise a false alarm, so they share the alpha of the whole gate; and they share
    one budget of calls.
    """
    from gate.core.waivers import Waivers
    from gate.flow.gather import Tools
    from gate.flow.run import Runner

    recordings = project.recordings()
    try:
        yield Runner(
            policy=replace(policy, alpha=policy.alpha / max(1, len(change.suites))),
            waivers=Waivers(given=change.config.waivers, today=day),
            tools=Tools(
                project=project,
                recordings=recordings,
                progress=progress_here(quiet=bool(options["quiet"])),
            ),
            options=run_options(options),
            now=time.time(),
        )
    finally:
        recordings.close()


def run_suites(
    change: Change,
    project: Project,
    policy: Policy,
    options: dict[str, object],
    *,
    is_drift: bool = False,
    shards: Shards | None = None,
    source: str,
) -> Ran:
    """Judge every suite of a change, of what is called or of what shards were answered.

    Raises:
        StoppedError: A suite could not be judged; the report knows those before it.
    """
    from gate.flow.notes import suite_notes
    from gate.flow.override_cases import risen_note

    day = today()
    if not change.suites:
        return Ran(day=day)
    see_sheets_free(change, options)
    reports: list[SuiteReport] = []
    notes: list[str] = []
    brought = shards.bring() if shards else {}
    own = _own_verdicts(change, policy, options, day=day)
    with open_runner(change, project, policy, options, day=day) as runner:
        for suite in change.suites:
            try:
                run = (
                    runner.drift(suite)
                    if is_drift
                    else runner.check(suite, brought.get(suite.suite.name))
                )
            except IncompleteError as error:
                left = [_not_judged(each) for each in change.suites[len(reports) :]]
                ran = Ran(day=day, suites=(*reports, *left), notes=tuple(notes))
                raise StoppedError(error, report_of(ran, change, policy, source)) from error
            reports.append(run.report)
            notes += write_sheet(suite, run, options)
            if own is not None:
                notes += _judge_by_own(own, suite, run)
            notes += run.notes
            if run.report.verdict is not None:
                notes += suite_notes(suite, run, policy, day)
                notes += risen_note(run.report, run.scored, change.explain_flags)
    if shards:
        notes.append(f"merged from {shards.count} shards")
    return Ran(day=day, suites=tuple(reports), notes=tuple(notes), own=own)


def report_of(ran: Ran, change: Change, policy: Policy, source: str) -> Report:
    """Put the report of a run together, with the verdict of all its suites."""
    from gate.core.ending import finish
    from gate.core.report import Report, Verdict
    from gate.core.waivers import Waivers, ways_out

    waivers = Waivers(given=change.config.waivers, today=ran.day)
    report = Report(
        verdict=Verdict.PASS,
        exit_code=0,
        owner=change.config.owner,
        policy_source=source,
        alpha=policy.alpha,
        suites=ran.suites,
        waivers=waivers.used(ran.suites),
        explain_flags=change.explain_flags,
        folder=change.folder,
    )
    report = finish(report, policy=policy)
    notes = [*change.notes, *ran.notes]
    if report.verdict is Verdict.INCOMPLETE:
        notes = [*ran.notes, *change.notes]  # what a reader wants to know first is why
    notes += [*waivers.without_effect(ran.suites), *ways_out(ran.suites)]
    report = replace(report, notes=tuple(notes))
    return ran.own.told(report) if ran.own else report


def _judge_by_own(own: OwnVerdicts, suite: SuiteChange, run: SuiteRun) -> list[str]:
    """Judge by the change's own rules, which must not hold up the verdict by the base's."""
    try:
        with at_most(_OWN_S):
            own.judge(suite, run)
    except TimeIsUpError as error:
        return [
            f"suite {suite.suite.name}: could not be judged by the rules that it brings: {error}"
        ]
    return []


def _own_verdicts(
    change: Change, policy: Policy, options: dict[str, object], *, day: str
) -> OwnVerdicts | None:
    from gate.flow.own_rules import OwnVerdicts

    if change.own is None:
        return None
    config = change.own if options["policy_file"] is None else replace(change.own, policy=policy)
    return OwnVerdicts(config=config, suites=len(change.suites), today=day)


def _not_judged(change: SuiteChange) -> SuiteReport:
    from gate.core.report import SuiteReport, Verdict
    from gate.flow.judge import seen

    return SuiteReport(
        suite=change.suite.name,
        verdict=Verdict.INCOMPLETE,
        cases=len(change.cases),
        trials_old=0,
        trials_new=0,
        prompt_old=seen(change.old),
        prompt_new=seen(change.new),
        not_asked=tuple(case.case_id for case in change.cases),
    )


def run_options(options: dict[str, object]) -> RunOptions:
    """Turn the command line's options into those of a run."""
    from gate.flow.gather import Options
    from gate.flow.run import RunOptions
    from gate.replay.budget import Limits

    deadline_s: float | None = options["deadline"]  # type: ignore[assignment]
    return RunOptions(
        repeats=options["repeats"],  # type: ignore[arg-type]
        all_calls=bool(options["all_calls"]),
        gathering=Options(
            offline=bool(options.get("offline", False)),
            timeout_s=options["timeout"],  # type: ignore[arg-type]
            limits=Limits(
                concurrency=options["concurrency"],  # type: ignore[arg-type]
                max_calls=options["max_calls"],  # type: ignore[arg-type]
                max_cost_usd=options["max_cost"],  # type: ignore[arg-type]
                deadline_at=None if deadline_s is None else time.monotonic() + deadline_s,
                seed=options["seed"],  # type: ignore[arg-type]
            ),
        ),
    )
