"""From columns to findings: every metric, over all cases and in every segment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core import metrics
from gate.core.estimate import estimate, quantile_of
from gate.core.limit import Limit
from gate.core.metrics import Unmeasured
from gate.core.policy import FINDING_IDS
from gate.core.report import Finding, Verdict
from gate.core.segments import judgeable, segments_of
from gate.core.sequential import ONE_LOOK
from gate.core.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gate.core.columns import Columns, Floats
    from gate.core.estimate import Estimate, Measured
    from gate.core.policy import Policy
    from gate.core.sequential import Look
    from gate.core.verdict import Judgement

_ID_OF = {metric: finding_id for finding_id, metric in FINDING_IDS.items()}
RATES = ("failure_rate", "override_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding, and what the trials to come may still make of it."""

    finding: Finding
    fail_chance: float
    pass_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All findings of one suite, over all cases first, then by segment."""

    found: tuple[Found, ...]
    not_measured: dict[str, str]  # metric: reason
    unseen: tuple[tuple[str, str | None], ...]  # id and segment of rates not measured yet
    small_segments: tuple[str, ...]  # could not fail, whatever their answers


def find(
    columns: Columns,
    policy: Policy,
    *,
    look: Look = ONE_LOOK,
    among: Collection[str] = tuple(_ID_OF),
) -> Findings:
    """Judge every metric of the policy.

    Args:
        columns: All cases of one suite.
        policy: Of the base ref.
        look: Which look at the trials this is.
        among: The metrics to judge; the budget of alpha stays that of the whole policy.
    """
    chosen = [metric for metric in policy.metrics if metric in among]
    not_measured: dict[str, str] = {}
    found: list[Found] = []
    whole = _Judge(policy, look, segment=None, alpha=policy.alpha_overall())
    for metric in chosen:
        overall = whole.judge(metric, columns)
        if isinstance(overall, Unmeasured):
            not_measured[metric] = overall.reason
        else:
            found.append(overall)
    segments = segments_of(columns.tags, policy.segments_by)
    names = judgeable(segments, columns, policy.alpha_segments(), policy)
    rates = [metric for metric in chosen if metric in RATES]
    unseen: list[tuple[str, str | None]] = [
        (_ID_OF[metric], None) for metric in rates if metric in not_measured
    ]
    by_segment: list[Found] = []
    for name in names:
        part = _Judge(policy, look, segment=name, alpha=policy.alpha_segments() / len(names))
        members = columns.only(segments[name])
        judged = [part.judge(metric, members) for metric in rates]
        by_segment += [each for each in judged if isinstance(each, Found)]
        unseen += [
            (_ID_OF[metric], name)
            for metric, each in zip(rates, judged, strict=True)
            if isinstance(each, Unmeasured)
        ]
    found += _holm(by_segment)
    return Findings(
        found=tuple(sorted(found, key=place)),
        not_measured=not_measured,
        unseen=tuple(unseen),
        small_segments=tuple(name for name in segments if name not in names),
    )


def place(found: Found) -> tuple[bool, int, str]:
    """Order findings: over all cases first, then by metric and segment."""
    finding = found.finding
    return (
        finding.segment is not None,
        list(_ID_OF).index(finding.metric),
        str(finding.segment),
    )


def _holm(found: Sequence[Found]) -> list[Found]:
    """Give each segment's p-value its adjustment for all segments of its metric.

    Source:
        Holm (1979), Scand. J. Statist. 6(2).
    """
    adjusted: list[Found] = []
    for metric in dict.fromkeys(each.finding.metric for each in found):
        family = sorted(
            (each for each in found if each.finding.metric == metric),
            key=lambda each: each.finding.p_value,
        )
        highest = 0.0
        for rank, each in enumerate(family):
            highest = max(highest, min(1.0, (len(family) - rank) * each.finding.p_value))
            adjusted.append(replace(each, finding=replace(each.finding, p_adjusted=highest)))
    return adjusted


class _Judge:
    """Judges the metrics over one group of cases."""

    def __init__(self, policy: Policy, look: Look, *, segment: str | None, alpha: float) -> None:
        self._policy = policy
        self._look = look
        self._segment = segment
        self._alpha = alpha

    def judge(self, metric: str, columns: Columns) -> Found | Unmeasured:
        """Judge one metric, or say why it cannot be."""
        if metric == "cost":
            return self._cost(columns)
        if metric == "latency_p95":
            return self._latency(columns)
        read = metrics.rate(metric, columns, is_last=self._look.is_last)
        if isinstance(read, Unmeasured) or self._one_cluster(read):
            return read if isinstance(read, Unmeasured) else _ONE_CLUSTER
        overall = self._segment is None
        tolerance = (
            self._policy.metrics[metric].limit if overall else self._policy.segments_max_rise
        )
        found = self._estimate(read)
        judged = judge(found, self._limit(tolerance), self._look)
        return self._found(metric, tolerance, "rate", found, judged)

    def _limit(self, tolerance: float, *, is_rate: bool = True) -> Limit:
        return Limit(
            tolerance=tolerance, alpha=self._alpha, is_rate=is_rate, strict=self._policy.strict
        )

    def _estimate(self, read: Measured, *, ratio: float = 1.0) -> Estimate:
        return estimate(
            read,
            ratio=ratio,
            mid_p=not self._policy.exact,
            population=self._policy.scope == "population",
        )

    def _one_cluster(self, read: Measured) -> bool:
        return self._policy.scope == "population" and len(set(read.cluster.tolist())) == 1

    def _found(
        self, metric: str, limit: float, unit: str, found: Estimate, judged: Judgement
    ) -> Found:
        finding = Finding(
            id=_ID_OF[metric],
            metric=metric,
            segment=self._segment,
            old=found.old,
            new=found.new,
            change=found.change,
            interval=judged.interval,
            bounds=judged.bounds,
            p_value=found.p_value,
            limit=limit,
            unit=unit,
            n=found.cases,
            detectable=judged.sharpness.detectable,
            provable=judged.sharpness.provable,
            trials_needed=judged.sharpness.trials_needed,
            cases_needed=judged.sharpness.cases_needed,
            alpha=self._alpha,
            verdict=judged.verdict,
        )
        return Found(
            finding=finding, fail_chance=judged.fail_chance, pass_chance=judged.pass_chance
        )

    def _cost(self, columns: Columns) -> Found | Unmeasured:
        """Judge new against limit x old; change and interval are told as fractions of old."""
        read = metrics.cost(columns, is_last=self._look.is_last)
        if isinstance(read, Unmeasured):
            return read
        unit, trials = read
        if self._one_cluster(trials):
            return _ONE_CLUSTER
        limit = self._policy.metrics["cost"].limit
        found = self._estimate(trials, ratio=limit)
        judged = judge(found, self._limit(0.0, is_rate=False), self._look)
        whole = self._found("cost", limit, unit, found, judged)
        if found.old <= 0:
            return whole

        def relative(change: float) -> float:
            return change / found.old + limit - 1

        told = replace(
            whole.finding,
            change=relative(found.change),
            interval=(relative(judged.interval[0]), relative(judged.interval[1])),
            bounds=(relative(judged.bounds[0]), relative(judged.bounds[1])),
            detectable=relative(judged.sharpness.detectable),
            provable=relative(judged.sharpness.provable),
        )
        return replace(whole, finding=told)

    def _latency(self, columns: Columns) -> Found | Unmeasured:
        """Judge how often old and new exceed the pooled quantile, and the ratio of the quantiles.

        Key 2 and the pass look at new against old slowed down by the tolerated ratio.
        """
        read = metrics.latency(columns, is_last=self._look.is_last)
        if isinstance(read, Unmeasured):
            return read
        q, trials = read
        if self._one_cluster(trials):
            return _ONE_CLUSTER
        limit = self._policy.metrics["latency_p95"].limit
        value, is_new = trials.value, trials.is_new
        old, new = quantile_of(value, is_new, q)
        slower = self._estimate(_exceedance(trials, value, q))
        slowed = self._estimate(_exceedance(trials, np.where(is_new, value, value * limit), q))
        tolerated = replace(slowed, p_value=slower.p_value)
        judged = judge(tolerated, self._limit(0.0, is_rate=False), self._look)
        verdict = judged.verdict
        # Few exceedances show no spread, so the pass has to be real, too.
        is_excluded = 1 - slowed.p_value <= self._look.pass_level()
        if (verdict is Verdict.FAIL and not new > limit * old) or (
            verdict is Verdict.PASS and not is_excluded
        ):
            verdict = Verdict.INCONCLUSIVE
        whole = self._found("latency_p95", limit, "ms", slower, judged)
        told = replace(
            whole.finding,
            old=old,
            new=new,
            change=new / old - 1 if old else 0.0,
            interval=None,
            bounds=None,
            detectable=None,
            provable=None,
            trials_needed=None,
            cases_needed=None,
            quantile=q,
            verdict=verdict,
        )
        return replace(whole, finding=told)


_ONE_CLUSTER = Unmeasured(reason="all cases are of one cluster, which says nothing about others")


def _exceedance(trials: Measured, value: Floats, q: float) -> Measured:
    """1 where a latency exceeds the quantile q of old and new pooled."""
    over = (value > np.quantile(value, q)).astype(np.float64)
    return replace(trials, value=over)
