"""Kappa of pairs of decisions, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from gate.core.student import student_quantile

if TYPE_CHECKING:
    from gate.core.columns import Floats, Ints

ERROR = 0.05  # probability with which an interval misses; half on each side
FEWEST_CLUSTERS = 3  # an interval is not given for fewer
_PRETENDED = 4.0  # clusters that are added before a standard error is computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two raters agree, or each two of several."""

    kappa: float | None  # 1 at most, 0 as by chance; None: only one category was ever given
    interval: tuple[float, float] | None  # 95 %; None: no kappa, or too few clusters
    items: int  # that two raters decided
    agreed: float  # share of them on which they agree; of pairs of decisions, where there are more


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Two decisions on the same item, as columns of equal length."""

    first: Ints  # category, from 0
    second: Ints
    cluster: Ints  # from 0
    weight: Floats

    def table(self) -> Floats:
        """Return the weight of each two categories, a row a category of the first rater."""
        size = 1 + int(max(self.first.max(), self.second.max()))
        cells = np.bincount(self.first * size + self.second, self.weight, minlength=size * size)
        return cells.reshape(size, size).astype(np.float64)

    def interval(self, kappa: float) -> tuple[float, float] | None:
        """Return the interval of `kappa`, see `agreement`."""
        sizes = np.bincount(self.cluster, self.weight)
        if len(sizes) < FEWEST_CLUSTERS:
            return None
        # Of that size, equal clusters tell as much: where one is half of all items, few do.
        size = float((sizes**2).sum() / sizes.sum())
        middle, error = self._padded(size)
        away = student_quantile(1 - ERROR, max(1.0, float(sizes.sum()) / size - 1)) * error
        return max(-1.0, min(kappa, middle - away)), min(1.0, max(kappa, middle + away))

    def _padded(self, size: float) -> tuple[float, float]:
        """Return kappa and its standard error when clusters of `size` items are pretended."""
        table = self.table()
        added = np.full(table.shape, _PRETENDED / 2 / (table.size - len(table)))
        np.fill_diagonal(added, _PRETENDED / 2 / len(table))
        table += added * size
        moves = _moves(table)
        sums = np.bincount(self.cluster, self.weight * moves[self.first, self.second])
        squares = float((sums**2).sum() + (added * (size * moves) ** 2).sum())
        return _kappa(table), sqrt(squares) / float(table.sum())


def measured(pairs: Pairs, items: int, *, scale: float = 1.0) -> Agreement:
    """Measure the agreement of pairs; `scale` is that of the distance of kappa from 1."""
    table = pairs.table()
    occurs = table.sum(axis=0) + table.sum(axis=1) > 0
    kappa = 1 - (1 - _kappa(table)) * scale if occurs.sum() > 1 else None
    return Agreement(
        kappa=kappa,
        interval=None if kappa is None else pairs.interval(kappa),
        items=items,
        agreed=float(np.trace(table) / table.sum()),
    )


def _kappa(table: Floats) -> float:
    # Not of shares: sums of counts are exact, so that no order of the rows changes them.
    total, agreed = float(table.sum()), float(np.trace(table))
    by_chance = float(table.sum(axis=1) @ table.sum(axis=0))
    return (total * agreed - by_chance) / (total**2 - by_chance)


def _moves(table: Floats) -> Floats:
    """Return how an item in each cell moves kappa, times the number of items.

    It is the derivative of (agreed - chance) / (1 - chance) by the cell's share, less its mean;
    the mean square is the variance of Fleiss, Cohen and Everitt.
    """
    shares = table / table.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance, agreed = float(rows @ columns), float(np.trace(shares))
    apart = (1 - agreed) / (1 - chance)
    moved: Floats = np.eye(len(table)) - agreed - apart * (columns[:, None] + rows - 2 * chance)
    return moved / (1 - chance)
