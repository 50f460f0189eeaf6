"""What the confirmation of a fail against recordings came to, in the report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.report import Confirmation

if TYPE_CHECKING:
    from gate.core.report import SuiteReport
    from gate.flow.gathered import Gathered
    from gate.flow.run import SuiteRun


def unconfirmed(run: SuiteRun, second: Gathered, note: str) -> SuiteRun:
    """Let a fail stand although old could not be called again; the note says why."""
    report = replace(with_calls_of(second, run.report), confirmation=Confirmation.UNCONFIRMED)
    return replace(run, report=report, notes=(*run.notes, note))


def with_calls_of(other: Gathered, report: SuiteReport) -> SuiteReport:
    """Add what another gathering of the same run took."""
    calls = replace(
        report.calls,
        old_live=report.calls.old_live + other.live["old"],
        new_live=report.calls.new_live + other.live["new"],
        retries=report.calls.retries + other.tally.retries,
    )
    cost_usd = (report.cost_usd or 0.0) + other.tally.cost_usd
    return replace(report, calls=calls, cost_usd=cost_usd or None)


def confirmation_note(name: str, first: SuiteReport, *, stands: bool) -> str:
    """Say whether the fail of the first gathering held, or what did not."""
    if stands:
        return (
            f"suite {name}: failed against the baseline; old was called again, and the fail holds "
            "live against live"
        )
    failed = [
        f"{each.metric} in {each.segment}" if each.segment else each.metric for each in first.failed
    ]
    return (
        f"suite {name}: failed against the baseline ({', '.join(failed)}), but not live against "
        f"live: the baseline is stale or was unlucky; next: gate drift {name}"
    )
