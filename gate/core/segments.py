"""Segments: cases that share a tag value, or several."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gate.core.segment_names import segment_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gate.core.columns import Columns
    from gate.core.policy import Policy

    Bools = NDArray[np.bool_]


def segments_of(
    tags: Sequence[Mapping[str, str]], by: Sequence[tuple[str, ...]]
) -> dict[str, Bools]:
    """Group cases by the values of their tags.

    Args:
        tags: Of each case.
        by: The tags to group by; ("channel",) gives `channel=email`, ("channel", "language")
            gives `channel=email & language=de`. A case that lacks one of them is in no group.

    Returns:
        For each segment, by name, a mask of the cases in it; shape (N,).
    """
    groups: dict[str, list[int]] = {}
    for wanted in by:
        for index, each in enumerate(tags):
            if all(tag in each for tag in wanted):
                groups.setdefault(segment_name(each, wanted), []).append(index)
    masks = {}
    for name, members in sorted(groups.items()):
        masks[name] = np.zeros(len(tags), dtype=np.bool_)
        masks[name][members] = True
    return masks


def judgeable(
    segments: Mapping[str, Bools], columns: Columns, alpha: float, policy: Policy
) -> list[str]:
    """Choose the segments that could fail at all, by the plan and not by the outcome.

    A segment whose old trials all passed and whose new trials all failed has the smallest p-value
    that its numbers of trials allow. Where even that is above its share of alpha, no answer can
    make it fail: it is left out, and the others share what it would have taken.

    Args:
        segments: From `segments_of`.
        columns: With the planned numbers of trials.
        alpha: Of all segments of one metric together.
        policy: Whose p-values are meant.

    Source:
        Tarone (1990), Biometrics 46(2), on the planned numbers instead of the margins.
    """
    old = np.maximum(columns.counts(new=False) + columns.missing_old, 1)
    new = np.maximum(columns.planned_new, 1)
    old = np.where(columns.is_recorded, old, np.maximum(old, new))
    logs = np.array(
        [_log_choose(o + n, n) for o, n in zip(old.tolist(), new.tolist(), strict=True)]
    )

    changed = ~columns.is_same
    at = 1.0 if policy.exact else 0.5

    def least(mask: Bools) -> float:
        if policy.scope == "population":
            return at * 0.5 ** len(np.unique(columns.cluster[mask & changed]))
        return at * math.exp(-float(logs[mask & changed].sum()))

    smallest = {name: least(mask) for name, mask in segments.items()}
    for shared in range(1, len(segments) + 1):
        able = [name for name, p_value in smallest.items() if p_value <= alpha / shared]
        if len(able) <= shared:
            return able
    return []


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
