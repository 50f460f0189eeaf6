"""How well held-out probabilities fit what reviewers did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.clustered import ERROR, Measure, mean_with_interval, spread
from gate.core.ranking import auc, ranks_below
from gate.core.review import design_effect, exact_interval

if TYPE_CHECKING:
    from gate.core.signal_table import Floats, Ints

    Interval = tuple[float, float]

BINS = 10
_DRAWS = 2000  # of the law of an ECE; each draw is ten numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Labels with about the same probability."""

    rows: int
    predicted: float  # mean probability
    observed: float  # share that was overridden
    interval: Interval  # of that share, exact for as many labels as the clusters are worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How well probabilities fit the labels of one segment, or of all.

    Attributes:
        rows: Labels.
        clusters: That they come from.
        overridden: Share of them.
        predicted: Mean probability.
        brier: Mean squared distance of probability and label.
        gain: How much lower that is than with the base rate alone; above 0 is better.
        ece: Expected calibration error.
        ece_by_chance: What the ECE of a perfect proxy stays below in 95 of 100 such label sets.
        auc: Chance that an overridden output has the higher probability; None: one class only.
        bins: The reliability table, from low probabilities to high ones.
    """

    rows: int
    clusters: int
    overridden: float
    predicted: float
    brier: Measure
    gain: Measure
    ece: Measure
    ece_by_chance: float
    auc: Measure | None
    bins: tuple[Bin, ...]

    @property
    def brier_of_base_rate(self) -> float:
        """The Brier score of a proxy that says the base rate of every output."""
        return self.brier.value + self.gain.value

    @property
    def is_off(self) -> bool:
        """Whether probabilities are off by more than chance makes of a perfect proxy."""
        return self.ece.value > self.ece_by_chance


def reliability(
    probability: Floats,
    overridden: Floats,
    cluster: Ints,
    *,
    base: Floats,
    stratum: Ints | None = None,
) -> Reliability:
    """Hold probabilities against labels.

    Args:
        probability: Of each label, from a model that did not see it; shape (N,).
        overridden: 1 or 0; shape (N,).
        cluster: Labels with the same number are alike; shape (N,).
        base: The base rate that stands in for no proxy at all; shape (N,).
        stratum: As in `auc`; None: all pairs are compared.

    Source:
        Brier (1950), Monthly Weather Review 78(1); the ECE of Naeini, Cooper & Hauskrecht (2015),
        AAAI 29, on bins with equally many labels.
    """
    squared = (probability - overridden) ** 2
    bins = bins_of(probability)
    ece, by_chance = _ece(probability, overridden, cluster, bins)
    return Reliability(
        rows=len(overridden),
        clusters=len(np.unique(cluster)),
        overridden=float(overridden.mean()),
        predicted=float(probability.mean()),
        brier=mean_with_interval(squared, cluster),
        gain=mean_with_interval((base - overridden) ** 2 - squared, cluster),
        ece=ece,
        ece_by_chance=by_chance,
        auc=auc(
            probability,
            overridden,
            cluster,
            np.zeros_like(cluster) if stratum is None else stratum,
        ),
        bins=_table(probability, overridden, cluster, bins),
    )


def bins_of(probability: Floats) -> Ints:
    """Put probabilities into at most ten bins with equally many; equal ones never part."""
    # By the middle of their ranks: the rest stays apart from a score that most labels share.
    middle = ranks_below(np.sort(probability), probability)
    _, place = np.unique(middle * BINS // len(probability), return_inverse=True)
    return np.asarray(place, dtype=np.int64)


def _ece(
    probability: Floats, overridden: Floats, cluster: Ints, bins: Ints
) -> tuple[Measure, float]:
    """Return the ECE with its interval, and what chance alone makes of it.

    Each bin's gap has a normal law, with the larger of two deviations: the one that is seen, by
    clusters, and the one of labels that the probabilities themselves would give. An ECE that chance
    explains could be 0; of one that it does not, what the noise adds is taken off the lower end
    (the basic bootstrap, with draws of that law).
    """
    gap = (probability - overridden) / len(probability)
    gaps = np.bincount(bins, gap)
    value = float(np.abs(gaps).sum())
    seen = np.array([_noise_of(gap, cluster, bins == each) for each in range(len(gaps))])
    expected = np.bincount(bins, probability * (1 - probability)) ** 0.5 / len(probability)
    noise = np.maximum(seen, expected)
    drawn = np.random.default_rng(0).standard_normal((_DRAWS, len(gaps))) * noise
    by_chance = float(np.quantile(np.abs(drawn).sum(axis=1), 1 - ERROR))
    high = float(np.quantile(np.abs(gaps + drawn).sum(axis=1), 1 - ERROR / 2))
    low = 0.0 if value <= by_chance else max(0.0, 2 * value - high)
    return Measure(value=value, interval=(low, min(1.0, max(value, high)))), by_chance


def _noise_of(gap: Floats, cluster: Ints, here: np.ndarray) -> float:
    """Return the standard deviation of one bin's gap."""
    inside = gap[here]
    variance, _ = spread(inside - inside.mean(), cluster[here])
    return float(variance**0.5) if np.isfinite(variance) else float(abs(inside.sum()))


def _table(probability: Floats, overridden: Floats, cluster: Ints, bins: Ints) -> tuple[Bin, ...]:
    found = []
    for each in range(int(bins.max()) + 1):
        here = bins == each
        rows, counted = int(here.sum()), int(overridden[here].sum())
        effect = design_effect(overridden[here] > 0, cluster[here])
        found.append(
            Bin(
                rows=rows,
                predicted=float(probability[here].mean()),
                observed=counted / rows,
                interval=exact_interval(counted, rows, effect),
            )
        )
    return tuple(found)
