"""What a threshold at each score would miss, and what it would stop for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from gate.reports.calibration_sentences import of_share, share
from gate.reports.page.reliability_plot import place

if TYPE_CHECKING:
    from gate.core.calibration import Fitted
    from gate.core.review_choice import ReviewChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One threshold; places are in per cent, from the left and from the top."""

    x: float
    missed: float
    stopped: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A threshold in use, or one to come; its name stands beside it."""

    name: str
    at: float
    anchor: str
    aside: int  # in pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Tradeoff:
    """Both shares at each threshold that parts two bins of the reliability table."""

    stops: tuple[Stop, ...]
    pieces: tuple[tuple[Stop, Stop], ...]
    limit: float
    limit_told: str
    marks: tuple[Mark, ...]


def tradeoff(fitted: Fitted, review: ReviewChoice) -> Tradeoff:
    """Count, at the lowest score of each bin, the labels below it and from it on.

    Bins stand in the order of their scores, and equal scores are in one bin: the counts are those
    of a threshold there, with the scores that are held out. The last one is above all scores.
    """
    bins = fitted.pooled.bins
    scores = sorted(fitted.held_out.tolist())
    ends = list(accumulate(each.rows for each in bins))
    overridden = list(accumulate(round(each.rows * each.observed) for each in bins))
    accepted = [end - some for end, some in zip(ends, overridden, strict=True)]
    below = zip([0, *ends], [0, *overridden], [0, *accepted], strict=True)
    stops = tuple(
        _stop(
            scores[min(end, len(scores) - 1)],
            over / max(1, overridden[-1]),
            1 - kept / max(1, accepted[-1]),
        )
        for end, over, kept in below
    )
    return Tradeoff(
        stops=stops,
        pieces=tuple(pairwise(stops)),
        limit=place(1 - review.limits.max_miss),
        limit_told=of_share(review.limits.max_miss),
        marks=tuple(_marks(review)),
    )


def _marks(review: ReviewChoice) -> list[Mark]:
    """Name the lower threshold at its left, and the higher one at its right."""
    tuned = [] if review.tuned is None else [("tuned", review.tuned.threshold)]
    ordered = sorted([("current", review.current.threshold), *tuned], key=lambda each: each[1])
    sides = (("end", -4), ("start", 4))[-len(ordered) :]
    return [
        Mark(name=name, at=place(at), anchor=anchor, aside=aside)
        for (name, at), (anchor, aside) in zip(ordered, sides, strict=True)
        if at > 0  # from 0 on a human looks at everything
    ]


def _stop(score: float, missed: float, stopped: float) -> Stop:
    return Stop(
        x=place(score),
        missed=place(1 - missed),
        stopped=place(1 - stopped),
        told=f"score {score:.4f}: {share(missed)} of the overridden unseen, {share(stopped)} of "
        "the accepted to a human",
    )
