"""Answers whose overrides nobody could judge, taken for the worst and for the best."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.score import Score, ScoredCase


def both_ways(scored: Sequence[ScoredCase]) -> tuple[list[ScoredCase], ...]:
    """Take every answer without a needed signal as overridden on one side and kept on the other.

    A change could take the signal away where it hurts, so a verdict must hold either way round.

    Returns:
        Both ways; nothing if no answer lacks a signal.
    """
    if not any(score.lacks_signal for each in scored for score in (*each.old, *each.new)):
        return ()
    return tuple(
        [replace(each, old=_taken(each.old, old), new=_taken(each.new, 1 - old)) for each in scored]
        for old in (0.0, 1.0)
    )


def _taken(scores: Sequence[Score], override: float) -> tuple[Score, ...]:
    return tuple(
        replace(score, override=override) if score.lacks_signal else score for score in scores
    )
