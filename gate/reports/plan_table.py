"""The plan: calls, cost, and what the answers will be able to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.reports.numbers import METRIC_NAMES, level
from gate.reports.safe_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.forecast import Forecast
    from gate.core.suite_plan import SuitePlan

_HEADERS = ["metric", "segment", "cases", "baseline", "limit", "finds from", "proves from"]


def render(plans: Sequence[SuitePlan], notes: Sequence[str] = ()) -> str:
    """Return the plan of each suite for a terminal, and the notes below."""
    parts = [_suite(plan) for plan in plans] or ["nothing to plan"]
    if notes:
        parts.append("\n".join(f"note: {visible(note, longest=400)}" for note in notes))
    return "\n\n".join(parts) + "\n"


def _suite(plan: SuitePlan) -> str:
    name = visible(plan.suite)
    state = "affected" if plan.is_affected else "not affected; a change of its prompt would take"
    lines = [f"suite {name}: {state}", _calls(plan), _table(plan.forecasts)]
    if not any(each.is_measured for each in plan.forecasts):
        lines.append(
            "no baseline with several trials a case: its disagreement is taken to be nil, so these "
            f"numbers are the best case; next: gate refresh {name}"
        )
    return "\n".join([*lines, *_sentences(plan)])


def _calls(plan: SuitePlan) -> str:
    calls = plan.calls_old + plan.calls_new
    sides = f" ({plan.calls_old} old, {plan.calls_new} new)" if plan.calls_old else ""
    reason = "no answer yet whose tokens were counted" if plan.is_priced else "no price"
    unknown = f", cost unknown ({reason})"
    cost = unknown if plan.cost_usd is None else f", {plan.cost_usd:.4f} USD"
    trials = "1 new trial each" if plan.repeats == 1 else f"{plan.repeats} new trials each"
    line = (
        f"{plan.cases} cases, {trials}; at most {calls} calls{sides}{cost if calls else ''}; "
        f"{plan.known} answers are known"
    )
    if plan.confirming:
        line += f"; confirming a fail takes up to {plan.confirming} more"
    return line


def _table(forecasts: Sequence[Forecast]) -> str:
    from tabulate import tabulate

    rows = [
        [
            METRIC_NAMES[each.metric],
            visible(each.segment) if each.segment else "all",
            each.cases,
            "" if each.level is None else level(each.level, "rate"),
            _points(each.tolerance),
            (_points(each.detectable) or "none") if each.can_fail else "cannot fail",
            _points(each.provable) or "nothing",
        ]
        for each in forecasts
    ]
    aligned = ("left", "left", *["right"] * 5) if rows else ()
    return tabulate(rows, headers=_HEADERS, disable_numparse=True, colalign=aligned)


def _points(rate: float) -> str:
    return "" if rate >= 1 else f"+{rate * 100:.1f} pp"


def _sentences(plan: SuitePlan) -> list[str]:
    """Say plainly what cannot be proven, and how many cases it takes."""
    lines = []
    for each in plan.forecasts:
        if each.segment is None and each.cases_needed is not None:
            lines.append(
                f"{METRIC_NAMES[each.metric]}: a tolerance of {each.tolerance * 100:.1f} pp cannot "
                f"be proven with {each.cases} cases x {plan.repeats}; it takes about "
                f"{each.cases_needed} cases"
            )
        elif each.segment is None and each.tolerance <= 0:
            lines.append(f"{METRIC_NAMES[each.metric]}: no number of cases proves a tolerance of 0")
    small = [each.segment for each in plan.forecasts if not each.can_fail]
    if small:
        named = ", ".join(visible(name) for name in dict.fromkeys(small) if name)
        lines.append(f"too few trials to fail by themselves, whatever their answers: {named}")
    return lines
