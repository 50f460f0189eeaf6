"""What a check would do, worked out without a call."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gate.core.cost import cost_usd
from gate.core.forecast import forecast
from gate.core.suite_plan import SuitePlan
from gate.flow.asking import Asking, Source, make_plan
from gate.flow.from_baseline import baseline_columns
from gate.flow.gathered import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.policy import Policy
    from gate.flow.change import SuiteChange
    from gate.flow.gathered import Gathered
    from gate.store.recordings import Recordings


def plan_suite(
    change: SuiteChange,
    recordings: Recordings,
    policy: Policy,
    *,
    repeats: int | None,
    seed: int,
    is_affected: bool,
) -> SuitePlan:
    """Work out the calls of a check of one suite, and what it will be able to tell.

    Args:
        change: The suite; where it is not affected, the same prompt on both sides.
        recordings: What was answered before.
        policy: As `check` would use it for this suite.
        repeats: New trials a case; None: the suite's own.
        seed: Orders the calls.
        is_affected: False: plan for a change that touches every request.

    Raises:
        ConfigError: A template fails.
    """
    asking = Asking(
        old=Source(),
        new=Source(baseline=is_affected and policy.counts_author),
        repeats=repeats or change.suite.repeats.new,
        seed=seed,
        by=policy.segments_by,
        is_drift=not is_affected,
    )
    plan = make_plan(change, asking)
    found, pending = recorded(plan, (recordings,), {"old": asking.old, "new": asking.new})
    if is_affected:
        calls = {side: sum(group[0].side == side for group in pending.values()) for side in _SIDES}
    else:  # what is recorded is of the old prompt, and counts once
        found.trials["new"].clear()
        wanted = Counter(each.side for each in plan.wanted)
        recorded_old = sum(
            trial.source == "recording" for each in found.trials["old"].values() for trial in each
        )
        calls = {"old": wanted["old"] - recorded_old, "new": wanted["new"]}
    changed = [case.case_id for case in change.cases if case.case_id not in plan.same]
    given = sum(plan.is_recorded(case_id) for case_id in changed)
    return SuitePlan(
        suite=change.suite.name,
        is_affected=is_affected,
        cases=len(change.cases),
        repeats=asking.repeats,
        calls_old=calls["old"],
        calls_new=calls["new"],
        known=sum(len(trials) for side in found.trials.values() for trials in side.values()),
        # Old is called again, and new where it was the author who recorded it.
        confirming=given * asking.repeats + (plan.by_author if given else 0),
        cost_usd=_cost(change, found, calls),
        is_priced=all(getattr(change, side).prompt.price for side in _SIDES if calls[side]),
        forecasts=forecast(
            baseline_columns(change, planned_new=asking.repeats),
            policy
            if any(not plan.is_recorded(case_id) for case_id in changed)
            else policy.untimed(),
            look=plan.look(len(plan.ends) - 1),
        ),
    )


_SIDES = ("old", "new")


def _cost(change: SuiteChange, found: Gathered, calls: Mapping[str, int]) -> float | None:
    """Estimate what the calls cost, by the tokens of the answers that are known."""
    answers = [
        trial.response
        for side in found.trials.values()
        for trials in side.values()
        for trial in trials
        if trial.response
    ]
    whole = 0.0
    for side in _SIDES:
        costs = [cost_usd(each, getattr(change, side).prompt.price) for each in answers]
        known = [cost for cost in costs if cost is not None]
        if calls[side] and not known:
            return None
        whole += calls[side] * sum(known) / max(1, len(known))
    return whole
