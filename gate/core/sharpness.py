"""What a run can tell: the rise that it finds, the tolerance that it proves, what it lacks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.core.limit import Limit, Z, pass_z, reckoned_error
from gate.core.normal import upper_quantile

if TYPE_CHECKING:
    from gate.core.estimate import Estimate
    from gate.core.sequential import Look

Z_FOUND = 0.842  # found in 80 % of the runs
SMALLEST = 1e-9  # no number of trials proves a tolerance below


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpness:
    """What a run can tell at the end of its plan."""

    detectable: float  # smallest true rise that 80 % of such runs find
    provable: float  # smallest tolerance that 80 % of them pass without any change
    trials_needed: int | None  # new trials for the tolerance to be provable; None: enough
    cases_needed: int | None  # with as many trials each


def sharpness(found: Estimate, limit: Limit, look: Look) -> Sharpness:
    """Say what the run can tell at the end of its plan; V shrinks as information grows."""
    n_new = max(1, found.trials_new, found.planned_new)
    n_old = max(1, found.trials_old)
    if not look.is_last:  # the other cases bring as many, and a live side as many as new
        n_old = max(n_new, round(n_old * found.planned_cases / found.cases))
    variance, last = found.variance * look.time, look.last()
    final = replace(limit, alpha=last.fail_level(limit.alpha))
    detectable = detectable_rise(variance, n_old, n_new, final)
    z = pass_z(last)
    if not limit.is_rate:
        return Sharpness(
            detectable=detectable,
            provable=(z + Z_FOUND) * math.sqrt(variance),
            trials_needed=None,
            cases_needed=None,
        )
    needed = trials_needed(variance, n_old, n_new, limit.tolerance, z=z)
    return Sharpness(
        detectable=detectable,
        provable=provable_tolerance(variance, n_old, n_new, z=z),
        trials_needed=needed,
        cases_needed=needed and math.ceil(needed * found.planned_cases / n_new),
    )


def provable_tolerance(variance: float, trials_old: int, trials_new: int, *, z: float = Z) -> float:
    """Return the smallest tolerance that a run without any change passes in 80 % of the runs.

    It solves tol = 0.5/n + z S(tol) + 0.842 sqrt(V), with z = 1.645 for a single look: S is the
    standard error that a pass reckons with, sqrt(V) the one of the estimate. With equal numbers of
    trials on both sides and much disagreement that is 2.49 sqrt(V) + 0.5/n.
    """

    def is_provable(tolerance: float) -> bool:
        limit = Limit(tolerance=tolerance, alpha=0.5)
        reckoned = z * reckoned_error(variance, limit, trials_old, trials_new)
        return tolerance >= 0.5 / trials_new + reckoned + Z_FOUND * math.sqrt(variance)

    low, high = 0.0, 1.0 + (z + Z_FOUND) * math.sqrt(variance) + 0.5 / trials_new
    while high - low > SMALLEST:
        middle = (low + high) / 2
        low, high = (low, middle) if is_provable(middle) else (middle, high)
    return high


def detectable_rise(variance: float, trials_old: int, trials_new: int, limit: Limit) -> float:
    """Return the smallest true rise d that fails in 80 % of the runs.

    A rise brings a variance of its own: d / n_new to the estimate, and d / n_old to the law of
    the permutations, over which its failures may lie on either side. So key 1 asks

        d = z sqrt(V + d / n_old) + 0.842 sqrt(V + d / n_new)

    with z the quantile of the test's own alpha. Key 2 asks

        d = tolerance + 0.842 sqrt(V + d / n_new)

    and z such standard errors more where the limit is strict. The larger d counts.

    Args:
        variance: V, without a change.
        trials_old: n_old.
        trials_new: n_new.
        limit: Tolerance and alpha; for a value that is no rate, the variance does not grow.

    Returns:
        The rise; for a rate at most 1, which says that no rise can be found.

    Source:
        Normal approximation; with alpha = 0.05, n_old = n_new and tolerance 0 it is the
        d = 2.49 sqrt(V + d / n) of textbooks.
    """
    z = upper_quantile(limit.alpha)

    def is_found(rise: float) -> bool:
        growth = rise if limit.is_rate else 0.0
        null = math.sqrt(variance + growth / trials_old)
        spread = math.sqrt(variance + growth / trials_new)
        beyond = limit.tolerance + (z * spread if limit.strict else 0.0)
        return rise - Z_FOUND * spread >= max(z * null, beyond)

    low, high = 0.0, 1.0
    if limit.is_rate and not is_found(high):
        return 1.0
    while not is_found(high):
        high *= 2
    while high - low > SMALLEST * max(1.0, high):
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return high


def trials_needed(
    variance: float, trials_old: int, trials_new: int, tolerance: float, *, z: float = Z
) -> int | None:
    """New trials at which a run without any change passes, by more cases with as many trials each.

    V and both numbers of trials then grow together, so the equation of `provable_tolerance` is
    tol n - A sqrt(n) - 0.5 = 0 with a constant A.

    Returns:
        The number, or None if this run has as many, or if no number is enough.
    """
    if tolerance < SMALLEST:
        return None
    limit = Limit(tolerance=tolerance, alpha=0.5)
    reckoned = z * reckoned_error(variance, limit, trials_old, trials_new)
    scaled = (reckoned + Z_FOUND * math.sqrt(variance)) * math.sqrt(trials_new)
    root = (scaled + math.sqrt(scaled**2 + 2 * tolerance)) / (2 * tolerance)
    needed = math.ceil(root**2)
    return needed if needed > trials_new else None
