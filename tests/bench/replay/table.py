"""One line of the benchmark: its numbers, what they must reach, how they are printed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .project import WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .measure import Run

HEAD = (
    *("row", "seconds", "x ideal", "CPU ms/call", "MiB", "requests"),
    *("lost", "paid twice", "exit", "reach", "met"),
)
WIDTHS = (20, 8, 8, 11, 6, 8, 5, 10, 5, 26, 3)
LEFT = {0, 9, 10}  # columns of words
UNITS = {
    "seconds": "{:g} s",
    "over_ideal": "{:g} x ideal",
    "cpu_ms": "{:g} ms CPU a call",
    "mib": "{:g} MiB",
    "requests": "{:g} requests",
    "lost": "{:g} lost",
    "paid_twice": "{:g} paid twice",
    "over_clean": "{:g} x the clean run",
    "delay_s": "clean run + {:g} s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one row came to."""

    name: str
    run: Run
    calls: int = 0  # that the row is about, recorded ones included; 0: none
    latency_ms: float = 0.0
    stats: Mapping[str, Any] = field(default_factory=dict)  # what the vendor saw
    clean: Run | None = None  # the same without faults
    most: Mapping[str, float] = field(default_factory=dict)  # the reach: number -> its limit

    @property
    def numbers(self) -> dict[str, float]:
        """Whatever of this was measured."""
        run, found = self.run, {}
        found["seconds"] = run.seconds
        found["mib"] = run.peak_mib
        if self.calls:
            found["cpu_ms"] = 1000 * run.cpu_s / self.calls
        if self.calls and self.latency_ms:
            found["over_ideal"] = run.seconds / (self.calls * self.latency_ms / 1000 / WIDTH)
        if self.stats:
            found["requests"] = self.stats["requests"]
            found["paid_twice"] = self.stats["paid_twice"]
        if self.clean is not None:
            found["over_clean"] = run.seconds / self.clean.seconds
            found["delay_s"] = run.seconds - self.clean.seconds
        report = report_of(run)
        if report is not None and report["suites"]:
            found["lost"] = sum(suite["calls"]["missing"] for suite in report["suites"])
        return found

    def unmet(self) -> list[str]:
        """Return the reaches that are missed; all, if it ended badly or was not measured."""
        numbers = {} if self.run.exit_code else self.numbers
        return [name for name, limit in self.most.items() if numbers.get(name, 1e9) > limit]


def report_of(run: Run) -> dict[str, Any] | None:
    """Return the gate's JSON report; None where it printed none."""
    if not run.out.startswith("{"):
        return None
    report: dict[str, Any] = json.loads(run.out)
    return report


def lines_of(line: Line) -> str:
    """Return the lines of the table: one, and one more for each further reach."""
    numbers, unmet = line.numbers, line.unmet()
    cells = (
        line.name,
        f"{line.run.seconds:.2f}",
        shown(numbers.get("over_ideal"), 2),
        shown(numbers.get("cpu_ms"), 2),
        f"{line.run.peak_mib:.0f}",
        shown(numbers.get("requests")),
        shown(numbers.get("lost")),
        shown(numbers.get("paid_twice")),
        line.run.ending,
    )
    told = [(_told(line, name), "NO" if name in unmet else "yes") for name in line.most]
    first, *more = told or [("", "")]
    rows = [(*cells, *first), *[(*[""] * len(cells), *each) for each in more]]
    return "\n".join(row_of(row, WIDTHS, LEFT) for row in rows)


def _told(line: Line, name: str) -> str:
    reach = UNITS[name].format(line.most[name])
    if name in {"over_clean", "delay_s"}:
        reach += f": {shown(line.numbers.get(name), 2)}"
    return reach


def shown(value: float | None, digits: int = 0) -> str:
    """Return a number as it is printed; a dash where it was not measured."""
    return "-" if value is None else f"{value:.{digits}f}"


def head_of(head: tuple[str, ...], widths: tuple[int, ...], left: set[int]) -> str:
    """Return the first two lines of a table."""
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return f"{row_of(head, widths, left)}\n{rule}"


def row_of(cells: tuple[str, ...], widths: tuple[int, ...], left: set[int]) -> str:
    """Return one line of a table."""
    padded = [
        cell.ljust(width) if place in left else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "| " + " | ".join(padded) + " |"
