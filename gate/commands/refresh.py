"""`gate refresh`: record a new baseline, the only command that writes one."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from gate.commands.options import config_option, open_here, progress_here
from gate.errors import IncompleteError

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.score import ScoredCase
    from gate.flow.change import SuiteChange
    from gate.flow.gathered import Gathered
    from gate.flow.project import Project
    from gate.store.baselines import Baseline
    from gate.store.recordings import Recordings

_SHOWN = 20  # changed cases listed
_WIDE = 80  # characters of one output in that list


@click.command("refresh", short_help="Record a new baseline: approve what the prompt does.")
@click.argument("suites", nargs=-1)
@config_option
@click.option("--only-new", is_flag=True, help="Call only cases whose request has no baseline.")
@click.option("--concurrency", type=click.IntRange(1, 1000), default=8, show_default=True)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
)
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def command(
    suites: tuple[str, ...],
    *,
    config: Path | None,
    only_new: bool,
    concurrency: int,
    timeout: float,
    quiet: bool,
) -> None:
    """Call the worktree's prompt of each SUITE, and write baselines/SUITE.jsonl.

    Prints what behaves differently from the baseline before. A suite with an answer missing is
    not written. Recorded answers of the last 12 hours are used; older ones are called again.
    """
    from gate.flow.project import choose_suites

    project = open_here(config)
    recordings = project.recordings()
    progress = progress_here(quiet=quiet)
    try:
        for name in choose_suites(project.config(), suites):
            change = _change(project, name, only_new=only_new)
            found = _gather(change, project, recordings, progress, concurrency, timeout)
            click.echo(_write(project, change, found))
    finally:
        recordings.close()


def _change(project: Project, name: str, *, only_new: bool) -> SuiteChange:
    from gate.flow.change import Side, make_suite_change, suite_cases
    from gate.store.baselines import read_baseline

    suite = project.config().suites[name]
    prompt = project.prompt(suite)
    baseline = read_baseline(project.disk, name) if only_new else None
    side = Side(prompt=prompt, baseline=baseline)
    return make_suite_change(suite, suite_cases(project.disk, suite, prompt), side, side)


def _gather(
    change: SuiteChange,
    project: Project,
    recordings: Recordings,
    progress: object,
    concurrency: int,
    timeout_s: float,
) -> Gathered:
    from gate.flow.asking import Asking, Source, make_plan
    from gate.flow.gather import Options, Tools, gather
    from gate.flow.gathered import recorded
    from gate.flow.looking import Unjudged
    from gate.flow.run import FRESH_S
    from gate.replay.budget import Limits

    source = Source(since=time.time() - FRESH_S)
    asking = Asking(old=source, new=source, repeats=change.suite.repeats.baseline, all_calls=True)
    found, pending = recorded(
        make_plan(change, asking), (recordings,), {"old": source, "new": source}
    )
    gather(
        change,
        found,
        pending,
        Tools(project=project, recordings=recordings, progress=progress),  # type: ignore[arg-type]
        Options(limits=Limits(concurrency=concurrency), timeout_s=timeout_s),
        Unjudged(),
    )
    lost = sum(
        trial.response is None for trials in found.trials["new"].values() for trial in trials
    )
    if lost:
        raise IncompleteError(
            f"suite {change.suite.name!r}: {lost} answers are missing; no baseline was written",
            fix="run it again: what was answered is recorded",
        )
    return found


def _write(project: Project, change: SuiteChange, found: Gathered) -> str:
    from gate.core.prompt import request_for
    from gate.store.baseline_writer import write_baseline
    from gate.store.baselines import Baseline, BaselineCase, read_baseline

    prompt, name = change.new.prompt, change.suite.name
    cases, vendor_models = {}, set()
    for case in change.cases:
        trials = found.due("new", case.case_id, change.suite.repeats.baseline)
        answers = [trial.response for trial in trials if trial.response]
        vendor_models |= {answer.vendor_model for answer in answers if answer.vendor_model}
        cases[case.case_id] = BaselineCase(
            digest=request_for(prompt, case).digest, trials=tuple(answers)
        )
    before = read_baseline(project.disk, name)
    kept = before.vendor_models if before and change.new.baseline else ()
    kept_any = any(
        trial.source == "baseline" for each in found.trials["new"].values() for trial in each
    )
    baseline = Baseline(
        suite=name,
        fingerprint=prompt.fingerprint,
        model=prompt.model,
        # Answers that were kept are as old as they were: the age of a baseline is its oldest.
        recorded_at=before.recorded_at
        if before and kept_any
        else datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        repeats=change.suite.repeats.baseline,
        vendor_models=tuple(sorted({*vendor_models, *kept})),
        cases=cases,
    )
    path = write_baseline(project.disk, baseline)
    return _behaviour(path, change, found, before)


def _behaviour(path: str, change: SuiteChange, found: Gathered, before: Baseline | None) -> str:
    """Tell what behaves differently from the baseline before."""
    from gate.core.outcomes import failure_share

    scored = _score_against(change, found, before)
    rate = sum(failure_share(each.new) for each in scored) / len(scored)
    calls = found.tally.attempts
    lines = [
        f"{path}: {len(scored)} cases, {sum(len(each.new) for each in scored)} trials, "
        f"{calls} calls; {rate * 100:.1f} % fail"
    ]
    if before is None:
        return lines[0]
    judged = [each for each in scored if each.old]
    if judged:
        earlier = sum(failure_share(each.old) for each in judged) / len(judged)
        lines[0] += f" ({earlier * 100:.1f} % before)"
    gone = sorted(set(before.cases) - {each.case.case_id for each in scored})
    lines += [f"  no longer a case: {case_id}" for case_id in gone[:_SHOWN]]
    lines += [f"  new: {each.case.case_id}" for each in scored if not each.old][:_SHOWN]
    return "\n".join(lines + _moved(judged))


def _moved(scored: list[ScoredCase]) -> list[str]:
    from gate.core.outcomes import changes
    from gate.core.report import Outcome
    from gate.reports.safe_text import visible

    moved = [each for each in changes(scored) if each.outcome in {Outcome.REGRESSED, Outcome.FIXED}]
    lines = [
        f"  {each.outcome.value}: {visible(each.case.case_id)}  failures "
        f"{each.old_failures}/{each.old_trials} -> {each.new_failures}/{each.new_trials}  "
        f"{visible(str(each.old_output), longest=_WIDE)} -> "
        f"{visible(str(each.new_output), longest=_WIDE)}"
        for each in moved[:_SHOWN]
    ]
    if len(moved) > _SHOWN:
        lines.append(f"  and {len(moved) - _SHOWN} more")
    return lines or ["  no case moved"]


def _score_against(
    change: SuiteChange, found: Gathered, before: Baseline | None
) -> list[ScoredCase]:
    from gate.core.model import Trial
    from gate.flow.judge import score

    old = {
        case.case_id: [
            Trial(case_id=case.case_id, repeat=i, source="baseline", response=response)
            for i, response in enumerate(
                before.cases[case.case_id].trials if before and case.case_id in before.cases else ()
            )
        ]
        for case in change.cases
    }
    new = found.trials["new"]
    return [
        score(change, case, old[case.case_id], new[case.case_id], is_same=False)
        for case in change.cases
    ]
