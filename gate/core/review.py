"""The proxy at which an output goes to a human, and what is missed and stopped for nothing there.

An output is reviewed if its score is the threshold or more. A miss is an overridden output below
it; a false positive is an accepted output that is reviewed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.binomial import clopper_pearson

if TYPE_CHECKING:
    from gate.core.columns import Bools, Floats, Ints

_ROUNDING = 1e-12  # relative; probabilities that are equal on paper differ by as much
_REACH = 40  # standard deviations from the mean beyond which a binomial law holds nothing


def needed(max_miss: float, confidence: float) -> int:
    """Return how many overridden labels a threshold takes at least.

    Below the smallest of n scores are no misses, and that alone shows a miss rate of at most
    `max_miss` if (1 - max_miss)^n <= 1 - confidence. Labels that are alike count for fewer.

    Raises:
        ValueError: `max_miss` or `confidence` is not between 0 and 1.
    """
    if not (0 < max_miss < 1 and 0 < confidence < 1):
        raise ValueError(f"not between 0 and 1: max_miss {max_miss}, confidence {confidence}")
    return math.ceil((math.log(1 - confidence) + _ROUNDING) / math.log1p(-max_miss))


def review_threshold(
    scores: Floats, *, max_miss: float, confidence: float, clusters: Ints | None = None
) -> float | None:
    """Choose the highest threshold that keeps the miss rate, and so the fewest false positives.

    With independent labels it is the k-th smallest score, for the largest k with
    P(Binomial(n, max_miss) <= k - 1) <= 1 - confidence: the miss rate below that score exceeds
    `max_miss` with just this probability, less where scores are tied. Labels of one cluster are
    alike, so that n of them tell as much as n / deff independent ones; that many choose k, and
    (k - 1) x deff scores may lie below the threshold.

    Args:
        scores: Of the overridden labels, in any order; shape (n,).
        max_miss: Share of overridden outputs that may go unreviewed, in (0, 1).
        confidence: Probability, at least, with which the true miss rate is no larger; in (0, 1).
        clusters: Labels with the same number are of one document or user. deff is the largest of
            the thresholds with between one and two times `max_miss` below them: these are the ones
            to rule out, and below lower ones too few labels lie to tell how alike they are.

    Returns:
        The threshold, one of the scores; None if the labels are too few for any.

    Raises:
        ValueError: As in `needed`.

    Source:
        Tong, Feng and Li (2018), Science Advances 4(2), for the order statistic; Kish (1965),
        Survey Sampling, section 8.2, for n / deff.
    """
    if len(scores) < needed(max_miss, confidence):
        return None
    effect = 1.0 if clusters is None else _largest_effect(scores, clusters, max_miss)
    k = _largest_k(int(len(scores) / effect), max_miss, 1 - confidence)
    if k == 0:
        return None
    below = int((k - 1) * effect)
    return float(np.partition(scores, below)[below])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What a threshold did to labels; each effect is as in `design_effect`."""

    false_positives: int
    accepted: int  # labels, reviewed or not
    misses: int
    overridden: int
    false_positive_effect: float = 1.0
    miss_effect: float = 1.0

    @property
    def false_positive_rate(self) -> float | None:
        """Share of the accepted labels that are reviewed; None if there is none."""
        return self.false_positives / self.accepted if self.accepted else None

    @property
    def miss_rate(self) -> float | None:
        """Share of the overridden labels that are not reviewed; None if there is none."""
        return self.misses / self.overridden if self.overridden else None

    @property
    def false_positive_interval(self) -> tuple[float, float]:
        """Its 95 % interval, (low, high)."""
        return exact_interval(self.false_positives, self.accepted, self.false_positive_effect)

    @property
    def miss_interval(self) -> tuple[float, float]:
        """Its 95 % interval, (low, high)."""
        return exact_interval(self.misses, self.overridden, self.miss_effect)


def reviewed(
    scores: Floats, overridden: Bools, threshold: float | Floats, clusters: Ints | None = None
) -> Reviewed:
    """Count what a threshold does to labels.

    Args:
        scores: Of all labels; shape (n,).
        overridden: Whether each was.
        threshold: One for all labels, or one for each.
        clusters: Labels with the same number are alike; the intervals are wider for it.
    """
    stopped = scores >= threshold
    stopped_for_nothing, missed = stopped[~overridden], ~stopped[overridden]
    effects = {}
    if clusters is not None:
        effects = {
            "false_positive_effect": design_effect(stopped_for_nothing, clusters[~overridden]),
            "miss_effect": design_effect(missed, clusters[overridden]),
        }
    return Reviewed(
        false_positives=int(stopped_for_nothing.sum()),
        accepted=len(stopped_for_nothing),
        misses=int(missed.sum()),
        overridden=len(missed),
        **effects,
    )


def design_effect(counted: Bools, clusters: Ints) -> float:
    """Return how many times the variance of a share is that of independent labels.

    Args:
        counted: Whether each label counts; shape (n,).
        clusters: Labels with the same number may be alike.

    Returns:
        The variance between clusters, C / (C - 1) x sum of (m_c - n_c p)^2 / n^2, over the
        binomial p (1 - p) / (n - 1); at least 1. Where all or no labels count there is no variance
        to see: each cluster is taken to speak with one voice, which gives sum of n_c^2 / n.

    Source:
        Kish (1965), Survey Sampling, section 8.2.
    """
    cluster, sizes = _sized(clusters)
    members = np.bincount(cluster, weights=counted, minlength=len(sizes))
    below = counted.sum(keepdims=True)
    squares, products = (members**2).sum(keepdims=True), (sizes * members).sum(keepdims=True)
    return float(_effects(below, squares, products, sizes)[0])


def _largest_effect(scores: Floats, clusters: Ints, max_miss: float) -> float:
    """Return the largest design effect of the thresholds that miss one to two times as many.

    Moving the threshold past one more label of cluster c, m_c others of which it has passed, adds
    2 m_c + 1 to the sum of squares: all thresholds together take little more than sorting.
    """
    order = np.argsort(scores)
    cluster, sizes = _sized(clusters[order])
    by_cluster = np.argsort(cluster, kind="stable")
    starts = np.cumsum(sizes) - sizes
    passed = np.empty(len(scores))
    passed[by_cluster] = np.arange(len(scores)) - starts[cluster[by_cluster]]
    below = np.searchsorted(scores[order], scores[order])  # the same for all that are tied
    squares = np.cumsum(2 * passed + 1) - (2 * passed + 1)
    products = np.cumsum(sizes[cluster]) - sizes[cluster]
    first = min(math.ceil(max_miss * len(scores)), len(scores) - 1)
    last = max(first, min(math.floor(2 * max_miss * len(scores)), len(scores) - 1))
    chosen = np.unique(below[first : last + 1])
    return float(_effects(chosen, squares[chosen], products[chosen], sizes).max())


def _sized(clusters: Ints) -> tuple[Ints, Floats]:
    """Number the clusters from 0; return each label's, and how many labels each cluster has."""
    _, cluster, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    return cluster, sizes.astype(np.float64)


def _effects(below: Ints, squares: Floats, products: Floats, sizes: Floats) -> Floats:
    """Return the design effect for each number of counted labels.

    Args:
        below: How many labels are counted.
        squares: Sum over clusters of m_c^2, where m_c of the cluster's n_c labels are counted.
        products: Sum over clusters of n_c m_c.
        sizes: n_c; one entry a cluster.
    """
    labels, clusters, size = sizes.sum(), len(sizes), (sizes**2).sum()
    if clusters == labels:
        return np.ones(len(below))
    effects = np.full(len(below), size / labels)
    if clusters > 1:
        share = below / labels
        between = (squares - 2 * share * products + share**2 * size) * clusters / (clusters - 1)
        binomial = labels**2 * share * (1 - share) / (labels - 1)
        np.divide(between, binomial, out=effects, where=binomial > 0)
    return effects.clip(min=1.0)


def _largest_k(runs: int, rate: float, error: float) -> int:
    """Return the largest k with P(Binomial(runs, rate) <= k - 1) <= error; 0 if there is none."""
    reach = _REACH * (1 + math.sqrt(runs * rate * (1 - rate)))
    first, last = max(0, int(runs * rate - reach)), min(runs, int(runs * rate + reach))
    count = np.arange(first, last)
    ratios = np.log((runs - count) / (count + 1)) + math.log(rate / (1 - rate))
    logs = np.concatenate([[0.0], np.cumsum(ratios)])
    masses = np.exp(logs - logs.max())
    at_most = np.cumsum(masses / masses.sum())
    return min(runs, first + int(np.searchsorted(at_most, error * (1 + _ROUNDING), side="right")))


def exact_interval(counted: int, labels: int, effect: float) -> tuple[float, float]:
    """Return the exact interval of as many independent labels as these are worth.

    Source:
        Korn and Graubard (1998), Survey Methodology 24(2); rounded outwards to whole labels.
    """
    if labels == 0:
        return 0.0, 1.0
    runs = max(1, int(labels / effect))
    fewest, most = counted * runs // labels, -(-counted * runs // labels)
    return clopper_pearson(fewest, runs)[0], clopper_pearson(most, runs)[1]
