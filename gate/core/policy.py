"""What a change may cost: tolerances, the budget of alpha, waivers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FINDING_IDS = {
    "failure-rate-rise": "failure_rate",
    "override-rate-rise": "override_rate",
    "latency-p95-rise": "latency_p95",
    "cost-rise": "cost",
}
SEGMENT_SHARE = 0.2  # of a metric's alpha; the rest is the overall test's


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """The tolerated change of one metric: a rise of a rate, or a ratio."""

    max_rise: float | None = None
    max_ratio: float | None = None

    @property
    def limit(self) -> float:
        """The number that the report shows."""
        value = self.max_ratio if self.max_rise is None else self.max_rise
        return 0.0 if value is None else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Someone's decision to let a finding through for a while."""

    finding: str
    segment: str | None  # "channel=email"; None: the finding over all cases
    owner: str
    reason: str
    expires: str  # ISO date; the waiver has no effect from that day on
    prompt: str | None = None  # fingerprint of the new prompt; None: it has no effect


def _default_metrics() -> Mapping[str, Tolerance]:
    return {
        "failure_rate": Tolerance(max_rise=0.01),
        "override_rate": Tolerance(max_rise=0.02),
        "latency_p95": Tolerance(max_ratio=1.25),
        "cost": Tolerance(max_ratio=1.10),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The tolerated change of each metric, with the false-alarm rate of the whole gate."""

    alpha: float = 0.05
    metrics: Mapping[str, Tolerance] = field(default_factory=_default_metrics)
    segments_by: tuple[tuple[str, ...], ...] = ()  # tags to group by; several: jointly
    segments_max_rise: float = 0.05
    inconclusive: str = "pass"  # or "fail"
    baseline_max_age_days: int | None = None
    author_recordings: str = "count"  # of a change's own new prompt; or "call": called all the same
    trust: str = "base"  # or "head"
    exact: bool = False  # the conservative p-value instead of the mid-p
    strict: bool = False  # fail only if the interval's lower bound is above the tolerance
    scope: str = "fixtures"  # or "population": a claim about what the cases were drawn from

    @property
    def counts_author(self) -> bool:
        """Whether answers of the new prompt count that the change itself brings."""
        return self.author_recordings == "count"

    def alpha_overall(self) -> float:
        """Alpha of one metric's test over all cases.

        The gate's alpha is divided by the number of metrics; segments, where there are any, get
        their share of it. By Bonferroni the whole gate's false-alarm rate stays below alpha.
        """
        share = 1 - SEGMENT_SHARE if self.segments_by else 1.0
        return self.alpha / max(1, len(self.metrics)) * share

    def untimed(self) -> Policy:
        """Return the policy for a wholly recorded old side, where no latency can be compared."""
        others = self.metrics.keys() - {"latency_p95"}
        return self.without("latency_p95") if others else self

    def without(self, metric: str) -> Policy:
        """Return the policy for a run that cannot measure a metric: the others share its alpha."""
        kept = {name: limit for name, limit in self.metrics.items() if name != metric}
        return replace(self, metrics=kept)

    def alpha_segments(self) -> float:
        """Alpha of one metric's tests in all segments together."""
        return self.alpha / max(1, len(self.metrics)) * SEGMENT_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Trials a case."""

    baseline: int = 10
    new: int = 3
