"""What a run will be able to tell, from what the baseline's own trials disagree about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.findings import RATES
from gate.core.limit import Limit, pass_z
from gate.core.segments import judgeable, segments_of
from gate.core.sequential import ONE_LOOK
from gate.core.sharpness import detectable_rise, provable_tolerance, trials_needed

if TYPE_CHECKING:
    from gate.core.columns import Columns, Floats
    from gate.core.policy import Policy
    from gate.core.sequential import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What one metric over some cases will be able to show."""

    metric: str
    segment: str | None
    cases: int
    level: float | None  # mean of the baseline's trials; None: there are none
    tolerance: float
    detectable: float  # smallest true rise that fails in 80 % of the runs
    provable: float  # smallest tolerance that a run without any change passes
    cases_needed: int | None  # at the planned trials a case, to prove the tolerance; None: enough
    can_fail: bool  # False: too few trials to fail, whatever the answers
    is_measured: bool  # whether the baseline says how much the cases' own trials disagree


def forecast(old: Columns, policy: Policy, *, look: Look = ONE_LOOK) -> tuple[Forecast, ...]:
    """Forecast every rate of the policy over all cases, and the first one by segment.

    Args:
        old: The baseline's trials, scored; no new ones, but their planned numbers.
        policy: Of the ref that is trusted.
        look: The last one of the plan, whose levels count. Earlier ones make it a little better.

    Returns:
        The forecasts, over all cases first. The variance is that of `estimate`, with the variance
        within each case taken from the baseline alone; where a case has one trial or none, it is
        taken to be the mean of the others'.
    """
    segments = segments_of(old.tags, policy.segments_by)
    able = judgeable(segments, old, policy.alpha_segments(), policy)
    chosen = [metric for metric in RATES if metric in policy.metrics]
    found = [
        _forecast(
            metric,
            old,
            None,
            Limit(
                tolerance=policy.metrics[metric].limit,
                alpha=look.fail_level(policy.alpha_overall()),
                strict=policy.strict,
            ),
            z=pass_z(look),
        )
        for metric in chosen
    ]
    shared = Limit(
        tolerance=policy.segments_max_rise,
        alpha=look.fail_level(policy.alpha_segments() / max(1, len(able))),
        strict=policy.strict,
    )
    found += [
        _forecast(chosen[0], old.only(mask), name, shared, z=pass_z(look), can_fail=name in able)
        for name, mask in segments.items()
        if chosen
    ]
    return tuple(found)


def _forecast(
    metric: str,
    old: Columns,
    segment: str | None,
    limit: Limit,
    *,
    z: float,
    can_fail: bool = True,
) -> Forecast:
    value = old.failed if metric == "failure_rate" else old.override
    level, spread = _within(old, value)
    k_new = np.maximum(1, old.planned_new)
    recorded = np.bincount(old.case[~np.isnan(value)], minlength=old.cases)
    k_old = np.where(recorded > 0, recorded, k_new)
    known = ~np.isnan(spread)
    spread = np.where(known, spread, spread[known].mean() if known.any() else 0.0)
    variance = float((spread * (1 / k_new + 1 / k_old)).sum()) / old.cases**2
    n = int(k_new.sum())
    n_old = int(k_old.sum())
    needed = trials_needed(variance, n_old, n, limit.tolerance, z=z)
    return Forecast(
        metric=metric,
        segment=segment,
        cases=old.cases,
        level=level,
        tolerance=limit.tolerance,
        detectable=detectable_rise(variance, n_old, n, limit),
        provable=provable_tolerance(variance, n_old, n, z=z),
        cases_needed=None if needed is None else math.ceil(needed * old.cases / n),
        can_fail=can_fail,
        is_measured=bool(known.any()),
    )


def _within(old: Columns, value: Floats) -> tuple[float | None, Floats]:
    """Return the mean over cases, and each case's own variance; NaN where it has one trial."""
    known = ~np.isnan(value)
    case, value = old.case[known], value[known]
    counts = np.bincount(case, minlength=old.cases)
    seen = counts > 0
    means = np.bincount(case, weights=value, minlength=old.cases) / np.maximum(1, counts)
    squares = np.bincount(case, weights=(value - means[case]) ** 2, minlength=old.cases)
    spread = np.where(counts > 1, squares / np.maximum(1, counts - 1), np.nan)
    return (float(means[seen].mean()) if seen.any() else None), spread
