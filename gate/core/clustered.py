"""Means of rows that are alike within clusters, and their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.student import student_quantile

if TYPE_CHECKING:
    from gate.core.columns import Floats, Ints

    Interval = tuple[float, float]

ERROR = 0.05  # of an interval, both sides together


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number with its 95 % interval."""

    value: float
    interval: Interval


def spread(influence: Floats, cluster: Ints) -> tuple[float, int]:
    """Return the variance of a sum over rows that are alike within clusters, and its freedom.

    Source:
        The cluster-robust sandwich of Liang & Zeger (1986), Biometrika 73(1), with C / (C - 1).
    """
    sums = np.bincount(np.unique(cluster, return_inverse=True)[1], influence)
    free = len(sums) - 1
    return (float((sums @ sums) * len(sums) / free), free) if free else (np.inf, 1)


def with_interval(
    value: float, influence: Floats, cluster: Ints, *, error: float = ERROR
) -> Measure:
    """Return a value with a Student interval, from the influence of each row on it."""
    variance, free = spread(influence, cluster)
    half = student_quantile(1 - error, free) * variance**0.5
    return Measure(value=value, interval=(value - half, value + half))


def mean_with_interval(values: Floats, cluster: Ints) -> Measure:
    """Return a mean over rows with its interval."""
    mean = float(values.mean())
    return with_interval(mean, (values - mean) / len(values), cluster)
