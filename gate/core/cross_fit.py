"""Models that each leave some clusters out, so that labels can be held out."""

from __future__ import annotations

from heapq import heapreplace
from typing import TYPE_CHECKING

import numpy as np

from gate.core.fit import fit

if TYPE_CHECKING:
    from gate.core.calibrated import CalibratedProxy
    from gate.core.signal_table import Floats, Ints, SignalTable

FOLDS = 5


def folds_of(cluster: Ints, folds: int = FOLDS) -> Ints:
    """Deal whole clusters into folds of about the same number of rows.

    Args:
        cluster: Number of each row's cluster; they are dealt in the order of their numbers, which
            must not depend on the order of the rows.
        folds: At most; fewer where there are fewer clusters.

    Returns:
        The fold of each row, shape (N,).
    """
    distinct, place, rows = np.unique(cluster, return_inverse=True, return_counts=True)
    # The largest first, each to the fold with the fewest rows; equal ones in their own order.
    order = np.argsort(-rows, kind="stable")
    filled = [(0, number) for number in range(min(folds, len(distinct)))]  # a heap
    fold = np.empty(len(distinct), dtype=np.int64)
    for each, more in zip(order.tolist(), rows[order].tolist(), strict=True):
        fewest, fold[each] = filled[0]
        heapreplace(filled, (fewest + more, filled[0][1]))
    return np.asarray(fold[place], dtype=np.int64)


def predict(proxy: CalibratedProxy, table: SignalTable) -> Floats:
    """Return the probability of each row; shape (N,).

    A row that lacks a signal which the model needs has the mean of the others.
    """
    odds = np.full(table.rows, proxy.intercept)
    for name, curve in proxy.curves.items():
        values = table.values_of(name)
        at, height = np.array(curve.points).T
        added = np.interp(values, at, height)
        absent = np.isnan(values)
        if absent.any():
            usual = 0.0 if absent.all() else float(added[~absent].mean())
            added[absent] = usual if curve.absent is None else curve.absent
        odds += added
    for name, rows in table.members(tuple(proxy.offsets)).items():
        odds[rows] += proxy.offsets[name]
    return np.asarray(0.5 * (1 + np.tanh(odds / 2)), dtype=np.float64)


def cross_fit(table: SignalTable, folds: Ints) -> tuple[Floats, Floats]:
    """Fit a model without each fold.

    Returns:
        What the model without each fold says of every row, shape (folds, N), so that a row's
        held-out probability stands in the line of its own fold; and the base rate of the labels
        that the row's model saw, shape (N,).
    """
    number = int(folds.max()) + 1
    said, base = np.empty((number, table.rows)), np.empty(table.rows)
    for fold in range(number):
        seen = table.only(folds != fold)
        said[fold] = predict(fit(seen), table)
        base[folds == fold] = seen.overridden.mean()
    return said, base
