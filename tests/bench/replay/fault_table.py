"""What each fault costs: trials asked, answered, retried, lost, paid twice, seconds."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import click
from busy_vendor import BusyVendor
from busy_vendor_parts.faults import PASSING, REFUSALS

from .bench import with_key
from .rows import ALL, LIVE, MIXTURE, SHORT
from .table import head_of, report_of, row_of, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .bench import Bench
    from .measure import Run

HEAD = (
    *("fault", "faults", "requests", "asked", "answered", "retried", "lost", "paid twice"),
    *("seconds", "x clean", "exit"),
)
WIDTHS = (19, 6, 8, 5, 8, 7, 5, 10, 7, 7, 5)
LEFT = {0}
_SHOWN = 110  # characters of an error


def print_fault_table(bench: Bench) -> None:
    """Run each fault alone, then all that pass together, then what no retry helps; print each."""
    click.echo(
        f"\n### Faults: {LIVE.cases} x 2, {LIVE.latency_ms:g} ms, --all-calls --timeout 3\n\n"
        f"{head_of(HEAD, WIDTHS, LEFT)}"
    )
    clean = bench.lines["live"].run.seconds
    notes = []
    for name, faults in _kinds().items():
        project = bench.project(f"fault-{name}", cases=LIVE.cases)
        with BusyVendor(latency_ms=LIVE.latency_ms, faults=faults) as vendor:
            url = _dead_port() if name == "dead port" else vendor.url
            run = project.check(ALL, *SHORT, env=with_key(url))
            stats = vendor.stats()
        click.echo(row_of(_cells(name, run, stats, clean), WIDTHS, LEFT))
        if _suite(run) is None:
            notes.append(f"- {name}: {_first_line(run.err, url)}")
    if notes:
        click.echo("\nNot judged:\n\n" + "\n".join(notes))


def _kinds() -> dict[str, str]:
    return {
        "none": "",
        **{f"{kind} 5 %": f"{kind}=0.05" for kind in PASSING},
        "all these, 1 % each": MIXTURE.faults,
        **{f"{kind} once": f"{kind}@500" for kind in REFUSALS},
        "dead port": "",
    }


def _cells(name: str, run: Run, stats: Mapping[str, Any], clean_s: float) -> tuple[str, ...]:
    suite = _suite(run)
    counts: dict[str, float] = {}
    if suite is not None:
        counts["answered"] = suite["trials"]["old"] + suite["trials"]["new"]
        counts["retried"] = suite["calls"]["retries"]
        counts["lost"] = suite["calls"]["missing"]
    return (
        name,
        str(sum(stats["by_fault"].values())),
        str(stats["requests"]),
        str(2 * LIVE.cases),
        *(shown(counts.get(key)) for key in ("answered", "retried", "lost")),
        str(stats["paid_twice"]),
        f"{run.seconds:.2f}",
        f"{run.seconds / clean_s:.2f}",
        run.ending,
    )


def _suite(run: Run) -> dict[str, Any] | None:
    report = report_of(run)
    return report["suites"][0] if report and report["suites"] else None


def _first_line(text: str, url: str) -> str:
    line = (text.strip().splitlines() or ["(nothing on standard error)"])[0]
    return line.replace(url, "URL")[:_SHOWN]


def _dead_port() -> str:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{place.getsockname()[1]}"
