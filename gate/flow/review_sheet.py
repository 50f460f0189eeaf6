"""Outputs of a run that reviewers are asked to decide on, drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json, digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.core.model import Trial
    from gate.flow.change import SuiteChange
    from gate.flow.run import SuiteRun


def review_sheet(
    change: SuiteChange, run: SuiteRun, *, size: int, seed: int, today: str
) -> Iterator[str]:
    """Yield a sheet, a line an output: labels that wait for their `decision`.

    Old and new are mixed, and named by the fingerprint of their prompt only, so that a reviewer
    does not know which is which. Of a side each case comes at most once: the estimates take the
    labels for a random part of all outputs, so what is decided must be what was drawn, and the
    first part of a sheet is as random as all of it.

    Args:
        change: The suite.
        run: What was answered.
        size: Outputs of each side, at most.
        seed: Of the draw.
        today: ISO date, which tells labels that are newer than a proxy.
    """
    drawn: list[tuple[str, dict[str, Any]]] = []
    for side in ("old", "new"):
        fingerprint = getattr(change, side).prompt.fingerprint
        trials = run.found[-1].trials[side]
        keyed = sorted(
            (
                (digest([seed, fingerprint, case.case_id]), case)
                for case in change.cases
                if any(trial.response for trial in trials[case.case_id])
            ),
            key=lambda each: each[0],
        )
        for key, case in keyed[:size]:
            output = _one(trials[case.case_id], key)
            row = {
                "case": case.case_id,
                "input": case.input,
                "output": output,
                "segment": dict(case.segment),
                "prompt": fingerprint,
                "decision": None,
                "at": today,
            }
            drawn.append((key, row))
    for _, row in sorted(drawn, key=lambda each: each[0]):
        yield canonical_json(row) + "\n"


def _one(trials: list[Trial], key: str) -> str:
    texts = [
        trial.response.text
        for trial in sorted(trials, key=lambda trial: trial.repeat)
        if trial.response
    ]
    return texts[int(key[:12], 16) % len(texts)]
