"""`gate explain`: one case in full."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from gate.commands.options import config_option, open_here, read_change, side_options
from gate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.score import Score, ScoredCase
    from gate.flow.change import SuiteChange


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

    recordings = project.recordings()
    try:
        plan = make_plan(found, Asking(repeats=found.suite.repeats.new))
        known, _ = recorded(plan, (recordings,), {"old": Source(), "new": Source()})
    finally:
        recordings.close()
    trials = known.trials
    scored = score(
        found, chosen[0], trials["old"][case], trials["new"][case], is_same=case in plan.same
    )
    click.echo(_shown(found, scored), nl=False)


def _shown(change: SuiteChange, scored: ScoredCase) -> str:
    from gate.core.canonical import canonical_json
    from gate.core.outcomes import outcome_of
    from gate.core.prompt import request_for
    from gate.reports.safe_text import visible, visible_lines

    case = scored.case
    tags = " ".join(f"{tag}={value}" for tag, value in case.segment.items())
    lines = [f"suite {change.suite.name}, case {visible(case.case_id)}: {outcome_of(scored).value}"]
    if tags:
        lines.append(f"segment: {visible(tags)}")
    lines.append(f"expected: {visible(canonical_json(case.expected))}")
    lines += ["", "input:"]
    for name, value in case.variables.items():
        text = value if isinstance(value, str) else canonical_json(value)
        lines += [f"  {visible(name)}: {line}" for line in visible_lines(text)]
    for name, side, scores in (("old", change.old, scored.old), ("new", change.new, scored.new)):
        lines += ["", f"{name}: {visible(side.prompt.path)}, {visible(side.prompt.model)}"]
        last = request_for(side.prompt, case).messages[-1]
        lines += [f"  last message ({last.role}):"]
        lines += [f"    {line}" for line in visible_lines(last.content)]
        lines += _answers(scores)
    return "\n".join(lines + _diff(scored)) + "\n"


def _answers(scores: tuple[Score, ...]) -> list[str]:
    from gate.reports.safe_text import visible_lines

    if not scores:
        return ["  no recorded answer; run: gate check"]
    lines = []
    for (text, code), count in Counter(
        (score.text, score.failure_code) for score in scores
    ).most_common():
        known = [s.override for s in scores if s.text == text and s.override is not None]
        override = f"{known[0]:.2f}" if known else "not judged"
        verdict = f"fails: {code}" if code else "usable"
        lines.append(f"  {count} of {len(scores)} trials, {verdict}, override {override}:")
        lines += [f"    {line}" for line in visible_lines(text)]
    return lines


def _diff(scored: ScoredCase) -> list[str]:
    from gate.core.outcomes import changes
    from gate.reports.safe_text import visible

    found = [line for change in changes([scored]) for line in change.diff]
    if not found:
        return []
    lines = ["", "differs:"]
    for each in found:
        name = f"{visible(each.path)}: " if each.path else ""
        lines += [f"  - {name}{visible(str(each.old))}", f"  + {name}{visible(str(each.new))}"]
    return lines
