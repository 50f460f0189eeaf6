"""`gate explain`: one case in full."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from gate.commands.medium_here import medium_here
from gate.commands.options import config_option, open_here, read_change, side_options
from gate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gate.core.model import Case, Prompt, Trial
    from gate.core.score import Judged, ScoredCase
    from gate.flow.change import SuiteChange
    from gate.flow.project import Project
    from gate.reports.one_case import OneCase


@click.command("explain", short_help="Show one case in full: inputs, outputs, diff, checks.")
@click.argument("suite")
@click.argument("case")
@side_options
@config_option
def command(
    suite: str,
    case: str,
    *,
    base: str | None,
    old: Path | None,
    new: Path | None,
    config: Path | None,
) -> None:
    """Show CASE of SUITE: its input, what old and new answered, what differs, what failed.

    Calls nothing: it shows what the baselines and the recordings hold.
    """
    project = open_here(config)
    change = read_change(project, base=base, old=old, new=new, names=(suite,), case=None)
    if not change.suites:
        raise UsageError(
            f"suite {suite!r} is not affected: old and new are the same prompt",
            fix="compare with another ref: --base REF, or two files: --old A --new B",
        )
    (found,) = change.suites
    chosen = [each for each in found.cases if each.case_id == case]
    if not chosen:
        raise UsageError(
            f"suite {suite!r} has no case {case!r}", fix=f"ids look like {found.cases[0].case_id!r}"
        )
    from gate.flow.asking import Asking, Source, make_plan
    from gate.flow.gathered import recorded
    from gate.flow.judge import score
    from gate.reports.one_case import render

    recordings = project.recordings()
    try:
        plan = make_plan(found, Asking(repeats=found.suite.repeats.new))
        known, _ = recorded(plan, (recordings,), {"old": Source(), "new": Source()})
    finally:
        recordings.close()
    before, after = (known.trials[side][case] for side in ("old", "new"))
    scored = score(
        found,
        chosen[0],
        before,
        after,
        is_same=case in plan.same,
        judged=_judged(project, found, chosen[0], before, after),
    )
    click.echo(
        render(_seen(found, scored, change.explain_flags), medium_here(is_stdout=True)),
        nl=False,
        color=True,
    )


def _judged(
    project: Project,
    change: SuiteChange,
    case: Case,
    old: Sequence[Trial],
    new: Sequence[Trial],
) -> Judged | None:
    """Return what a judge said of the answers, as far as it is recorded; None: there is none."""
    from gate.errors import IncompleteError
    from gate.flow.gather import Options
    from gate.flow.judge import outputs_of
    from gate.flow.judging import seat_bench

    bench = seat_bench(change, project, Options(offline=True))
    if bench is None:
        return None
    with suppress(IncompleteError):
        bench.ask(outputs_of(change, case, old, new))
    return bench.word


def _seen(change: SuiteChange, scored: ScoredCase, flags: str) -> OneCase:
    from gate.core.prompt import request_for
    from gate.reports.one_case import Asked, OneCase

    def asked(prompt: Prompt) -> Asked:
        messages = request_for(prompt, scored.case).messages
        return Asked(
            prompt_path=prompt.path,
            model=prompt.model,
            messages=tuple((each.role, each.content) for each in messages),
        )

    return OneCase(
        suite=change.suite.name,
        scored=scored,
        old=asked(change.old.prompt),
        new=asked(change.new.prompt),
        flags=flags,
    )
