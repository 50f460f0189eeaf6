"""How well held-out probabilities fit what reviewers did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.review import design_effect, exact_interval
from gate.core.student import student_quantile

if TYPE_CHECKING:
    from gate.core.signal_table import Floats, Ints

    Interval = tuple[float, float]

BINS = 10
_DRAWS = 2000  # of the law of an ECE; each draw is ten numbers
_ERROR = 0.05  # of an interval, both sides together


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Labels with about the same probability."""

    rows: int
    predicted: float  # mean probability
    observed: float  # share that was overridden
    interval: Interval  # of that share, exact for as many labels as the clusters are worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number with its 95 % interval."""

    value: float
    interval: Interval


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
    middle = _below(np.sort(probability), probability)
    _, place = np.unique(middle * BINS // len(probability), return_inverse=True)
    return np.asarray(place, dtype=np.int64)


def spread(influence: Floats, cluster: Ints) -> tuple[float, int]:
    """Return the variance of a sum over rows that are alike within clusters, and its freedom.

    Source:
        The cluster-robust sandwich of Liang & Zeger (1986), Biometrika 73(1), with C / (C - 1).
    """
    sums = np.bincount(np.unique(cluster, return_inverse=True)[1], influence)
    free = len(sums) - 1
    return (float((sums @ sums) * len(sums) / free), free) if free else (np.inf, 1)


def with_interval(
    value: float, influence: Floats, cluster: Ints, *, error: float = _ERROR
) -> Measure:
    """Return a value with a Student interval, from the influence of each row on it."""
    variance, free = spread(influence, cluster)
    half = student_quantile(1 - error, free) * variance**0.5
    return Measure(value=value, interval=(value - half, value + half))


def mean_with_interval(values: Floats, cluster: Ints) -> Measure:
    """Return a mean over rows with its interval."""
    mean = float(values.mean())
    return with_interval(mean, (values - mean) / len(values), cluster)


def auc(
    probability: Floats,
    overridden: Floats,
    cluster: Ints,
    stratum: Ints,
    *,
    error: float = _ERROR,
) -> Measure | None:
    """Return the chance that an overridden output ranks above an accepted one of its stratum.

    The interval is made on the scale of the log-odds, where few labels are less lopsided. Where
    every pair is ranked right, or every one wrong, it is that of one row of the smaller class
    which stands in the middle of the other.

    Args:
        probability: Of each label; shape (N,).
        overridden: 1 or 0; shape (N,).
        cluster: As in `reliability`.
        stratum: Only pairs with the same number are compared; shape (N,).
        error: Of the interval, both sides together.

    Returns:
        None if no stratum has both classes.

    Source:
        DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3), summed by clusters; ties count
        half.
    """
    won, pairs = np.zeros(len(probability)), np.zeros(len(probability))
    order = np.argsort(stratum, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(stratum[order])) + 1):
        is_over = overridden[rows] > 0
        over, kept = np.sort(probability[rows[is_over]]), np.sort(probability[rows[~is_over]])
        pairs[rows] = np.where(is_over, len(kept), len(over))
        won[rows[is_over]] = _below(kept, probability[rows[is_over]])
        won[rows[~is_over]] = len(over) - _below(over, probability[rows[~is_over]])
    total = float(pairs.sum()) / 2
    if not total:
        return None
    value = float(won.sum()) / 2 / total
    plain = with_interval(value, (won - value * pairs) / total, cluster, error=error)
    if 0 < value < 1:
        return Measure(value=value, interval=_on_log_odds(value, plain.interval[1] - value))
    fewest = min(int((overridden[pairs > 0] == each).sum()) for each in (0, 1))
    clusters = len(np.unique(cluster))
    reach = student_quantile(1 - error, max(1, clusters - 1)) / (2 * min(fewest, clusters))
    return Measure(value=value, interval=(max(0.0, value - reach), min(1.0, value + reach)))


def _on_log_odds(value: float, half: float) -> Interval:
    """Return the interval of a share, of which the log-odds have a symmetrical law."""
    if not np.isfinite(half):
        return 0.0, 1.0
    odds, reach = np.log(value / (1 - value)), half / (value * (1 - value))
    low, high = (0.5 * (1 + np.tanh((odds + each) / 2)) for each in (-reach, reach))
    return float(low), float(high)


def _below(ordered: Floats, values: Floats) -> Floats:
    """Count those below each value, and half of those that equal it."""
    left = np.searchsorted(ordered, values, side="left")
    right = np.searchsorted(ordered, values, side="right")
    return np.asarray((left + right) / 2, dtype=np.float64)


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
    by_chance = float(np.quantile(np.abs(drawn).sum(axis=1), 1 - _ERROR))
    high = float(np.quantile(np.abs(gaps + drawn).sum(axis=1), 1 - _ERROR / 2))
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
