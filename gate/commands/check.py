"""`gate check`: the gate."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.options import (
    config_option,
    open_here,
    progress_here,
    read_change,
    side_options,
)
from gate.errors import IncompleteError, UsageError
from gate.reports.formats import FORMATS, render

if TYPE_CHECKING:
    from gate.core.policy import Policy
    from gate.core.report import Report, SuiteReport
    from gate.flow.change import Change
    from gate.flow.gather import Options
    from gate.flow.project import Project


@click.command("check", short_help="Judge a change: old prompt against new. This is the gate.")
@click.argument("suites", nargs=-1)
@side_options
@config_option
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    help="Take the policy from this gate.yaml; its suites may be empty.",
)
@click.option("--offline", is_flag=True, help="Call nothing; what is not recorded ends in exit 4.")
@click.option("--case", metavar="GLOB", help="Only the cases whose id matches.")
@click.option("--repeats", type=click.IntRange(1, 1000), help="Trials a case of the new prompt.")
@click.option("--max-calls", type=click.IntRange(0), help="Stop, with exit 4, after so many calls.")
@click.option("--max-cost", type=click.FloatRange(0), metavar="USD", help="As --max-calls.")
@click.option(
    "--concurrency", type=click.IntRange(1, 1000), default=8, show_default=True,
    help="Calls under way at once, at most.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True,
    metavar="SECONDS", help="Of one call.",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Orders the calls.")
@click.option(
    "--format", "formats", default="table", show_default=True, metavar="LIST",
    help=f"Of the report, separated by commas: {', '.join(FORMATS)}.",
)  # fmt: skip
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write the reports into this folder instead of to standard output.",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@click.pass_context
def command(ctx: click.Context, /, **options: object) -> None:
    """Replay the affected SUITEs through the old and the new prompt, and judge.

    Old is read from the base ref through git; new is the worktree, which is never touched. With
    --old and --new, two prompt files are compared without git.
    """
    formats = _formats(ctx, options)
    report = _run(options, formats)
    _deliver(report, formats, options["output"])
    ctx.exit(report.exit_code)


def _formats(ctx: click.Context, options: dict[str, object]) -> list[str]:
    names = [name.strip() for name in str(options["formats"]).split(",")]
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(f"--format {name!r}: not one of {', '.join(FORMATS)}", ctx=ctx)
    if len(names) > 1 and options["output"] is None:
        raise click.UsageError("several formats need --output DIR", ctx=ctx)
    return names


def _run(options: dict[str, object], formats: list[str]) -> Report:
    started = time.monotonic()
    try:
        report = run_check(options)
    except IncompleteError as error:
        if formats != ["table"]:  # a machine reads along: it gets its report, too
            _deliver(_incomplete(error), formats, options["output"])
        raise
    return replace(report, duration_s=time.monotonic() - started)


def run_check(options: dict[str, object]) -> Report:
    """Read the change, gather the trials, judge every suite."""
    from gate.core.ending import finish
    from gate.core.report import Report, Verdict

    project = open_here(options["config"])  # type: ignore[arg-type]
    change = read_change(
        project,
        base=options["base"],  # type: ignore[arg-type]
        old=options["old"],  # type: ignore[arg-type]
        new=options["new"],  # type: ignore[arg-type]
        names=options["suites"],  # type: ignore[arg-type]
        case=options["case"],  # type: ignore[arg-type]
    )
    policy, source = _policy(change, options["policy_file"])  # type: ignore[arg-type]
    judged, notes = _judge(change, project, policy, options) if change.suites else ([], [])
    idle = [_not_affected(name) for name in change.unaffected]
    report = Report(
        verdict=Verdict.PASS,
        exit_code=0,
        owner=change.config.owner,
        policy_source=source,
        alpha=policy.alpha,
        suites=(*judged, *idle),
        notes=(*change.notes, *_first_run(change), *notes),
        waivers=_waivers(change, judged),
        explain_flags=change.explain_flags,
    )
    return finish(report, policy=policy)


def _policy(change: Change, path: Path | None) -> tuple[Policy, str]:
    if path is None:
        return change.config.policy, change.config.source
    from gate.store.config import read_config
    from gate.store.worktree import WorkTree

    config = read_config(WorkTree(path.parent), path.name)
    return config.policy, str(path)


def _judge(
    change: Change, project: Project, policy: Policy, options: dict[str, object]
) -> tuple[list[SuiteReport], list[str]]:
    from gate.flow.gather import gather
    from gate.flow.judge import judge_suite
    from gate.flow.notes import suite_notes

    today = datetime.now(timezone.utc).date().isoformat()
    recordings = project.recordings()
    progress = progress_here(quiet=bool(options["quiet"]))
    reports, notes = [], []
    gathering = gather_options(options)  # one budget for all suites
    # Every suite can raise a false alarm, so they share the alpha of the whole gate.
    shared = replace(policy, alpha=policy.alpha / len(change.suites))
    try:
        for suite in change.suites:
            found = gather(suite, project, recordings, progress, gathering)
            gathering = replace(gathering, limits=gathering.limits.after(found.tally))
            reports.append(
                judge_suite(suite, found, policy=shared, waivers=change.config.waivers, today=today)
            )
            notes += suite_notes(suite, found, policy, today)
    finally:
        recordings.close()
    return reports, notes


def gather_options(options: dict[str, object]) -> Options:
    """Turn the command line's options into those of the replay."""
    from gate.flow.gather import Options
    from gate.replay.engine import Limits

    return Options(
        offline=bool(options["offline"]),
        repeats=options["repeats"],  # type: ignore[arg-type]
        timeout_s=options["timeout"],  # type: ignore[arg-type]
        limits=Limits(
            concurrency=options["concurrency"],  # type: ignore[arg-type]
            max_calls=options["max_calls"],  # type: ignore[arg-type]
            max_cost_usd=options["max_cost"],  # type: ignore[arg-type]
            seed=options["seed"],  # type: ignore[arg-type]
        ),
    )


def _first_run(change: Change) -> list[str]:
    if not change.first_run:
        return []
    return [
        f"first run: {change.first_run}",
        "next: gate refresh, then commit gate.yaml, fixtures/ and baselines/; "
        "from then on a change is held against them",
    ]


def _waivers(change: Change, judged: list[SuiteReport]) -> tuple[dict[str, object], ...]:
    used = {
        (finding.id, finding.segment)
        for suite in judged
        for finding in suite.findings
        if finding.waived
    }
    return tuple(
        {
            "finding": waiver.finding,
            "segment": waiver.segment,
            "owner": waiver.owner,
            "reason": waiver.reason,
            "expires": waiver.expires,
        }
        for waiver in change.config.waivers
        if (waiver.finding, waiver.segment) in used
    )


def _not_affected(name: str) -> SuiteReport:
    from gate.core.report import SuiteReport

    return SuiteReport(suite=name, verdict=None, cases=0, trials_old=0, trials_new=0)


def _incomplete(error: IncompleteError) -> Report:
    from gate.core.report import Report, Verdict

    return Report(
        verdict=Verdict.INCOMPLETE,
        exit_code=error.exit_code,
        owner="",
        policy_source="",
        alpha=0.0,
        suites=(),
        notes=(str(error), *([f"repair: {error.fix}"] if error.fix else [])),
    )


def _deliver(report: Report, formats: list[str], output: object) -> None:
    """Write the report to standard output, or one file a format into a folder."""
    if not isinstance(output, Path):
        try:
            click.echo(render(report, formats[0]), nl=False)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UsageError(f"standard output cannot be written: {error.strerror}") from error
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name in formats:
            path = output / FORMATS[name].file_name
            path.write_text(render(report, name), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output {output}: cannot be written: {error.strerror}") from error
