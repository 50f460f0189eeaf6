"""Lines of the tables, and what a row must reach."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME_WIDTH = 62
WIDTH = 9
Z = 1.645  # one-sided 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Between what a number of a row must lie."""

    column: str
    least: float | None = None
    most: float | None = None
    by_chance: bool = False  # a share of the draws: what chance explains is met

    def __str__(self) -> str:
        """Say it shortly."""
        if self.least is not None and self.most is not None:
            return f"{self.column} {self.least:g} to {self.most:g}"
        return f"{self.column} " + (
            f">= {self.least:g}" if self.most is None else f"<= {self.most:g}"
        )

    def is_met(self, numbers: dict[str, float], runs: int) -> bool:
        """Tell whether the row's number lies there."""
        value = numbers[self.column]
        spared = Z * math.sqrt(value * (100 - value) / runs) if self.by_chance else 0.0
        return (self.least is None or value + spared >= self.least) and (
            self.most is None or value - spared <= self.most
        )


def head(columns: Sequence[str]) -> str:
    """Return the first two lines of a table."""
    cells = ["configuration".ljust(NAME_WIDTH), *(each.rjust(WIDTH) for each in columns), "reach"]
    rule = ["-" * NAME_WIDTH, *("-" * (WIDTH - 1) + ":" for _ in columns), "-----"]
    return "\n".join(f"| {' | '.join(each)} |" for each in (cells, rule))


def line(
    name: str, numbers: dict[str, float], reaches: Sequence[Reach], runs: int
) -> tuple[str, int]:
    """Return a row as a line, and how many of its reaches it does not meet."""
    missed = [not each.is_met(numbers, runs) for each in reaches]
    told = "; ".join(
        f"{each}{': NO' if is_missed else ''}"
        for each, is_missed in zip(reaches, missed, strict=True)
    )
    cells = [name.ljust(NAME_WIDTH), *(f"{each:.4g}".rjust(WIDTH) for each in numbers.values())]
    return f"| {' | '.join(cells)} | {told} |", sum(missed)
