"""The mean override rate from few human labels and many proxies: prediction-powered inference.

The proxies of the trials that nobody labelled say the rate closely, but may be biased; the labelled
trials say by how much. The weight of the proxies, lambda, is tuned to their worth: with 0 the rate
is the labels' mean, and the interval that of labels alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.report import OverrideEstimate
from gate.core.review import design_effect
from gate.core.student import student_quantile

if TYPE_CHECKING:
    from gate.core.columns import Bools, Floats, Ints

# Below these there is no estimate. An interval would hold, but would say little: with no override
# among ten labels it is 0 to 0.34, and five clusters are as few as show how much clusters differ.
LEAST_LABELS = 10
LEAST_CLUSTERS = 5

_ROUNDING = 1e-24  # squared influence of proxies that differ by rounding alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The trials of one side, of which a human labelled some that were chosen at random."""

    case: Ints  # number of the trial's cluster, shared between the sides
    proxy: Floats  # probability in [0, 1] that a human would override the output
    label: Floats  # 1 overridden, 0 accepted, NaN not labelled


def override_rate(side: Labelled, *, confidence: float = 0.95) -> OverrideEstimate | None:
    """Estimate the override rate of one side.

    The rate is lambda x mean(proxy of the unlabelled) + mean(label - lambda x proxy of the
    labelled), clipped to [0, 1]. Its variance is the sum over clusters of their squared influence.
    The interval is Wilson's, with Student's t and as many labels as would have that variance. Few
    labels may show no variance, or less than there is, so it is never taken to be less than if one
    label differed from what is expected of it; where no label differs from another, each cluster
    counts as one label.

    Args:
        side: Its trials. The labelled ones must be a random part of them: labels of what looked
            bad would be taken for the rule.
        confidence: Probability with which the interval holds the rate, in (0, 1).

    Returns:
        The estimate; None for fewer than LEAST_LABELS labels or LEAST_CLUSTERS labelled clusters.

    Raises:
        ValueError: `confidence` is not between 0 and 1.

    Source:
        Angelopoulos, Duchi and Zrnic (2023), arXiv:2311.01453, for the estimate and lambda; Liang
        and Zeger (1986), Biometrika 73(1), for clusters; Wilson (1927), JASA 22(158).
    """
    only = _sides(side)
    if only is None:
        return None
    weight = _tuned(only[0].of_labels, only[0].of_proxies)
    return OverrideEstimate(
        rate=only[0].rate(weight),
        interval=only[0].interval(weight, confidence),
        plain=only[0].plain,
        labels=only[0].labels,
        weight=weight,
    )


def override_change(
    old: Labelled, new: Labelled, *, confidence: float = 0.95
) -> OverrideEstimate | None:
    """Estimate the change of the override rate, new - old.

    The proxies of both sides have one weight, tuned to the change. The interval is made of those of
    the sides: each limit is as far from the change as the sides' limits are from their rates,
    squared and added, less what the sides have in common because they share cases.

    Args:
        old: Trials of the old side; the labelled ones must be a random part of them.
        new: Trials of the new side.
        confidence: Probability with which the interval holds the change, in (0, 1).

    Returns:
        The estimate; None if a side has too few labels for `override_rate`.

    Raises:
        ValueError: `confidence` is not between 0 and 1.

    Source:
        Newcombe (1998), Statistics in Medicine 17(22), and Zou and Donner (2008), Statistics in
        Medicine 27(10), for the interval.
    """
    both = _sides(old, new)
    if both is None:
        return None
    before, after = both
    weight = _tuned(after.of_labels - before.of_labels, after.of_proxies - before.of_proxies)
    change = after.rate(weight) - before.rate(weight)
    shared = _correlation(before, after, weight, confidence)
    below, above = before.margins(weight, confidence)
    below_new, above_new = after.margins(weight, confidence)
    low = change - _combined(below_new, above, shared)
    high = change + _combined(above_new, below, shared)
    return OverrideEstimate(
        rate=change,
        interval=(low, high),
        plain=after.plain - before.plain,
        labels=before.labels + after.labels,
        weight=weight,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Sums over the trials of one side; an influence has one entry a cluster."""

    plain: float
    labels: int
    clusters: int  # that have a label
    effect: float  # design effect of the labels
    mean: float  # of the labels
    shift: float  # mean proxy of the unlabelled trials less that of the labelled ones
    of_labels: Floats  # influence of each cluster on `mean`
    of_proxies: Floats  # influence of each cluster on `shift`

    def rate(self, weight: float) -> float:
        """Return the rate when the proxies have this weight."""
        return min(1.0, max(0.0, self.mean + weight * self.shift))

    def variance(self, weight: float) -> float:
        """Return its variance, at least that of one label that differs from the others."""
        influence = self.influence(weight)
        return max(float(influence @ influence), self.effect / self.labels**2)

    def influence(self, weight: float) -> Floats:
        """Return what each cluster moves the rate by, scaled so that the squares add up to V."""
        scale = math.sqrt(self.clusters / (self.clusters - 1))
        return scale * (self.of_labels + weight * self.of_proxies)

    def interval(self, weight: float, confidence: float) -> tuple[float, float]:
        """Return Wilson's interval with as many labels as have this variance."""
        spread = self.mean * (1 - self.mean)
        labels = spread / self.variance(weight) if spread else self.labels / self.effect
        rate, t = self.rate(weight), self.quantile(confidence)
        middle = (labels * rate + t**2 / 2) / (labels + t**2)
        away = t * math.sqrt(labels * rate * (1 - rate) + t**2 / 4) / (labels + t**2)
        return max(0.0, min(rate, middle - away)), min(1.0, max(rate, middle + away))

    def margins(self, weight: float, confidence: float) -> tuple[float, float]:
        """Return how far the interval reaches below the rate and above it."""
        low, high = self.interval(weight, confidence)
        return self.rate(weight) - low, high - self.rate(weight)

    def quantile(self, confidence: float) -> float:
        """Return Student's quantile for the clusters that have a label."""
        return student_quantile(confidence, self.clusters - 1)


def _sides(*sides: Labelled) -> list[_Side] | None:
    """Sum the trials of each side up; None if one has too few labels."""
    _, cluster = np.unique(np.concatenate([each.case for each in sides]), return_inverse=True)
    ends = np.cumsum([len(each.case) for each in sides])
    parts = zip(sides, np.split(cluster, ends[:-1]), strict=True)
    found = []
    for side, own in parts:
        labelled = ~np.isnan(side.label)
        labels, clusters = int(labelled.sum()), len(np.unique(own[labelled]))
        if labels < LEAST_LABELS or clusters < LEAST_CLUSTERS:
            return None
        found.append(_side(side, own, labelled, int(cluster.max()) + 1))
    return found


def _side(side: Labelled, cluster: Ints, labelled: Bools, clusters: int) -> _Side:
    mean, of_labels = _mean(side.label, cluster, labelled, clusters)
    known, of_known = _mean(side.proxy, cluster, labelled, clusters)
    # Where all is labelled the proxies have nothing to add.
    unknown, of_unknown = known, of_known
    if not labelled.all():
        unknown, of_unknown = _mean(side.proxy, cluster, ~labelled, clusters)
    return _Side(
        plain=float(side.proxy.mean()),
        labels=int(labelled.sum()),
        clusters=len(np.unique(cluster[labelled])),
        effect=design_effect(side.label[labelled] > 0, cluster[labelled]),
        mean=mean,
        shift=unknown - known,
        of_labels=of_labels,
        of_proxies=of_unknown - of_known,
    )


def _mean(value: Floats, cluster: Ints, chosen: Bools, clusters: int) -> tuple[float, Floats]:
    """Return the mean over the chosen trials and the influence of each cluster on it."""
    mean = float(value[chosen].mean())
    away = (value[chosen] - mean) / int(chosen.sum())
    influence = np.bincount(cluster[chosen], weights=away, minlength=clusters)
    return mean, influence.astype(np.float64)


def _tuned(of_labels: Floats, of_proxies: Floats) -> float:
    """Return the weight with which the squared influences have the smallest sum.

    With one trial a cluster it is cov(label, proxy) / ((1 + n / N) var(proxy)), with n labelled
    trials and N others.

    Source:
        Angelopoulos, Duchi and Zrnic (2023), arXiv:2311.01453, section 6.
    """
    squares = float(of_proxies @ of_proxies)
    if squares < _ROUNDING:
        return 0.0
    return min(1.0, max(0.0, -float(of_labels @ of_proxies) / squares))


def _correlation(old: _Side, new: _Side, weight: float, confidence: float) -> float:
    """Return the correlation of the sides' rates, less than is seen if labels are few.

    As Wilson's interval adds t^2 labels that are as often overridden as not, they are added here,
    and agree with nothing: few pairs that happen to agree show no certainty.
    """
    both = float(old.influence(weight) @ new.influence(weight))
    seen = both / math.sqrt(old.variance(weight) * new.variance(weight))
    labels = min(each.labels / each.effect for each in (old, new))
    t = max(old.quantile(confidence), new.quantile(confidence))
    return seen * labels / (labels + t**2)


def _combined(new: float, old: float, shared: float) -> float:
    """Return how far a difference may be off if its two parts are off by so much."""
    return math.sqrt(new**2 + old**2 - 2 * shared * new * old)
