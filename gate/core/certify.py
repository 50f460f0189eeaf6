"""How often the gate fails where nothing changed: a baseline judged against itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core.binomial import clopper_pearson
from gate.core.columns import VALUES
from gate.core.estimate import Measured, estimate
from gate.core.judgement import judge_columns
from gate.core.plan import look_ends, look_times, stratified_order, trials_by
from gate.core.report import Verdict
from gate.core.sequential import Look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.core.columns import Bools, Columns, Ints
    from gate.core.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The gate's false-alarm rate on one suite."""

    runs: int
    alarms: int
    interval: tuple[float, float]  # of the rate, 95 %, exact
    alpha: float

    @property
    def is_unfit(self) -> bool:
        """Whether the rate is shown to exceed what the policy promises."""
        return self.interval[0] > self.alpha


def certificate(alarms: Iterable[bool], alpha: float) -> Certificate:
    """Count alarms, one entry a run."""
    seen = list(alarms)
    return Certificate(
        runs=len(seen),
        alarms=sum(seen),
        interval=clopper_pearson(sum(seen), len(seen)),
        alpha=alpha,
    )


def false_alarm(old: Columns, policy: Policy, *, repeats: int, seed: int) -> bool:
    """Judge a random part of a baseline's trials against the rest, look after look.

    Args:
        old: A baseline's trials, scored; each case has more than `repeats` of them.
        policy: Whose verdict is tried.
        repeats: Trials of each case that stand for the new prompt.
        seed: Of the choice and of the order.

    Returns:
        Whether the gate fails, though both sides are the same prompt.
    """
    rng = np.random.default_rng(seed % 2**63)
    drawn = rng.random(len(old.case))
    # Rank of each trial among those of its case, in random order.
    order = np.lexsort((drawn, old.case))
    starts = np.concatenate([[0], np.cumsum(np.bincount(old.case, minlength=old.cases))])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - starts[old.case[order]]
    cases = stratified_order(old.tags, policy.segments_by, seed=seed)
    ends = look_ends(old.cases, repeats)
    rest = np.bincount(old.case[rank >= repeats], minlength=old.cases)
    times = look_times(cases, ends, rest)
    looks = (
        judge_columns(
            _split(old, rank, trials_by(cases, end), repeats),
            policy,
            look=Look(times=times, index=index),
        )
        for index, end in enumerate(ends)
    )
    judged = next(each for each in looks if each.is_decided)  # the last one always is
    return judged.verdict is Verdict.FAIL


def _split(old: Columns, rank: Ints, due: Ints, repeats: int) -> Columns:
    """Call the first `due` trials of each case new, and those after `repeats` old."""
    keep: Bools = (rank < due[old.case]) | (rank >= repeats)
    return replace(
        old,
        case=old.case[keep],
        **{name: getattr(old, name)[keep] for name in VALUES},
        is_new=rank[keep] < repeats,
        is_recorded=np.ones(old.cases, dtype=np.bool_),
        planned_new=np.full(old.cases, repeats, dtype=np.int64),
    )


def order_p_value(old: Columns) -> float:
    """Test whether the later trials of the cases fail more, or less, than the earlier ones.

    Args:
        old: A baseline's trials in the order of their repeats.

    Returns:
        A two-sided p-value; small: they were not drawn alike, and the vendor may have changed
        while the baseline was recorded.
    """
    counts = np.bincount(old.case, minlength=old.cases)
    starts = np.concatenate([[0], np.cumsum(counts)])
    place = np.arange(len(old.case)) - starts[old.case]
    kept = (counts > 1)[old.case]
    number = np.cumsum(counts > 1) - 1
    late = place >= counts[old.case] // 2
    if not kept.any():
        return 1.0
    found = estimate(
        Measured(
            case=number[old.case[kept]],
            is_new=late[kept],
            value=old.failed[kept],
            cluster=old.cluster[counts > 1],
            same=np.zeros(int((counts > 1).sum()), dtype=np.bool_),
        )
    )
    return min(1.0, 2 * min(found.p_value, 1 - found.p_value))
