"""What a reader of the report should know besides the numbers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.core.policy import Policy
    from gate.flow.change import SuiteChange
    from gate.flow.gather import Gathered


def suite_notes(suite: SuiteChange, found: Gathered, policy: Policy, today: str) -> list[str]:
    """Return the notes of one suite, a sentence each.

    Args:
        suite: What was judged.
        found: Its trials.
        policy: Of the ref that is trusted.
        today: ISO date, for the age of the baseline.
    """
    name = suite.suite.name
    notes = []
    if found.tally.budget_spent:
        notes.append(f"suite {name}: {found.tally.budget_spent}")
    missing = Counter(
        trial.missing
        for side in found.trials.values()
        for trials in side.values()
        for trial in trials
        if trial.missing
    )
    if missing:
        reasons = ", ".join(f"{reason} {count}" for reason, count in missing.most_common())
        notes.append(f"suite {name}: {missing.total()} answers are missing ({reasons})")
    if found.by_author:
        notes.append(
            f"suite {name}: {found.by_author} answers of the new prompt were recorded by the author"
        )
    if not suite.suite.rules.checks:
        notes.append(
            f"suite {name}: has no checks; only refused, cut and empty answers count as failures"
        )
    if suite.suite.proxy:
        notes.append(f"suite {name}: override.proxy is not read by this version")
    if suite.old.prompt.model != suite.new.prompt.model and suite.new.prompt.price:
        notes.append(f"suite {name}: the price of the new model is what this change says it is")
    if "override_rate" in policy.metrics:
        notes.append(f"suite {name}: the override proxy is uncalibrated")
    baseline = suite.old.baseline
    if baseline and policy.baseline_max_age_days is not None:
        age = (
            datetime.fromisoformat(today) - datetime.fromisoformat(baseline.recorded_at[:10])
        ).days
        if age > policy.baseline_max_age_days:
            notes.append(
                f"suite {name}: the baseline is {age} days old, the policy asks for "
                f"{policy.baseline_max_age_days}; next: gate refresh {name}"
            )
    return notes
