"""Choosing the review threshold: the score from which on an output goes to a human."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core.calibrated import DIGITS
from gate.core.override_file import ReviewRule
from gate.core.review import needed, review_threshold, reviewed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.calibration import Fitted
    from gate.core.config import ReviewLimits
    from gate.core.review import Reviewed
    from gate.core.signal_table import Bools, Floats, SignalTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a threshold does on labels that it was not chosen by."""

    before: Reviewed  # with the current one
    after: Reviewed | None  # with the tuned one; None: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewChoice:
    """The tuned threshold beside the current one.

    Attributes:
        limits: max_miss and confidence.
        current: The rule before; its threshold is 0 where everything goes to a human.
        tuned: The rule that the labels give; None: none can be promised.
        counted: Over all labels.
        segments: By "tag=value", those with a threshold of their own.
        adopted: Whether the tuned rule takes the current one's place.
        reason: Why, in a sentence.
    """

    limits: ReviewLimits
    current: ReviewRule
    tuned: ReviewRule | None
    counted: Counted
    segments: Mapping[str, Counted]
    adopted: bool
    reason: str

    @property
    def kept(self) -> ReviewRule | None:
        """The rule that counts from now on; None: everything goes to a human."""
        if self.adopted:
            return self.tuned
        if not self.current.threshold and not self.current.segments:
            return None
        if self.tuned is not None and _is_no_higher(self.current, self.tuned):
            return replace(
                self.current, max_miss=self.tuned.max_miss, confidence=self.tuned.confidence
            )
        # It was chosen by hand, or for the scores of another proxy: nothing is promised of it.
        return replace(self.current, max_miss=None, confidence=None)


def _is_no_higher(current: ReviewRule, tuned: ReviewRule) -> bool:
    """Tell whether a rule misses nothing that the tuned one does not: the promise is its, too."""
    return current.threshold <= tuned.threshold and all(
        current.segments.get(name, current.threshold) <= tuned.segments.get(name, tuned.threshold)
        for name in {*current.segments, *tuned.segments}
    )


def choose_threshold(
    table: SignalTable,
    fitted: Fitted,
    limits: ReviewLimits,
    current: ReviewRule,
    *,
    said_before: Floats | None = None,
) -> ReviewChoice:
    """Choose the threshold with the fewest false positives that keeps the limit on misses.

    What is counted is held out: the labels of each fold are counted with a model and a threshold
    that did not see them. A segment with enough overridden labels gets a threshold of its own, so
    that its misses keep the limit, too. The tuned rule is adopted only if it lowers the false
    positives.

    Args:
        table: The labels.
        fitted: The new proxy.
        limits: Of the misses.
        current: The rule in use.
        said_before: What the proxy says that the current rule is of; None: the rule is a number
            on the new proxy's own scale. A rule of another proxy that stays is carried over: to
            the threshold below which as many overridden labels lie as it misses.
    """
    overridden = table.overridden > 0
    every = np.ones(table.rows, dtype=np.bool_)
    pooled = _threshold(table, limits, every, fitted.held_out, fitted.in_sample)
    before_at = np.array([current.threshold_of(each) for each in table.segments])
    before_scores = fitted.held_out if said_before is None else said_before
    fewest = needed(limits.max_miss, limits.confidence)
    after_at = None if pooled is None else _by_fold(table, fitted, limits, every)
    members = table.members(table.segment_names(fewest))
    own: dict[str, float] = {}
    tuned = None
    if pooled is not None and after_at is not None:
        own, lowest = _of_segments(table, fitted, limits, members, pooled)
        after_at = np.minimum(lowest, after_at)
        tuned = ReviewRule(
            max_miss=limits.max_miss,
            confidence=limits.confidence,
            threshold=pooled,
            segments={name: each for name, each in own.items() if each < pooled},
        )

    def counted(rows: Bools) -> Counted:
        def of(scores: Floats, at: Floats) -> Reviewed:
            return reviewed(scores[rows], overridden[rows], at[rows], clusters=table.cluster[rows])

        return Counted(
            before=of(before_scores, before_at),
            after=None if after_at is None else of(fitted.held_out, after_at),
        )

    whole = counted(every)
    seen = f"{int(overridden.sum())} overridden labels"
    clusters = len(np.unique(table.cluster[overridden]))
    if clusters < overridden.sum():
        seen += f" come from {clusters} clusters, whose labels are alike, and"
    adopted, reason = _decide(whole, limits, tuned, seen, fewest)
    if said_before is not None and not adopted:
        missed = before_scores < before_at
        current = _carried(table, fitted, current, missed & overridden)
    return ReviewChoice(
        limits=limits,
        current=current,
        tuned=tuned,
        counted=whole,
        segments={name: counted(members[name]) for name in own},
        adopted=adopted,
        reason=reason,
    )


def _of_segments(
    table: SignalTable,
    fitted: Fitted,
    limits: ReviewLimits,
    members: Mapping[str, Bools],
    pooled: float,
) -> tuple[dict[str, float], Floats]:
    """Return the segments' own thresholds, and the lowest held-out one of each row.

    Never above the one of all, or the promise over all would break: what a large segment may miss
    by itself the small ones have not saved.
    """
    own, lowest = {}, np.full(table.rows, np.inf)
    for name, rows in members.items():
        threshold = _threshold(table, limits, rows, fitted.held_out, fitted.in_sample)
        held_out = None if threshold is None else _by_fold(table, fitted, limits, rows)
        if threshold is not None and held_out is not None:
            own[name] = min(threshold, pooled)
            lowest[rows] = np.minimum(lowest[rows], held_out[rows])
    return own, lowest


def _carried(table: SignalTable, fitted: Fitted, current: ReviewRule, missed: Bools) -> ReviewRule:
    """Return a rule of another proxy on the new one's scale: no more is missed than before."""

    def at(rows: Bools) -> float:
        scores = np.sort(fitted.held_out[rows & (table.overridden > 0)])
        place = int(missed[rows].sum())
        return _cut(float(scores[min(place, len(scores) - 1)]))

    every = np.ones(table.rows, dtype=np.bool_)
    members = table.members(list(current.segments))
    own = {name: at(rows) for name, rows in members.items() if (table.overridden[rows] > 0).any()}
    return replace(current, threshold=at(every), segments=own)


def _threshold(
    table: SignalTable, limits: ReviewLimits, rows: Bools, *said: Floats
) -> float | None:
    """Return the threshold by the overridden labels among some rows.

    Args:
        table: The labels.
        limits: Of the misses.
        rows: Which labels count.
        said: Probabilities that models gave them: of models that did not see them, and of the one
            that is used. Outputs that are alike have one score from one model and slightly
            different ones from five, so the lowest of the thresholds is taken.
    """
    here = rows & (table.overridden > 0)
    found = [
        review_threshold(
            scores[here],
            max_miss=limits.max_miss,
            confidence=limits.confidence,
            clusters=table.cluster[here],
        )
        for scores in said
    ]
    chosen = [each for each in found if each is not None]
    if len(chosen) < len(found):
        return None
    return _cut(min(chosen))


def _cut(threshold: float) -> float:
    """Cut a threshold to the digits that its file holds: a lower one never misses more."""
    scale = 10.0**DIGITS
    return math.floor(threshold * scale) / scale


def _by_fold(
    table: SignalTable, fitted: Fitted, limits: ReviewLimits, rows: Bools
) -> Floats | None:
    """Return for each row the threshold that is chosen without its fold; None: a fold has none."""
    at = np.empty(table.rows)
    for fold, said in enumerate(fitted.by_fold):
        here = fitted.folds == fold
        threshold = _threshold(table, limits, rows & ~here, fitted.held_out, said)
        if threshold is None:
            return None
        at[here] = threshold
    return at


def _decide(
    whole: Counted, limits: ReviewLimits, tuned: ReviewRule | None, seen: str, fewest: int
) -> tuple[bool, str]:
    promise = f"at most {limits.max_miss * 100:g} % missed"
    if whole.after is None or tuned is None:
        return False, (
            f"no threshold can promise {promise}: the {seen} tell too little; it takes as much as "
            f"{fewest} independent ones say, in four of five parts of them"
        )
    before, after = whole.before.false_positives, whole.after.false_positives
    everything = max([tuned.threshold, *tuned.segments.values()]) == 0
    if after < before and not everything:
        return True, f"it lowers the false positives from {before} to {after}"
    if everything or after == before == whole.before.accepted:
        return False, (
            "no threshold helps: to miss so few, every output must go to a human; the scores do "
            "not tell enough"
        )
    return False, (
        f"it would not lower the false positives ({before} before, {after} after)"
        + _beyond(whole.before, limits)
    )


def _beyond(before: Reviewed, limits: ReviewLimits) -> str:
    """Say that a rule which stays does not keep the limit."""
    low, high = before.miss_interval
    if before.miss_rate is None or low <= limits.max_miss:
        return ""
    return (
        f"; but the current threshold misses {before.miss_rate * 100:.1f} % ({low * 100:.1f} to "
        f"{high * 100:.1f} %), more than the limit: --current 0 weighs a new one against "
        "reviewing all"
    )
