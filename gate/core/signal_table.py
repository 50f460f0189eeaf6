"""Labelled outputs as columns: their signals, segments, clusters, and what reviewers did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTable:
    """N labelled outputs; every column has shape (N,)."""

    signals: Mapping[str, Floats]  # in [0, 1]; NaN: not known
    overridden: Floats  # 1 if a reviewer edited or rejected the output, otherwise 0
    segments: tuple[Mapping[str, str], ...]
    cluster: Ints  # rows with the same number belong together and are never split
    _known: tuple[Ints, list[tuple[str, ...]]] | None = field(
        default=None, init=False, compare=False, repr=False
    )

    @property
    def rows(self) -> int:
        """N."""
        return len(self.overridden)

    def values_of(self, name: str) -> Floats:
        """Return a signal's column, NaN in every row if no row has the signal; shape (N,)."""
        return self.signals.get(name, np.full(self.rows, np.nan))

    def only(self, keep: Bools) -> SignalTable:
        """Return the rows that a mask keeps."""
        return SignalTable(
            signals={name: column[keep] for name, column in self.signals.items()},
            overridden=self.overridden[keep],
            segments=tuple(each for each, kept in zip(self.segments, keep, strict=True) if kept),
            cluster=self.cluster[keep],
        )

    def segment_names(self, smallest: int, *, most: int | None = None) -> list[str]:
        """Return the segments, "tag=value", with at least so many rows, sorted.

        Args:
            smallest: Rows.
            most: Segments, of which the largest count; None: all.
        """
        number, distinct = self._coded()
        counted: Counter[str] = Counter()
        for each, rows in zip(distinct, np.bincount(number).tolist(), strict=True):
            counted.update(dict.fromkeys(each, rows))
        enough = [(-rows, name) for name, rows in counted.items() if rows >= smallest]
        return sorted(name for _, name in sorted(enough)[:most])

    def members(self, names: Sequence[str]) -> dict[str, Bools]:
        """Return a mask for each segment."""
        number, distinct = self._coded()
        return {
            name: np.array([name in key for key in distinct], dtype=np.bool_)[number]
            for name in names
        }

    def strata(self) -> Ints:
        """Number the combinations of tags: rows with the same number have the same segments."""
        return self._coded()[0]

    def _coded(self) -> tuple[Ints, list[tuple[str, ...]]]:
        """Number the combinations of tags, and return the segments that each is part of."""
        if self._known is None:
            numbers: dict[tuple[tuple[str, str], ...], int] = {}
            number = [
                numbers.setdefault(tuple(each.items()), len(numbers)) for each in self.segments
            ]
            keys = [_key(dict(each)) for each in numbers]
            distinct = {key: place for place, key in enumerate(dict.fromkeys(keys))}
            alike = np.array([distinct[key] for key in keys], dtype=np.int64)
            object.__setattr__(self, "_known", (alike[number], list(distinct)))
        known: tuple[Ints, list[tuple[str, ...]]] = self._known  # type: ignore[assignment]
        return known


def _key(segment: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{tag}={value}" for tag, value in sorted(segment.items()))
