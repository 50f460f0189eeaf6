"""What a reader should know of the labels that a calibration stands on, and of its proxy."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gate.core.agreement import between_reviewers
from gate.core.calibration_report import LabelsSeen

if TYPE_CHECKING:
    from gate.core.calibration import Fitted
    from gate.core.calibration_report import JudgeSeen
    from gate.core.labels import Labels


def labels_seen(labels: Labels, source: str) -> LabelsSeen:
    """Sum up a file of labels."""
    newest = max(labels.rows, key=lambda label: label.at_s)
    named = (
        (f"{label.item} {label.output}", label.reviewer, label.is_overridden)
        for label in labels.rows
        if label.reviewer is not None
    )
    return LabelsSeen(
        source=source,
        rows=len(labels.rows),
        decisions=Counter(label.decision for label in labels.rows),
        undecided=labels.undecided,
        duplicates=labels.duplicates,
        disagreements=labels.disagreements,
        reviewed_twice=labels.reviewed_twice,
        reviewers=labels.reviewers,
        newest=newest.at,
        agreement=between_reviewers(named) if labels.reviewed_twice else None,
    )


def reviewers_notes(seen: LabelsSeen) -> tuple[str, ...]:
    """Say where nothing is known of how far reviewers agree."""
    if len(seen.reviewers) == 1:
        return (
            f"all labels are from one reviewer, {seen.reviewers[0]}: the proxy learns what one "
            "person does, and how far reviewers agree is not known",
        )
    if not seen.reviewers:
        return ("no label names its reviewer: how far reviewers agree is not known",)
    return ()


def doubts(fitted: Fitted, judge: JudgeSeen | None) -> tuple[str, ...]:
    """Say what a reader should not overlook in a proxy that is good enough."""
    found = []
    if fitted.pooled.gain.value > 0 and fitted.pooled.gain.interval[0] <= 0:
        found.append(
            f"its gain over the base rate is not shown: {fitted.pooled.gain.value:.3f} "
            f"({fitted.pooled.gain.interval[0]:.3f} to {fitted.pooled.gain.interval[1]:.3f}), "
            f"from {fitted.pooled.clusters} clusters"
        )
    if judge is not None and "judge" not in fitted.proxy.names:
        found.append("the judge adds nothing to the other signals: the gate will not ask it")
    return tuple(found)
