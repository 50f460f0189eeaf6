"""Whether overridden outputs have the higher probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gate.core.clustered import ERROR, Measure, with_interval
from gate.core.student import student_quantile

if TYPE_CHECKING:
    from gate.core.clustered import Interval
    from gate.core.columns import Floats, Ints


def auc(
    probability: Floats,
    overridden: Floats,
    cluster: Ints,
    stratum: Ints,
    *,
    error: float = ERROR,
) -> Measure | None:
    """Return the chance that an overridden output ranks above an accepted one of its stratum.

    The interval is made on the scale of the log-odds, where few labels are less lopsided. Where
    every pair is ranked right, or every one wrong, it is that of one row of the smaller class
    which stands in the middle of the other.

    Args:
        probability: Of each label; shape (N,).
        overridden: 1 or 0; shape (N,).
        cluster: As in `reliability`.
        stratum: Only pairs with the same number are compared; shape (N,).
        error: Of the interval, both sides together.

    Returns:
        None if no stratum has both classes.

    Source:
        DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3), summed by clusters; ties count
        half.
    """
    won, pairs = np.zeros(len(probability)), np.zeros(len(probability))
    order = np.argsort(stratum, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(stratum[order])) + 1):
        is_over = overridden[rows] > 0
        over, kept = np.sort(probability[rows[is_over]]), np.sort(probability[rows[~is_over]])
        pairs[rows] = np.where(is_over, len(kept), len(over))
        won[rows[is_over]] = ranks_below(kept, probability[rows[is_over]])
        won[rows[~is_over]] = len(over) - ranks_below(over, probability[rows[~is_over]])
    total = float(pairs.sum()) / 2
    if not total:
        return None
    value = float(won.sum()) / 2 / total
    plain = with_interval(value, (won - value * pairs) / total, cluster, error=error)
    if 0 < value < 1:
        return Measure(value=value, interval=_on_log_odds(value, plain.interval[1] - value))
    fewest = min(int((overridden[pairs > 0] == each).sum()) for each in (0, 1))
    clusters = len(np.unique(cluster))
    reach = student_quantile(1 - error, max(1, clusters - 1)) / (2 * min(fewest, clusters))
    return Measure(value=value, interval=(max(0.0, value - reach), min(1.0, value + reach)))


def _on_log_odds(value: float, half: float) -> Interval:
    """Return the interval of a share, of which the log-odds have a symmetrical law."""
    if not np.isfinite(half):
        return 0.0, 1.0
    odds, reach = np.log(value / (1 - value)), half / (value * (1 - value))
    low, high = (0.5 * (1 + np.tanh((odds + each) / 2)) for each in (-reach, reach))
    return float(low), float(high)


def ranks_below(ordered: Floats, values: Floats) -> Floats:
    """Count those below each value, and half of those that equal it."""
    left = np.searchsorted(ordered, values, side="left")
    right = np.searchsorted(ordered, values, side="right")
    return np.asarray((left + right) / 2, dtype=np.float64)
