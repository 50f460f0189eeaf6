"""The review threshold before and after: what it lets through, and what it stops for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.reports.calibration_sentences import of_share, shares
from gate.reports.page.scale import Scale, Tick, scale_over
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.core.override_file import ReviewRule
    from gate.core.review import Reviewed
    from gate.core.review_choice import Counted, ReviewChoice

SEGMENTS = 40  # that are shown
_ALL = Scale(low=0.0, high=1.0)
_TIMES = 2  # the limit on misses stands in the middle of its axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some labels of a kind, and their share; places are in per cent of the axis."""

    told: str
    interval: str
    at: float | None  # None: there is no label of this kind
    low: float
    high: float
    is_over: bool  # even the lower end is beyond the limit


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule on one set of labels."""

    where: str
    rule: str  # current or tuned
    score: str
    stopped: Part  # accepted labels that go to a human
    missed: Part  # overridden labels that nobody sees


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTable:
    """All rules, and the axes of their shares."""

    promise: str
    outcome: str
    is_adopted: bool
    rows: tuple[RuleRow, ...]
    more: int  # segments that are not shown
    limit: float
    ticks_stopped: tuple[Tick, ...]
    ticks_missed: tuple[Tick, ...]


def review_table(review: ReviewChoice) -> ReviewTable:
    """Draw the current rule beside the tuned one, over all labels and by segment."""
    limits = review.limits
    shown = list(review.segments.items())[:SEGMENTS]
    counted = [review.counted, *(each for _, each in shown)]
    sides = [side for each in counted for side in (each.before, each.after) if side is not None]
    misses = scale_over(
        [_TIMES * limits.max_miss, *(side.miss_rate or 0.0 for side in sides)],
        [end for side in sides if side.overridden for end in side.miss_interval],
    )
    misses = Scale(low=0.0, high=min(1.0, misses.high))
    axes = _Axes(misses=misses, max_miss=limits.max_miss)
    rows = list(axes.rows("all labels", "", review.counted, review))
    for name, each in shown:
        rows += axes.rows(visible_name(name), name, each, review)
    return ReviewTable(
        promise=f"At most {of_share(limits.max_miss)} of the overridden outputs unseen, with "
        f"{of_share(limits.confidence)} confidence.",
        outcome=f"{'adopted' if review.adopted else 'not adopted'}: {review.reason}",
        is_adopted=review.adopted,
        rows=tuple(rows),
        more=len(review.segments) - len(shown),
        limit=misses.at(limits.max_miss),
        ticks_stopped=tuple(Tick(at=at, label=f"{at:g}") for at in (0.0, 50.0, 100.0)),
        ticks_missed=misses.ticks(is_signed=False),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axes:
    misses: Scale
    max_miss: float

    def rows(
        self, where: str, name: str, counted: Counted, review: ReviewChoice
    ) -> Iterator[RuleRow]:
        for rule, told, side in (
            (review.current, "current", counted.before),
            (review.tuned, "tuned", counted.after),
        ):
            if rule is not None and side is not None:
                yield RuleRow(
                    where=where,
                    rule=told,
                    score=_score(rule, name),
                    stopped=self._stopped(side),
                    missed=self._missed(side),
                )

    def _stopped(self, side: Reviewed) -> Part:
        return _part(
            side.false_positives, side.accepted, side.false_positive_interval, _ALL, limit=1.0
        )

    def _missed(self, side: Reviewed) -> Part:
        return _part(
            side.misses, side.overridden, side.miss_interval, self.misses, limit=self.max_miss
        )


def _score(rule: ReviewRule, name: str) -> str:
    return f"{rule.segments.get(name, rule.threshold):.4f}"


def _part(some: int, of: int, interval: tuple[float, float], scale: Scale, *, limit: float) -> Part:
    return Part(
        told=f"{some} of {of} ({some / of * 100:.1f} %)" if of else "none",
        interval=shares(interval) if of else "not known",
        at=scale.at(some / of) if of else None,
        low=scale.at(interval[0]),
        high=scale.at(interval[1]),
        is_over=bool(of) and interval[0] > limit,
    )
