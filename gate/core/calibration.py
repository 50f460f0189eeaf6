"""Calibrating an override proxy: fit it, hold it against other labels, accept or refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.calibrated import DIGITS
from gate.core.cross_fit import cross_fit, folds_of, predict
from gate.core.fit import fit, with_prior
from gate.core.ranking import auc
from gate.core.reliability import reliability
from gate.core.student import student_quantile

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gate.core.calibrated import CalibratedProxy
    from gate.core.clustered import Measure
    from gate.core.reliability import Reliability
    from gate.core.signal_table import Floats, Ints, SignalTable

FEWEST_LABELS = 50
FEWEST_OF_A_CLASS = 10
FEWEST_CLUSTERS = 5  # one for each fold
SMALLEST_SEGMENT = 30  # labels of a segment that is told by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFound:
    """One signal among the labels."""

    known: int  # labels that have it
    auc: float | None  # by itself; None: one class only
    log_odds: float  # that it adds at most, between its lowest and its highest value
    varies: bool  # among the labels; if not, the curve is the prior's


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A proxy with how well it does on labels that it did not see.

    Attributes:
        proxy: Fitted on all labels, as its file has it.
        signals: By name.
        in_sample: Probability of each label from the proxy, which saw it; shape (N,).
        held_out: Probability of each label, from a model without its fold; shape (N,).
        by_fold: Probability of every label from the model without each fold; shape (folds, N).
        folds: Of each label; shape (N,).
        pooled: Over all labels.
        within: Chance that of an overridden and an accepted output with the same tags the first
            has the higher probability, with a 90 % interval, since its lower end alone counts;
            None: no such pair.
        segments: By "tag=value", those with enough labels.
    """

    proxy: CalibratedProxy
    signals: Mapping[str, SignalFound]
    in_sample: Floats
    held_out: Floats
    by_fold: Floats
    folds: Ints
    pooled: Reliability
    within: Measure | None
    segments: Mapping[str, Reliability]
    small_segments: int = 0  # that have too few

    @property
    def worst_segment(self) -> tuple[str, float] | None:
        """The segment with the highest ECE, and that."""
        found = {name: each.ece.value for name, each in self.segments.items()}
        return max(found.items(), key=lambda each: each[1]) if found else None


def too_few(table: SignalTable) -> str:
    """Tell why there are too few labels to fit anything, "" if there are enough."""
    overridden = int(table.overridden.sum())
    accepted, clusters = table.rows - overridden, len(np.unique(table.cluster))
    if not overridden or not accepted:
        only = "overridden" if overridden else "accepted"
        return f"all {table.rows} labels are {only}: nothing tells one output from another"
    if table.rows < FEWEST_LABELS:
        return f"{table.rows} labels are too few; it takes {FEWEST_LABELS}"
    if min(overridden, accepted) < FEWEST_OF_A_CLASS:
        few, what = min((overridden, "overridden"), (accepted, "accepted"))
        return f"only {few} of {table.rows} labels are {what}; it takes {FEWEST_OF_A_CLASS}"
    if clusters < FEWEST_CLUSTERS:
        return (
            f"the labels come from {clusters} clusters; it takes {FEWEST_CLUSTERS} to hold some out"
        )
    return ""


def calibrate(table: SignalTable) -> Fitted:
    """Fit a proxy, and measure it on labels that it did not see.

    Args:
        table: Labels, of which `too_few` says nothing.
    """
    folds = folds_of(table.cluster)
    by_fold, base = cross_fit(table, folds)
    held_out = by_fold[folds, np.arange(table.rows)]
    names = table.segment_names(SMALLEST_SEGMENT)
    fitted = fit(table)
    proxy = with_prior(fitted).as_written()
    return Fitted(
        proxy=proxy,
        signals=_signals(table, proxy, fitted.curves),
        in_sample=predict(proxy, table),
        held_out=held_out,
        by_fold=by_fold,
        folds=folds,
        pooled=reliability(held_out, table.overridden, table.cluster, base=base),
        within=auc(
            held_out,
            table.overridden,
            table.cluster,
            table.strata() * len(by_fold) + folds,
            error=0.1,
        ),
        segments={
            # Compared within folds: between them, models differ a little against the labels.
            name: reliability(
                held_out[rows],
                table.overridden[rows],
                table.cluster[rows],
                base=base[rows],
                stratum=folds[rows],
            )
            for name, rows in table.members(names).items()
        },
        small_segments=len(table.segment_names(1)) - len(names),
    )


def _signals(
    table: SignalTable, proxy: CalibratedProxy, fitted: Collection[str]
) -> dict[str, SignalFound]:
    """Tell what each signal is among the labels, those included that the prior alone knows."""
    found = {}
    for name in dict.fromkeys([*table.signals, *proxy.curves]):
        values = table.values_of(name)
        known = ~np.isnan(values)
        alone = auc(
            values[known],
            table.overridden[known],
            table.cluster[known],
            np.zeros_like(table.cluster[known]),
        )
        curve = proxy.curves.get(name)
        found[name] = SignalFound(
            known=int(known.sum()),
            auc=None if alone is None else alone.value,
            log_odds=0.0 if curve is None else curve.points[-1][1] - curve.points[0][1],
            varies=name in fitted and len(np.unique(values[known].round(DIGITS))) > 1,
        )
    return found


def _surely_below(found: Reliability, coin: float, *, among: int) -> bool:
    """Tell whether an AUC is below a coin's, when one of several segments would be by chance.

    The upper end of its interval is moved to the confidence that Bonferroni asks for.
    """
    if found.auc is None or found.auc.interval[1] >= coin:
        return False
    if found.auc.value <= 0:
        return True
    freedom = max(1, found.clusters - 1)
    stricter = student_quantile(1 - 0.05 / among, freedom) / student_quantile(0.95, freedom)
    odds, upper = (np.log(each / (1 - each)) for each in (found.auc.value, found.auc.interval[1]))
    return bool(odds + (upper - odds) * stricter < np.log(coin / (1 - coin)))


def refusals(fitted: Fitted) -> tuple[str, ...]:
    """Tell why a proxy must not be used; nothing if it may.

    It must do better than the base rate on labels that it did not see, rank overridden outputs
    above accepted ones beyond chance, see a difference between outputs of the same segment, and
    run the wrong way in none.
    """
    pooled, found = fitted.pooled, []
    if pooled.gain.value <= 0:
        found.append(
            f"it does not beat the base rate: Brier score {pooled.brier.value:.4f} on labels that "
            f"it did not see, {pooled.brier_of_base_rate:.4f} without any proxy"
        )
    if pooled.auc is None or pooled.auc.interval[0] <= 0.5:  # noqa: PLR2004 -- a coin
        value = "unknown" if pooled.auc is None else f"{pooled.auc.value:.3f}"
        low = (
            ""
            if pooled.auc is None
            else f", with 95 % confidence above {pooled.auc.interval[0]:.3f}"
        )
        found.append(
            f"it is not shown to rank better than a coin: AUC {value}{low}; "
            f"{pooled.clusters} clusters of labels"
        )
    elif fitted.within is not None and fitted.within.interval[0] <= 0.5:  # noqa: PLR2004 -- a coin
        found.append(
            "it is not shown to tell outputs apart, but segments: AUC "
            f"{fitted.within.value:.3f} among outputs of the same segments, with 95 % confidence "
            f"above {fitted.within.interval[0]:.3f}"
        )
    found += [
        f"it runs the wrong way in {name}: AUC {each.auc.value:.3f}, with 95 % confidence below "
        f"{each.auc.interval[1]:.3f}; accepted outputs have the higher scores there"
        for name, each in fitted.segments.items()
        if each.auc is not None and _surely_below(each, 0.5, among=len(fitted.segments))
    ]
    return tuple(found)
