"""The trials that are missing: how many, on which side, and could they change the verdict?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.columns import with_missing
from gate.core.permutation import binary_p_value

if TYPE_CHECKING:
    from gate.core.columns import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Trials that brought no answer, which is neither a failure nor a pass."""

    old: int
    new: int
    p_value: float | None  # two-sided, that both sides lose as many; None: nothing to compare


def count_missing(columns: Columns) -> Missing:
    """Count the missing trials, and test whether one side loses more of them.

    A side that comes from a baseline cannot have lost any: the test looks at cases whose both
    sides were called.
    """
    old, new = columns.missing_old, columns.missing_new
    k_old, k_new = columns.counts(new=False) + old, columns.counts(new=True) + new
    called = ~columns.is_recorded & ~columns.is_same & (k_old > 0) & (k_new > 0)
    p_value = None
    if (old + new)[called].any():
        lost = (old + new)[called]
        rise = binary_p_value((k_old + k_new)[called], k_new[called], lost, new[called])
        p_value = min(1.0, 2 * min(rise, 1 - rise))
    return Missing(old=int(old.sum()), new=int(new.sum()), p_value=p_value)


def imputed_both_ways(columns: Columns) -> tuple[Columns, ...]:
    """Return the two worlds that are furthest apart; none where nothing is missing.

    In one, every missing new trial failed and every missing old one did not; in the other, the
    other way round. A case without a trial on one side counts with its imputed ones.
    """
    if not np.any(columns.missing_old) and not np.any(columns.missing_new):
        return ()
    return with_missing(columns, old=0.0, new=1.0), with_missing(columns, old=1.0, new=0.0)
