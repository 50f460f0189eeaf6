"""The rows of the benchmark: what is run, and what it must reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from busy_vendor_parts.faults import PASSING

from .bench import Load, again, against_baseline, checked, floor, idle, merged, startup

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bench import Bench
    from .table import Line

ALL = "--all-calls"
SHORT = ("--timeout", "3")
LIVE = Load(cases=1000, latency_ms=50.0)
SMALL = Load(cases=10_000, latency_ms=5.0)
LARGE = Load(cases=100_000, latency_ms=1.0, limit_s=3600.0)
FAULTS = replace(LIVE, faults="429=0.05,500=0.02,cut=0.02")
HANG = replace(LIVE, faults="hang=0.01")
MIXTURE = replace(LIVE, faults=",".join(f"{kind}=0.01" for kind in PASSING))
NOTHING_LOST = {"lost": 0.0, "paid_twice": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row that can be asked for by name."""

    what: str
    make: Callable[[Bench, str], Line]
    needs: tuple[str, ...] = ()  # rows that are run before
    by_default: bool = True


ROWS: dict[str, Row] = {
    "startup": Row(what="gate --help, best of 5", make=startup),
    "idle": Row(what="gate check in git where nothing is affected, best of 5", make=idle),
    "floor": Row(
        what="a bare aiohttp client makes the calls of `live`", make=floor(LIVE, "old", "new")
    ),
    "live": Row(
        what="1,000 cases x 2, 50 ms, --all-calls",
        make=checked(LIVE, ALL, most={"over_ideal": 1.15, "cpu_ms": 1.5}),
    ),
    "recorded": Row(
        what="the same again, from the recordings",
        make=again("live", {"seconds": 1.5, "requests": 0}),
        needs=("live",),
    ),
    "stopping": Row(what="as live, but it may stop early", make=checked(LIVE)),
    "floor-small": Row(
        what="a bare aiohttp client makes the calls of `small`", make=floor(SMALL, "new")
    ),
    "small": Row(
        what="10,000 cases x 1, 5 ms, --all-calls; old from a committed baseline",
        make=against_baseline(SMALL, {"over_ideal": 3, "mib": 150}),
    ),
    "faults": Row(
        what=f"as live, {FAULTS.faults}",
        make=checked(FAULTS, ALL, clean="live", most={"over_clean": 1.5, **NOTHING_LOST}),
        needs=("live",),
    ),
    "hang": Row(
        what=f"as live, {HANG.faults}, --timeout 3",
        make=checked(HANG, ALL, *SHORT, clean="live", most={"delay_s": 4, **NOTHING_LOST}),
        needs=("live",),
    ),
    "hang-stopping": Row(
        what=f"as stopping, {HANG.faults}, --timeout 3",
        make=checked(HANG, *SHORT, clean="stopping", most={"delay_s": 4, **NOTHING_LOST}),
        needs=("stopping",),
    ),
    "mixture": Row(
        what="as live, every fault that passes at 1 %, --timeout 3",
        make=checked(MIXTURE, ALL, *SHORT, clean="live", most={"paid_twice": 0}),
        needs=("live",),
    ),
    "large": Row(
        what="100,000 cases x 2, 1 ms, --all-calls", make=checked(LARGE, ALL), by_default=False
    ),
    "large-recorded": Row(
        what="the same again, from the recordings",
        make=again("large", {"seconds": 40, "mib": 400, "requests": 0}),
        needs=("large",),
        by_default=False,
    ),
    "merge": Row(what="eight shards of `live`, merged", make=merged("live"), needs=("live",)),
    "large-merge": Row(
        what="eight shards of `large`, merged",
        make=merged("large"),
        needs=("large",),
        by_default=False,
    ),
}


def chosen(names: list[str]) -> list[str]:
    """Return the names of rows to run, what they need included, in the order of the table."""
    wanted = set(names)
    for name in reversed(ROWS):  # a row stands after those that it needs
        if name in wanted:
            wanted.update(ROWS[name].needs)
    return [name for name in ROWS if name in wanted]
