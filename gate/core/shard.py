"""One of several equal parts of a run's cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Iterable


MOST = 1000  # parts of a run


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Part `index` of `count`; `index` counts from 1."""

    index: int
    count: int

    def part_of(self, case_ids: Iterable[str]) -> frozenset[str]:
        """Return the cases of this part; no part has more than one case more than another.

        They are dealt out in the order of their ids' digests: an order that has nothing to do with
        what the cases are about, and that no edit of the prompt changes.
        """
        ranked = sorted(set(case_ids), key=lambda case_id: (digest(case_id), case_id))
        return frozenset(ranked[self.index - 1 :: self.count])

    def __str__(self) -> str:
        """As on the command line: 3/8."""
        return f"{self.index}/{self.count}"
