"""Whether a calibrated proxy still fits what reviewers decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.clustered import spread
from gate.core.cross_fit import predict
from gate.core.student import student_tails

if TYPE_CHECKING:
    from gate.core.calibrated import CalibratedProxy
    from gate.core.signal_table import Bools, Floats, SignalTable

FEWEST = 30  # labels, and a third of as many clusters, below which nothing is tested
_ERROR = 0.01  # chance that a proxy which fits is said not to


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyFit:
    """A proxy held against labels that are newer than it."""

    labels: int
    predicted: float  # mean probability
    overridden: float  # share of them
    p_value: float  # of fitting, the smaller of two tests, doubled
    fits: bool


def proxy_fit(proxy: CalibratedProxy, table: SignalTable) -> ProxyFit | None:
    """Test whether labels agree with a proxy, in their mean and in how sure it is.

    Two tests, each with half of the error: whether as many are overridden as it says, and
    whether the Brier score is what its own probabilities promise. Labels of a cluster are alike.

    Returns:
        None if there are too few labels to say.

    Source:
        Spiegelhalter (1986), Statistics in Medicine 5(5), for the second, summed by clusters.
    """
    table = table.only(_whole(proxy, table))
    clusters = len(np.unique(table.cluster))
    if table.rows < FEWEST or clusters * 3 < FEWEST:
        return None
    probability = predict(proxy, table)
    residual = table.overridden - probability
    p_value = min(
        1.0,
        2 * min(_tested(residual, table), _tested(residual * (1 - 2 * probability), table)),
    )
    return ProxyFit(
        labels=table.rows,
        predicted=float(probability.mean()),
        overridden=float(table.overridden.mean()),
        p_value=p_value,
        fits=p_value > _ERROR,
    )


def _whole(proxy: CalibratedProxy, table: SignalTable) -> Bools:
    """Return which labels have every signal that the proxy cannot do without."""
    whole = np.ones(table.rows, dtype=np.bool_)
    for name, curve in proxy.curves.items():
        if curve.absent is None:
            whole &= ~np.isnan(table.values_of(name))
    return whole


def _tested(residual: Floats, table: SignalTable) -> float:
    """Return the two-sided p-value of a mean of 0, by Student's law."""
    mean = float(residual.mean())
    variance, free = spread((residual - mean) / len(residual), table.cluster)
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    return student_tails(mean / variance**0.5, free)
