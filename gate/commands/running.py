"""Running the suites of a change, with the options of the command line."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from gate.commands.options import progress_here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.policy import Policy
    from gate.core.report import SuiteReport
    from gate.flow.change import Change
    from gate.flow.project import Project
    from gate.flow.run import RunOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What the suites of a run came to."""

    suites: tuple[SuiteReport, ...] = ()
    notes: tuple[str, ...] = ()
    waivers: tuple[Mapping[str, Any], ...] = ()  # those that let a fail through


def run_suites(
    change: Change,
    project: Project,
    policy: Policy,
    options: dict[str, object],
    *,
    is_drift: bool = False,
) -> Ran:
    """Judge every suite of a change.

    Every suite can raise a false alarm, so they share the alpha of the whole gate; and they share
    one budget of calls.
    """
    from gate.flow.gather import Tools
    from gate.flow.judge import waived_on, waivers_used
    from gate.flow.notes import suite_notes
    from gate.flow.run import Runner

    now = time.time()
    today = datetime.fromtimestamp(now, timezone.utc).date().isoformat()
    recordings = project.recordings()
    runner = Runner(
        policy=replace(policy, alpha=policy.alpha / len(change.suites)),
        waived=waived_on(change.config.waivers, today),
        tools=Tools(
            project=project,
            recordings=recordings,
            progress=progress_here(quiet=bool(options["quiet"])),
        ),
        options=run_options(options),
        now=now,
    )
    reports: list[SuiteReport] = []
    notes: list[str] = []
    try:
        for suite in change.suites:
            run = runner.drift(suite) if is_drift else runner.check(suite)
            reports.append(run.report)
            notes += run.notes
            if run.report.verdict is not None:
                notes += suite_notes(suite, run, policy, today)
    finally:
        recordings.close()
    return Ran(
        suites=tuple(reports),
        notes=tuple(notes),
        waivers=waivers_used(change.config.waivers, reports),
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
