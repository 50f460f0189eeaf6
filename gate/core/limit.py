"""What a change is held against, and how far from it an estimate must be to pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.normal import upper_quantile

if TYPE_CHECKING:
    from gate.core.sequential import Look

Z = 1.645  # one-sided 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a change is held against."""

    tolerance: float  # in the unit of the metric
    alpha: float  # false alarms allowed for this one test, in (0, 1)
    is_rate: bool = True  # 0 <= value <= 1, so that few trials cannot look too sure
    strict: bool = False  # fail only if the interval's lower bound is above the tolerance


def pass_z(look: Look) -> float:
    """Return the standard errors that a look must be away from the tolerance to pass."""
    # The worked examples count with 1.645; the levels of several looks have their own.
    return Z if look.times == (1.0,) else upper_quantile(look.pass_level())


def reckoned_error(variance: float, limit: Limit, trials_old: int, trials_new: int) -> float:
    """Return the standard error of the change if the true rise were as large as the tolerance.

    Such a rise brings tol (1 - tol) / n_new to the variance. Pooling both sides puts 1 / n_old of
    that into V in place of 1 / n_new, which is too little where old has more trials.
    """
    if not limit.is_rate:
        return math.sqrt(variance)
    rise = max(0.0, limit.tolerance * (1 - limit.tolerance))
    lacking = rise * max(0.0, 1 / trials_new - 1 / trials_old)
    return math.sqrt(max(variance + lacking, rise / trials_new))


def continuity(limit: Limit, trials_new: int) -> float:
    """Continuity correction of a rate: half a trial."""
    return 0.5 / trials_new if limit.is_rate else 0.0
