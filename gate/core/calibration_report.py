"""All that a calibration has to tell, for the reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.calibration import Fitted
    from gate.core.kappa import Agreement
    from gate.core.position_bias import PositionBias
    from gate.core.review_choice import ReviewChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsSeen:
    """What the file of labels holds."""

    source: str
    rows: int
    decisions: Mapping[str, int]  # accepted, edited, rejected
    undecided: int = 0  # rows of review sheets that wait for their decision
    duplicates: int  # rows that stand there twice, counted once
    disagreements: int  # outputs that one reviewer overrides and another does not; both count
    reviewed_twice: int  # outputs that two or more reviewers decided
    reviewers: tuple[str, ...]
    newest: str | None  # ISO 8601
    agreement: Agreement | None  # of the reviewers with each other; None: nothing decided twice


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSeen:
    """How well a judge agrees with the reviewers."""

    model: str
    agreement: Agreement
    segments: Mapping[str, Agreement]
    alone: str  # why it may not decide alone; "": it may
    bias: PositionBias | None = None  # of one that compares two outputs
    missing: int = 0  # labels that it gave no answer to


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationReport:
    """One calibration."""

    suite: str
    owner: str
    labels: LabelsSeen
    refusals: tuple[str, ...]  # why there is no new proxy; empty: there is one
    fitted: Fitted | None = None  # None: too few labels to fit anything
    review: ReviewChoice | None = None
    judge: JudgeSeen | None = None
    written: str = ""  # path of the file; "": nothing was written
    next_step: str = ""  # that the file takes to count
    notes: tuple[str, ...] = ()
