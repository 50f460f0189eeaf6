"""What each metric reads from the columns, and which cases it can be measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.estimate import Measured

if TYPE_CHECKING:
    from gate.core.columns import Columns, Floats

NOT_SIDE_BY_SIDE = "old and new were not called side by side"
UNSEEN = (
    "the override proxy could judge no case on both sides: no expectation, no old trials to spare "
    "as references, or not the signals that it needs"
)
FEW_TRIALS = 20  # on a side: below, a 95th percentile is no more than the largest value


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """Why a metric says nothing about these cases."""

    reason: str


def measured(columns: Columns, value: Floats, *, is_last: bool = True) -> Measured | Unmeasured:
    """Keep the trials whose value is known, of the cases that have such trials on both sides.

    Args:
        columns: Of the cases in question.
        value: The metric's value of each trial; NaN: not known.
        is_last: Whether no further trial is planned; otherwise cases left out are yet unseen.
    """
    known = ~np.isnan(value)
    old = np.bincount(columns.case[known & ~columns.is_new], minlength=columns.cases)
    new = np.bincount(columns.case[known & columns.is_new], minlength=columns.cases)
    usable = (old > 0) & (new > 0)
    if not usable.any():
        return Unmeasured(reason="no case has an answer on both sides")
    trials = known & usable[columns.case]
    return Measured(
        case=(np.cumsum(usable) - 1)[columns.case[trials]],
        is_new=columns.is_new[trials],
        value=value[trials],
        cluster=columns.cluster[usable],
        same=columns.is_same[usable],
        unseen=0 if is_last else int((~usable).sum()),
        planned_new=int(columns.planned_new.sum()),
    )


def rate(metric: str, columns: Columns, *, is_last: bool) -> Measured | Unmeasured:
    """Read the failure rate or the override rate."""
    if metric == "failure_rate":
        return measured(columns, columns.failed, is_last=is_last)
    found = measured(columns, columns.override, is_last=is_last)
    answered = measured(columns, columns.failed)
    if isinstance(found, Unmeasured) and isinstance(answered, Measured):
        return Unmeasured(reason=UNSEEN)
    return found


def cost(columns: Columns, *, is_last: bool) -> tuple[str, Measured] | Unmeasured:
    """Read the cost in USD, or in tokens where a price is not known for every trial.

    Returns:
        The unit, `usd` or `tokens`, and the trials.
    """
    paired = (columns.counts(new=False) > 0) & (columns.counts(new=True) > 0)
    trials = paired[columns.case]
    for unit, value in (("usd", columns.cost_usd), ("tokens", columns.tokens)):
        if not np.isnan(value[trials]).any():
            found = measured(columns, value, is_last=is_last)
            return found if isinstance(found, Unmeasured) else (unit, found)
    return Unmeasured(reason="the provider reports no tokens, or not for every answer")


def latency(columns: Columns, *, is_last: bool) -> tuple[float, Measured] | Unmeasured:
    """Read the latencies of cases whose both sides were called in this run.

    Returns:
        The quantile that is compared, 0.95, or 0.5 where a side has few trials; the trials.
    """
    found = measured(columns, columns.latency_ms, is_last=is_last)
    if isinstance(found, Unmeasured):
        return Unmeasured(reason=NOT_SIDE_BY_SIDE)
    new = int(found.is_new.sum())
    few = min(new, len(found.is_new) - new) < FEW_TRIALS
    return (0.5 if few else 0.95), found
