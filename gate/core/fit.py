"""Fitting an override proxy to labels: monotone, and drawn towards the documented default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core.calibrated import DIGITS, CalibratedProxy, Curve

if TYPE_CHECKING:
    from gate.core.signal_table import Floats, SignalTable

RAMPS = 4  # pieces of one signal's curve, between quantiles of its values
PENALTY = 1.0  # precision of the prior of each piece and each offset
FEWEST_KNOWN = 30  # labels, or a tenth of all, that a signal must have to be fitted
SMALLEST_SEGMENT = 10  # labels; smaller ones share the intercept
_MOST_SEGMENTS = 200
_STEPS = 50  # of Newton; most labels take fewer than ten
_PRECISION = 1e-7  # of a parameter
_LEAST_STEP = 1e-6
_FREE = 1e-9  # precision of the intercept's prior, so that one class alone has a fit, too
# What a signal at its full strength adds to the log-odds as long as no label speaks about it: in
# the order of the default proxy's weights, and nothing for signals that it does not know.
PRIOR = {"failure": 8.0, "decision": 4.0, "fields": 2.0, "text": 2.0, "length": 0.5}


@dataclass(frozen=True, slots=True)
class _Column:
    """One signal: the ends of its pieces, and whether some labels lack it."""

    name: str
    knots: Floats
    may_lack: bool

    def laid_out(self, values: Floats) -> Floats:
        """Return how far each value has come through each piece; shape (N, pieces [+ 1])."""
        known = np.nan_to_num(values, nan=float(self.knots[0]))
        low, high = self.knots[:-1], self.knots[1:]
        ramps = np.clip((known[:, None] - low) / (high - low), 0, 1)
        if not self.may_lack:
            return ramps
        return np.column_stack([ramps, np.isnan(values)])


def _column(name: str, values: Floats) -> _Column | None:
    """Choose the pieces of a signal, None if hardly a label knows it."""
    known = values[~np.isnan(values)]
    if not len(known) or len(known) < min(FEWEST_KNOWN, len(values) / 10):
        return None
    # Rounded as in the file, where two ends must not become one.
    knots = np.unique(np.quantile(known, np.linspace(0, 1, RAMPS + 1)).round(DIGITS))
    if len(knots) == 1:  # the labels say nothing about it: the prior speaks
        knots = np.array([0.0, 1.0])
    return _Column(name, knots, len(known) < len(values))


def fit(table: SignalTable) -> CalibratedProxy:
    """Fit a logistic model whose curves never fall.

    The log-likelihood is penalised by PENALTY / 2 times the squared distance of each parameter
    from PRIOR, and 0 for the segments (so a segment with few labels stays near the rest: partial
    pooling). The intercept is free.

    Args:
        table: Labels of both classes, at least one of each.

    Source:
        Maximum a posteriori logistic regression with sign constraints, by iteratively reweighted
        least squares within bounds (Stark & Parker 1995, Computational Statistics 10(2), as scipy
        has it).
    """
    columns = [
        column
        for name, values in table.signals.items()
        if (column := _column(name, values)) is not None
    ]
    names = table.segment_names(SMALLEST_SEGMENT, most=_MOST_SEGMENTS)
    offsets = table.members(names)
    parts = [column.laid_out(table.signals[column.name]) for column in columns]
    design = np.column_stack([*parts, *offsets.values(), np.ones(table.rows)])
    centres, lowest = _prior(columns, len(names))
    solved = _solve(design, table.overridden, centres, lowest)
    curves, place = {}, 0
    for column in columns:
        pieces = len(column.knots) - 1
        rises = solved[place : place + pieces]
        place += pieces
        absent = float(solved[place]) if column.may_lack else None
        place += column.may_lack
        heights = np.concatenate([[0.0], np.cumsum(rises)])
        curves[column.name] = Curve(
            points=tuple(zip(column.knots.tolist(), heights.tolist(), strict=True)), absent=absent
        )
    return CalibratedProxy(
        intercept=float(solved[-1]),
        curves=curves,
        offsets=dict(zip(names, solved[place:-1].tolist(), strict=True)),
    )


def with_prior(proxy: CalibratedProxy) -> CalibratedProxy:
    """Let the prior speak where labels could not: give a proxy the curves that it lacks.

    They add nothing where the signal is not known, as it was not for the labels.
    """
    assumed = {
        name: Curve(points=((0.0, 0.0), (1.0, rise)), absent=0.0)
        for name, rise in PRIOR.items()
        if name not in proxy.curves
    }
    return replace(proxy, curves={**proxy.curves, **assumed})


def _prior(columns: list[_Column], segments: int) -> tuple[Floats, Floats]:
    """Return the centre and the lower bound of each parameter but the intercept."""
    centres: list[float] = []
    lowest: list[float] = []
    for column in columns:
        pieces = len(column.knots) - 1
        centres += [PRIOR.get(column.name, 0.0) / pieces] * pieces + [0.0] * column.may_lack
        lowest += [0.0] * pieces + [-np.inf] * column.may_lack
    return np.array(centres + [0.0] * segments), np.array(lowest + [-np.inf] * segments)


def _solve(design: Floats, overridden: Floats, centres: Floats, lowest: Floats) -> Floats:
    """Minimise the penalised loss: Newton steps, each a least-squares problem within bounds."""
    from scipy.optimize import lsq_linear

    precision = np.append(np.full(len(centres), PENALTY), _FREE)
    centre, bound = np.append(centres, 0.0), np.append(lowest, -np.inf)

    def loss(parameters: Floats) -> float:
        odds = design @ parameters
        off = parameters - centre
        fit = np.logaddexp(0, odds).sum() - overridden @ odds
        return float(fit + precision @ off**2 / 2)

    share = np.clip(overridden.mean(), 1e-3, 1 - 1e-3)
    found = np.maximum(np.append(np.zeros_like(centres), np.log(share / (1 - share))), bound)
    step, left = np.array([np.inf]), _STEPS
    while np.abs(step).max() > _PRECISION and left:
        probability = 0.5 * (1 + np.tanh(design @ found / 2))
        slope = design.T @ (probability - overridden) + precision * (found - centre)
        weighted = design * (probability * (1 - probability))[:, None]
        lower = np.linalg.cholesky(design.T @ weighted + np.diag(precision))
        target = lower.T @ found - np.linalg.solve(lower, slope)
        step = lsq_linear(lower.T, target, (bound, np.inf), method="bvls").x - found
        before, share_of_step = loss(found), 1.0
        while loss(found + share_of_step * step) > before and share_of_step > _LEAST_STEP:
            share_of_step /= 2
        found, left = np.maximum(found + share_of_step * step, bound), left - 1
    return np.asarray(found, dtype=np.float64)
