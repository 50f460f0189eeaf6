"""What reviewers' labels of a run's own outputs say of the override rate, beside the proxy."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from gate.core.ppi import Labelled, override_change, override_rate
from gate.core.report import OverrideEstimates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.labels import Labels
    from gate.core.score import Score, ScoredCase
    from gate.flow.change import SuiteChange

    Decided = dict[tuple[str, str], list[bool]]  # by case id and output


_BEARABLE = 0.1  # share of the labels that may lie outside of the run


def estimates(
    change: SuiteChange, scored: Sequence[ScoredCase], labels: Labels
) -> OverrideEstimates | None:
    """Estimate the override rates of both sides from the proxy and the labels of their outputs.

    They are no random part of the outputs where many of them lie outside of the run, or where old
    and new are the same prompt, which a label cannot tell apart: then there is no estimate.

    A label counts for a side if it names the fingerprint of that side's prompt, its case and its
    output; one label stands for one trial. Where several reviewers decided on an output, most of
    them count, and a tie is an override.

    Args:
        change: The suite.
        scored: What the run judged.
        labels: Reviewers' decisions.

    Returns:
        None if no label is of these outputs.
    """
    before, after = (getattr(change, side).prompt.fingerprint for side in ("old", "new"))
    decided = [_decided(labels, each) for each in (before, after)]
    if before == after or not any(decided):
        return None
    old, new = (
        _side(scored, side, each) for side, each in zip(("old", "new"), decided, strict=True)
    )
    labelled, inside = sum(map(len, decided)), np.concatenate([old.label, new.label])
    outside = labelled - int((~np.isnan(inside)).sum())
    if outside > _BEARABLE * labelled:
        # Those that recur are no random part of what was drawn.
        return OverrideEstimates(
            source=change.suite.labels or "", old=None, new=None, change=None, outside=outside
        )
    return OverrideEstimates(
        source=change.suite.labels or "",
        old=override_rate(old),
        new=override_rate(new),
        change=override_change(old, new),
        outside=outside,
    )


def _decided(labels: Labels, fingerprint: str) -> Decided:
    found: Decided = defaultdict(list)
    for label in labels.rows:
        if label.case_id is not None and label.prompt == fingerprint:
            found[label.case_id, label.output].append(label.is_overridden)
    return found


def _side(scored: Sequence[ScoredCase], side: str, decided: Decided) -> Labelled:
    cases, proxies, labels = [], [], []
    used: Counter[tuple[str, str]] = Counter()
    for number, each in enumerate(scored):
        scores: tuple[Score, ...] = getattr(each, side)
        for score in scores:
            if score.override is None:
                continue
            key = (each.case.case_id, score.text)
            said = decided.get(key, [])
            is_first = bool(said) and not used[key]
            used[key] += 1
            cases.append(number)
            proxies.append(score.override)
            labels.append(float(2 * sum(said) >= len(said)) if is_first else np.nan)
    return Labelled(
        case=np.array(cases, dtype=np.int64),
        proxy=np.array(proxies, dtype=np.float64),
        label=np.array(labels, dtype=np.float64),
    )
