"""What each metric reads from a score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core.verdict import Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.core.score import Score, ScoredCase

    Reader = Callable[[Score], float | None]


def two_sided(scored: Sequence[ScoredCase]) -> list[ScoredCase]:
    """Keep the cases that have a trial on each side."""
    return [each for each in scored if each.old and each.new]


def with_override(scored: Sequence[ScoredCase]) -> list[ScoredCase]:
    """Keep the trials, and the cases with such trials on each side, that the proxy can judge."""

    def known(scores: Sequence[Score]) -> tuple[Score, ...]:
        return tuple(score for score in scores if score.override is not None)

    kept = [replace(each, old=known(each.old), new=known(each.new)) for each in scored]
    return two_sided(kept)


def samples_of(scored: Sequence[ScoredCase], read: Reader) -> Samples | None:
    """Lay one metric out as arrays; None where any trial lacks the value, or there is none."""
    case: list[int] = []
    is_new: list[bool] = []
    value: list[float] = []
    for index, each in enumerate(scored):
        for side, scores in ((False, each.old), (True, each.new)):
            for score in scores:
                number = read(score)
                if number is None:
                    return None
                case.append(index)
                is_new.append(side)
                value.append(number)
    if not case:
        return None
    return Samples(
        case=np.array(case, dtype=np.int64),
        is_new=np.array(is_new, dtype=np.bool_),
        value=np.array(value, dtype=np.float64),
    )


def failure(score: Score) -> float:
    """1 for an unusable output, otherwise 0."""
    return float(score.failed)


def override(score: Score) -> float | None:
    """The override proxy's probability."""
    return score.override


def usd(score: Score) -> float | None:
    """What the trial cost."""
    return score.cost_usd


def tokens(score: Score) -> float | None:
    """Tokens in and out, where no price is known."""
    return None if score.tokens is None else float(score.tokens)


def latency(score: Score) -> float | None:
    """Milliseconds; None for a trial that was not called in this run."""
    return score.latency_ms
