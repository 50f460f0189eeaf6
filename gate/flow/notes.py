"""What a reader of the report should know besides the numbers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from gate.core.report import Verdict
from gate.flow.proxy_notes import estimates_note, proxy_notes
from gate.reports.numbers import p_value_told

if TYPE_CHECKING:
    from gate.core.model import Response
    from gate.core.policy import Policy
    from gate.flow.change import SuiteChange
    from gate.flow.run import SuiteRun


UNEVEN = 0.01  # p-value at which a note says that one side loses more answers


def suite_notes(suite: SuiteChange, run: SuiteRun, policy: Policy, today: str) -> list[str]:
    """Return the notes of one suite, a sentence each.

    Args:
        suite: What was judged.
        run: What became of it.
        policy: Of the ref that is trusted.
        today: ISO date, for the age of the baseline.
    """
    name = suite.suite.name
    notes = []
    found = run.found[-1]
    if run.report.verdict is Verdict.INCOMPLETE and found.tally.budget_spent:
        notes += [
            f"suite {name}: {found.tally.budget_spent}",
            "next: run it again with a larger one: what was answered is recorded, in .gate",
        ]
    notes += _missing(name, run)
    by_author = run.found[0].plan.by_author
    if by_author:
        notes.append(
            f"suite {name}: {by_author} answers of the new prompt were recorded by the author of "
            f"the change; gate audit {name} calls some of them again"
        )
    if not suite.suite.rules.checks:
        notes.append(
            f"suite {name}: has no checks; only refused, cut and empty answers count as failures"
        )
    if suite.old.prompt.model != suite.new.prompt.model and suite.new.prompt.price:
        notes.append(f"suite {name}: the price of the new model is what this change says it is")
    notes += proxy_notes(suite.suite, policy, _answers(run), suite.judge)
    if run.report.override_estimates is not None:
        notes.append(estimates_note(name, run.report.override_estimates))
    if suite.labels is not None:
        if suite.labels.undecided:
            notes.append(
                f"suite {name}: {suite.labels.undecided} rows of {suite.suite.labels} wait for "
                "their decision and do not count"
            )
        from gate.flow.proxy_drift import drift_of_proxy

        notes += drift_of_proxy(suite)
    return notes + _baseline_notes(suite, run, policy, today)


def _answers(run: SuiteRun) -> list[Response]:
    return [
        trial.response
        for side in run.found[-1].trials.values()
        for trials in side.values()
        for trial in trials
        if trial.response
    ]


def _missing(name: str, run: SuiteRun) -> list[str]:
    missing = Counter(
        trial.missing
        for side in run.found[-1].trials.values()
        for trials in side.values()
        for trial in trials
        if trial.missing
    )
    if not missing:
        return []
    reasons = ", ".join(f"{reason} {count}" for reason, count in missing.most_common())
    line = f"suite {name}: {missing.total()} answers are missing ({reasons})"
    p_value = run.report.missing_p_value
    if p_value is not None and p_value <= UNEVEN:
        line += f", more of them on one side than chance explains (p {p_value_told(p_value)})"
    if run.report.verdict is Verdict.INCOMPLETE:
        line += "; they could change the verdict; run again: what was answered is recorded"
    said = run.found[-1].said.most_common(1)
    return [line, *(f"suite {name}: what was said most often instead: {text}" for text, _ in said)]


def _baseline_notes(suite: SuiteChange, run: SuiteRun, policy: Policy, today: str) -> list[str]:
    baseline, name = suite.old.baseline, suite.suite.name
    if baseline is None:
        return []
    notes = _to_refresh(suite, run)
    age = (datetime.fromisoformat(today) - datetime.fromisoformat(baseline.recorded_at[:10])).days
    if policy.baseline_max_age_days is not None and age > policy.baseline_max_age_days:
        notes.append(
            f"suite {name}: the baseline is {age} days old, the policy asks for "
            f"{policy.baseline_max_age_days}; next: gate refresh {name}"
        )
    answering = _vendor_models(suite, run) - set(baseline.vendor_models)
    if baseline.vendor_models and answering:
        notes.append(
            f"suite {name}: the vendor answers as {', '.join(sorted(answering))}; the baseline was "
            f"recorded from {', '.join(baseline.vendor_models)}; what that changed says "
            f"gate drift {name}, and gate refresh {name} approves it"
        )
    return notes


def _to_refresh(suite: SuiteChange, run: SuiteRun) -> list[str]:
    """Say that the change should bring a baseline, or the next drift has nothing to look at."""
    if run.report.verdict is not Verdict.PASS or suite.new.baseline is suite.old.baseline:
        return []
    known = suite.new.baseline.fingerprint if suite.new.baseline else ""
    if known == suite.new.prompt.fingerprint:
        return []
    return [
        f"suite {suite.suite.name}: the baseline is that of the old prompt; before the merge: "
        f"gate refresh {suite.suite.name}, and commit it"
    ]


def _vendor_models(suite: SuiteChange, run: SuiteRun) -> set[str]:
    """What the vendor calls the model that the baseline was recorded from, in this run."""
    sides = [
        side
        for side in ("old", "new")
        if suite.old.baseline and getattr(suite, side).prompt.model == suite.old.baseline.model
    ]
    return {
        trial.response.vendor_model
        for found in run.found
        for side in sides
        for trials in found.trials[side].values()
        for trial in trials
        if trial.source != "baseline" and trial.response and trial.response.vendor_model
    }
