"""`gate certify`: the gate's false-alarm rate on a suite, measured on its own baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gate.commands.options import config_option, open_here
from gate.errors import IncompleteError
from gate.reports.numbers import level, p_value_told

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.certify import Certificate
    from gate.flow.change import SuiteChange

UNFIT = 1
_SUSPICIOUS = 0.01  # p-value below which the order of the baseline's trials is mentioned


@click.command("certify", short_help="Measure the gate's false-alarm rate on a suite.")
@click.argument("suite")
@config_option
@click.option(
    "--runs", type=click.IntRange(20, 100_000), default=200, show_default=True,
    help="How often the baseline is judged against itself.",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Of the first run.")
@click.pass_context
def command(ctx: click.Context, suite: str, *, config: Path | None, runs: int, seed: int) -> None:
    """Judge random parts of SUITE's baseline against the rest, and count how often the gate fails.

    Both sides are the same prompt, so each fail is a false alarm. Calls nothing. Exits 1 if the
    rate is shown to exceed the policy's alpha: the suite is then unfit to block a change.
    """
    text, exit_code = certify(suite, config=config, runs=runs, seed=seed)
    click.echo(text)
    ctx.exit(exit_code)


def certify(name: str, *, config: Path | None, runs: int, seed: int) -> tuple[str, int]:
    """Measure the false-alarm rate; return what to say, and the exit code."""
    from gate.core.certify import certificate, false_alarm, order_p_value
    from gate.flow.from_baseline import against_itself, baseline_columns, see_it_covered
    from gate.flow.project import choose_suites

    project = open_here(config)
    (suite,) = choose_suites(project.config(), (name,)).values()
    change = against_itself(project, suite)
    see_it_covered(change)
    columns = baseline_columns(change, planned_new=suite.repeats.new)
    fewest = int(columns.counts(new=False).min())
    if fewest < 2:  # noqa: PLR2004 -- one to stand for new, one for old
        raise IncompleteError(
            f"suite {name!r}: a case has one trial in the baseline, and nothing to hold it to",
            fix=f"set repeats.baseline to 5 or more, and run: gate refresh {name}",
        )
    repeats = min(suite.repeats.new, fewest // 2)
    policy = project.config().policy
    alarms = (
        false_alarm(columns, policy.untimed(), repeats=repeats, seed=seed + number)
        for number in range(runs)
    )
    found = certificate(alarms, policy.alpha)
    split = f"{repeats} of a case's {fewest} trials stand for new, the rest for old"
    lines = [_sentence(change, found), f"{split}; nothing was called"]
    p_value = order_p_value(columns)
    if p_value <= _SUSPICIOUS:
        lines.append(
            "the later trials of the baseline differ from the earlier ones "
            f"(p {p_value_told(p_value)}): the vendor may have changed while it was recorded; "
            f"next: gate refresh {name}"
        )
    return "\n".join(lines), UNFIT if found.is_unfit else 0


def _sentence(change: SuiteChange, found: Certificate) -> str:
    low, high = found.interval
    rate, low_rate, high_rate, promised = (
        level(each, "rate") for each in (found.alarms / found.runs, low, high, found.alpha)
    )
    line = (
        f"suite {change.suite.name}: {found.alarms} false alarms in {found.runs} runs of the same "
        f"prompt, {rate} (95 % interval {low_rate} to {high_rate}); "
        f"the policy promises at most {promised}: "
    )
    if found.is_unfit:
        return line + "unfit to block; set exact: true in the policy, or add cases or trials"
    if high > found.alpha:
        return line + "not shown to exceed it; more --runs narrow the interval"
    return line + "fit to block"
