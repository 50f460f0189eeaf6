"""What a row of the simulation must reach, and how it is printed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import beta

from .world import BROKEN

if TYPE_CHECKING:
    from .runs import Tally

ERROR = 0.05  # of a one-sided bound
HEAD = ("configuration", "runs", "fail", "bound", "pass", "bound", "calls", "reach", "met")
WIDTHS = (62, 6, 7, 9, 7, 9, 7, 21, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A number that a share must not exceed, or must reach."""

    share: str  # fail, pass or calls
    most: float | None = None
    least: float | None = None
    by_bound: bool = False  # the bound must keep it, not only the estimate

    def __str__(self) -> str:
        """Say it shortly."""
        sign, limit = (">=", self.least) if self.most is None else ("<=", self.most)
        return (
            f"{self.share} {sign} {100 * (limit or 0):.3g} %{' (bound)' if self.by_bound else ''}"
        )

    def is_met(self, seen: Tally) -> bool:
        """Tell whether the runs keep it."""
        if self.share == "calls":
            value = seen.calls / seen.runs
        else:
            count = seen.fails if self.share == "fail" else seen.passes
            value = count / seen.runs
            if self.by_bound:
                value = bound(count, seen.runs, is_upper=self.most is not None)
        return value <= self.most if self.most is not None else value >= (self.least or 0.0)


def bound(count: int, runs: int, *, is_upper: bool) -> float:
    """Return the one-sided 95 % bound of a share.

    Source:
        Clopper and Pearson (1934), Biometrika 26(4).
    """
    if is_upper:
        return 1.0 if count == runs else float(beta.ppf(1 - ERROR, count + 1, runs - count))
    return 0.0 if count == 0 else float(beta.ppf(ERROR, count, runs - count + 1))


def head() -> str:
    """Return the first two lines of a table."""
    return "\n".join([_line(HEAD), "|" + "|".join("-" * (width + 2) for width in WIDTHS) + "|"])


def line(name: str, seen: Tally, reaches: tuple[Reach, ...]) -> str:
    """Return a line of the table, one more for each further reach."""
    rates = [seen.fails / seen.runs, seen.passes / seen.runs]
    bounds = []
    for share, count in (("fail", seen.fails), ("pass", seen.passes)):
        is_upper = not any(each.share == share and each.least is not None for each in reaches)
        sign = "<=" if is_upper else ">="
        bounds.append(f"{sign} {100 * bound(count, seen.runs, is_upper=is_upper):.2f}")
    numbers = (
        str(seen.runs), f"{100 * rates[0]:.2f}", bounds[0], f"{100 * rates[1]:.2f}", bounds[1],
        f"{100 * seen.calls / seen.runs:.1f}",
    )  # fmt: skip
    told = [(str(each), "yes" if each.is_met(seen) else "NO") for each in reaches] or [("", "")]
    lines = [_line((name, *numbers, *told[0]))]
    lines += [_line(("", *[""] * len(numbers), *more)) for more in told[1:]]
    return "\n".join(lines)


def culprits(seen: Tally) -> str:
    """Say in what share of the runs which findings failed, the most frequent first."""
    shares: Counter[str] = Counter()
    for (metric, segment), count in seen.failed.items():
        is_named = segment in (None, BROKEN)
        where = f" in {segment}" if segment else ""
        shares[metric + (where if is_named else " in other segments, sum")] += count
    told = [f"{name} {100 * count / seen.runs:.2f} %" for name, count in shares.most_common()]
    return ", ".join(told) or "none"


def _line(cells: tuple[str, ...]) -> str:
    padded = [cells[0].ljust(WIDTHS[0])]
    padded += [cell.rjust(width) for cell, width in zip(cells[1:7], WIDTHS[1:7], strict=True)]
    padded += [cell.ljust(width) for cell, width in zip(cells[7:], WIDTHS[7:], strict=True)]
    return "| " + " | ".join(padded) + " |"
