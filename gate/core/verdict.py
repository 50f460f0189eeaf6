"""The verdict on one metric: is the change real, does it matter, could it be excluded?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.limit import Z, continuity, pass_z, reckoned_error
from gate.core.normal import upper_quantile, upper_tail
from gate.core.report import Verdict
from gate.core.sequential import ONE_LOOK
from gate.core.sharpness import sharpness

if TYPE_CHECKING:
    from gate.core.estimate import Estimate
    from gate.core.limit import Limit
    from gate.core.sequential import Look
    from gate.core.sharpness import Sharpness


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An estimate held against its limit."""

    verdict: Verdict
    interval: tuple[float, float]  # change -+ 1.645 SE
    bounds: tuple[float, float]  # up to the first it passes, from the second it fails
    sharpness: Sharpness
    fail_chance: float  # of a fail at the end of the plan, given what was seen
    pass_chance: float


def judge(found: Estimate, limit: Limit, look: Look = ONE_LOOK) -> Judgement:
    """Turn two keys: fail if the rise is real and larger than tolerated.

    Args:
        found: The estimate.
        limit: The tolerance and the error that is allowed.
        look: Which look this is.

    Returns:
        fail: p <= the look's share of alpha, and change > tolerance; before the last look
            change - 1 SE > tolerance; where the limit is strict, the lower bound at that share.
        pass: not fail, and a rise as large as the tolerance is excluded.
        inconclusive: neither.
    """
    n_old, n = max(1, found.trials_old), max(1, found.trials_new)
    level = look.fail_level(limit.alpha)
    error = math.sqrt(found.variance)
    spread = reckoned_error(found.variance, limit, n_old, n)
    passes_below = limit.tolerance - continuity(limit, n) - pass_z(look) * spread
    matters_above = limit.tolerance + _margin(limit, look) * error
    if found.p_value <= level and found.change > matters_above:
        verdict = Verdict.FAIL
    elif found.change <= passes_below:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.INCONCLUSIVE
    return Judgement(
        verdict=verdict,
        interval=_interval(found, error, limit),
        bounds=(passes_below, max(matters_above, _real_above(found, level))),
        sharpness=sharpness(found, limit, look),
        fail_chance=_fail_chance(found, limit, look),
        pass_chance=_pass_chance(found, limit, look),
    )


def _real_above(found: Estimate, level: float) -> float:
    """Return the change from which a rise is real, by the normal law of the exact test."""
    return upper_quantile(level) * math.sqrt(found.plain_variance) - found.allowance


def _margin(limit: Limit, look: Look) -> float:
    """Standard errors by which the change must exceed the tolerance to matter."""
    if limit.strict:
        return max(Z, upper_quantile(look.fail_level(limit.alpha)))
    return 0.0 if look.is_last else 1.0


def _interval(found: Estimate, error: float, limit: Limit) -> tuple[float, float]:
    low, high = found.change - Z * error, found.change + Z * error
    return (max(-1.0, low), min(1.0, high)) if limit.is_rate else (low, high)


def _fail_chance(found: Estimate, limit: Limit, look: Look) -> float:
    """Predict how likely the last look fails: both keys must turn, so the rarer one counts.

    Given what was seen, the final value of a statistic that moves as a Brownian motion is normal
    around its present slope; a flat prior on the slope makes the variance 1/t - 1 of the final one.

    Source:
        Spiegelhalter, Freedman and Blackburn (1986), Controlled Clinical Trials 7(1).
    """
    time, last = look.time, look.last()
    if look.is_last:
        return 0.0
    wanted = upper_quantile(last.fail_level(limit.alpha))
    # A p-value of 0 or 1 is rounded; eight standard errors are as good as any number.
    seen = max(-8.0, min(8.0, upper_quantile(found.p_value)))
    real = upper_tail((wanted - seen / math.sqrt(time)) / math.sqrt(1 / time - 1))
    spread = reckoned_error(
        found.variance, limit, max(1, found.trials_old), max(1, found.trials_new)
    )
    above = limit.tolerance + _margin(limit, last) * spread * math.sqrt(time) - found.change
    return min(real, _chance_above(above, spread, time))


def _pass_chance(found: Estimate, limit: Limit, look: Look) -> float:
    """Predict how likely the last look passes, see `_fail_chance`."""
    time, last = look.time, look.last()
    if look.is_last:
        return 0.0
    n_old, n_new = max(1, found.trials_old), max(1, found.trials_new)
    spread = reckoned_error(found.variance, limit, n_old, n_new)
    planned = max(n_new, found.planned_new)
    # Old trials come along with the new ones, or are all there from the start.
    final = reckoned_error(found.variance * time, limit, max(n_old, planned), planned)
    below = limit.tolerance - continuity(limit, planned) - pass_z(last) * final - found.change
    return 1 - _chance_above(below, spread, time)


def _chance_above(distance: float, spread: float, time: float) -> float:
    """Probability that the final estimate lies so far above the present one."""
    if spread == 0:
        return float(distance < 0)
    return upper_tail(distance / (spread * math.sqrt(1 - time)))
