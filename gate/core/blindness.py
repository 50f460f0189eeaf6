"""Whether a calibrated proxy could look at enough of the answers for a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.core.policy import Policy
    from gate.core.score import Score, ScoredCase

_BEARABLE = 0.05  # share of a side's answers whose overrides may stay unknown


def is_blind(scored: Sequence[ScoredCase], policy: Policy) -> bool:
    """Tell whether the override proxy lacks a signal for more answers than a verdict can bear.

    A change could take the signal away where it hurts, and a metric that nobody measured was not
    shown to be fine.
    """
    if "override_rate" not in policy.metrics:
        return False
    return any(
        _share(score for each in scored for score in getattr(each, side)) > _BEARABLE
        for side in ("old", "new")
    )


def _share(scores: Iterable[Score]) -> float:
    lacking = [score.lacks_signal for score in scores]
    return sum(lacking) / max(1, len(lacking))
