"""The cases whose outputs became likelier to be overridden, where that is what fails."""

from __future__ import annotations

import shlex
from statistics import fmean
from typing import TYPE_CHECKING

from gate.core.report import Verdict
from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.report import SuiteReport
    from gate.core.score import Score, ScoredCase

_NAMED = 3


def risen_note(report: SuiteReport, scored: Sequence[ScoredCase], flags: str) -> list[str]:
    """Name the cases whose overrides rose most; nothing if no finding on overrides fails.

    A case whose failures stay is no changed case, however likely a human would change its outputs.
    """
    if not any(
        each.metric == "override_rate" and each.verdict is Verdict.FAIL for each in report.findings
    ):
        return []
    moved = []
    for each in scored:
        old, new = _mean(each.old), _mean(each.new)
        if old is not None and new is not None and new > old:
            moved.append((old - new, each.case.case_id, old, new))
    if not moved:
        return []
    first = sorted(moved)[:_NAMED]
    told = ", ".join(f"{visible_name(case)} {old:.2f} -> {new:.2f}" for _, case, old, new in first)
    command = shlex.join(["gate", "explain", report.suite, first[0][1]])
    return [
        f"suite {report.suite}: overrides rose in {len(moved)} cases, most in {told}; next: "
        f"{command}{' ' + flags if flags else ''}"
    ]


def _mean(scores: Sequence[Score]) -> float | None:
    known = [score.override for score in scores if score.override is not None]
    return fmean(known) if known else None
