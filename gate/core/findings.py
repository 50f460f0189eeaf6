"""From scores to findings: every metric, over all cases and in every segment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core import metrics
from gate.core.policy import FINDING_IDS
from gate.core.report import Finding, Verdict
from gate.core.verdict import Estimate, Judgement, Samples, estimate, judge, judge_ratio

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gate.core.metrics import Reader
    from gate.core.policy import Policy
    from gate.core.score import ScoredCase

_ID_OF = {metric: finding_id for finding_id, metric in FINDING_IDS.items()}
RATES: Mapping[str, Reader] = {
    "failure_rate": metrics.failure,
    "override_rate": metrics.override,
}


def find(
    scored: Sequence[ScoredCase], policy: Policy, *, among: Collection[str] = tuple(_ID_OF)
) -> tuple[tuple[Finding, ...], dict[str, str]]:
    """Judge every metric of the policy.

    Args:
        scored: All cases of one suite.
        policy: Of the base ref.
        among: The metrics to judge; the budget of alpha stays that of the whole policy.

    Returns:
        The findings, over all cases first, then by segment; and for each metric that could not
        be measured, why.
    """
    usable = metrics.two_sided(scored)
    found: list[Finding] = []
    unmeasured: dict[str, str] = {}
    chosen = [metric for metric in policy.metrics if metric in among]
    for metric in chosen:
        overall = _judge_metric(metric, usable, policy, segment=None, alpha=policy.alpha_overall())
        if isinstance(overall, str):
            unmeasured[metric] = overall
        else:
            found.append(overall)
    segments = segments_of(usable, policy.segments_by)
    alpha = policy.alpha_segment(len(segments))
    for name, members in segments.items():
        for metric in (each for each in chosen if each in RATES):
            each = _judge_metric(metric, members, policy, segment=name, alpha=alpha)
            if isinstance(each, Finding):
                found.append(each)
    return tuple(sorted(found, key=_place)), unmeasured


def _place(finding: Finding) -> tuple[bool, int, str]:
    return (
        finding.segment is not None,
        list(_ID_OF).index(finding.metric),
        str(finding.segment),
    )


def segments_of(scored: Sequence[ScoredCase], tags: Sequence[str]) -> dict[str, list[ScoredCase]]:
    """Group cases by tag value, `channel=email`; a case without the tag is in no group."""
    groups: dict[str, list[ScoredCase]] = {}
    for tag in tags:
        for each in scored:
            if tag in each.case.segment:
                groups.setdefault(f"{tag}={each.case.segment[tag]}", []).append(each)
    return dict(sorted(groups.items()))


def _judge_metric(
    metric: str,
    scored: Sequence[ScoredCase],
    policy: Policy,
    *,
    segment: str | None,
    alpha: float,
) -> Finding | str:
    if not scored:
        return "no case has an answer on both sides"
    limit = policy.metrics[metric].limit if segment is None else policy.segments_max_rise
    if metric in RATES:
        judged = metrics.with_override(scored) if metric == "override_rate" else scored
        samples = metrics.samples_of(judged, RATES[metric])
        if samples is None:
            return "no case has an expectation, or old trials to spare as references"
        found = estimate(samples)
        return _finding(
            metric, segment, limit, "rate", alpha, found, judge(found, tolerance=limit, alpha=alpha)
        )
    if metric == "latency_p95":
        return _latency(scored, limit, alpha)
    return _cost(scored, limit, alpha)


def _finding(
    metric: str,
    segment: str | None,
    limit: float,
    unit: str,
    alpha: float,
    found: Estimate,
    judged: Judgement,
) -> Finding:
    return Finding(
        id=_ID_OF[metric],
        metric=metric,
        segment=segment,
        old=found.old,
        new=found.new,
        change=found.change,
        interval=judged.interval,
        p_value=found.p_value,
        limit=limit,
        unit=unit,
        n=found.cases,
        detectable=judged.detectable,
        provable=judged.provable,
        trials_needed=judged.trials_needed,
        alpha=alpha,
        verdict=judged.verdict,
    )


def _cost(scored: Sequence[ScoredCase], limit: float, alpha: float) -> Finding | str:
    for unit, read in (("usd", metrics.usd), ("tokens", metrics.tokens)):
        samples = metrics.samples_of(scored, read)
        if samples is not None:
            return _ratio_finding("cost", unit, samples, limit, alpha)
    return "the provider reports no tokens, or not for every answer"


def _ratio_finding(metric: str, unit: str, samples: Samples, limit: float, alpha: float) -> Finding:
    """Judge new against limit x old; change and interval are told as fractions of old."""
    found = estimate(samples, ratio=limit)
    judged = judge_ratio(found, alpha=alpha)
    finding = _finding(metric, None, limit, unit, alpha, found, judged)
    if found.old <= 0:
        return finding

    def relative(change: float) -> float:
        return change / found.old + limit - 1

    return replace(
        finding,
        change=relative(found.change),
        interval=(relative(judged.interval[0]), relative(judged.interval[1])),
        detectable=judged.detectable / found.old,
        provable=judged.provable / found.old,
    )


def _latency(scored: Sequence[ScoredCase], limit: float, alpha: float) -> Finding | str:
    samples = metrics.samples_of(scored, metrics.latency)
    if samples is None:
        return "old and new were not called side by side in this run"
    value, is_new = samples.value, samples.is_new
    old, new = (float(np.quantile(value[side], 0.95)) for side in (~is_new, is_new))
    slower = estimate(_exceedance(samples, value))
    # For the pass: new against old slowed down by the tolerated ratio.
    tolerated = estimate(_exceedance(samples, np.where(is_new, value, value * limit)))
    excluded = judge_ratio(tolerated, alpha=alpha).verdict is Verdict.PASS
    if slower.p_value <= alpha and new > limit * old:
        verdict = Verdict.FAIL
    elif excluded and tolerated.change < 0:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.INCONCLUSIVE
    judged = judge(slower, tolerance=0.0, alpha=alpha)
    finding = _finding("latency_p95", None, limit, "ms", alpha, slower, judged)
    return replace(
        finding,
        old=old,
        new=new,
        change=new / old - 1 if old else 0.0,
        interval=None,
        detectable=None,
        provable=None,
        trials_needed=None,
        verdict=verdict,
    )


def _exceedance(samples: Samples, value: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Samples:
    """1 where a latency exceeds the 95th percentile of old and new pooled."""
    over = (value > np.quantile(value, 0.95)).astype(np.float64)
    return replace(samples, value=over)
