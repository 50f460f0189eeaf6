"""All labels of a file, and what its rows say of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.core.label import Label

    Key = tuple[str | None, str | None, str]  # case id, or else item, and output
    Said = tuple[Key, str, str | None, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """All labels of a file, with what its rows say of each other."""

    rows: tuple[Label, ...]  # exact duplicates counted once
    duplicates: int  # rows left out: same item, output, decision, reviewer, time and prompt
    disagreements: int  # pairs of item and output that one row overrides and one does not: kept
    reviewed_twice: int  # pairs of item and output with decisions of two or more reviewers
    undecided: int = 0  # rows of a review sheet that wait for their decision, left out
    reviewers: tuple[str, ...]  # sorted; a row without one counts as nobody


def gather_labels(rows: Iterable[Label]) -> Labels:
    """Leave out exact duplicates, and count where rows speak of one output.

    Args:
        rows: In any order; the first of equal ones is kept.
    """
    kept: list[Label] = []
    duplicates = 0
    firsts: dict[Key, Label] = {}
    later: set[Said] = set()
    named: dict[Key, str] = {}  # the first reviewer of what several rows decide on
    disagreed: set[Key] = set()
    met: set[Key] = set()
    for label in rows:
        key = _key(label)
        first = firsts.setdefault(key, label)
        if first is not label:
            said = _said(key, label)
            if said in later or said == _said(key, first):
                duplicates += 1
                continue
            later.add(said)
            if label.is_overridden != first.is_overridden:
                disagreed.add(key)
            if label.reviewer is not None:
                one = named.setdefault(key, first.reviewer or label.reviewer)
                if one != label.reviewer:
                    met.add(key)
        kept.append(label)
    return Labels(
        rows=tuple(kept),
        duplicates=duplicates,
        disagreements=len(disagreed),
        reviewed_twice=len(met),
        reviewers=tuple(sorted({label.reviewer for label in kept if label.reviewer is not None})),
    )


def _said(key: Key, label: Label) -> Said:
    return key, label.decision, label.reviewer, label.at, label.prompt


def _key(label: Label) -> Key:
    # Not the item of a case: a text of its own for each of a million rows.
    return label.case_id, None if label.case_id is not None else label.item, label.output
