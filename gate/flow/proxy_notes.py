"""What a reader of the report should know about the override proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.reports import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.core.config import Suite
    from gate.core.judge import Judge
    from gate.core.model import Response
    from gate.core.policy import Policy
    from gate.core.report import OverrideEstimate, OverrideEstimates

_OF_LOGPROBS = {"doubt", "weakest_token"}


def proxy_notes(
    suite: Suite,
    policy: Policy,
    answers: Iterable[Response],
    judge: Judge | None = None,
    *,
    calls_none: bool = False,
) -> list[str]:
    """Say which proxy gave the override rate, and what it could not judge.

    Args:
        suite: With the proxy that counts.
        policy: Of the run.
        answers: Of both sides.
        judge: That can be asked; None: there is none.
        calls_none: The command calls nothing, and takes what rows say.
    """
    if "override_rate" not in policy.metrics:
        return []
    name = suite.name
    if suite.calibration is None:
        gone = f": there is no {suite.proxy}" if suite.proxy else ""
        return [f"suite {name}: the override proxy is uncalibrated{gone}"]
    on, out = suite.calibration.fitted_on, suite.calibration.held_out
    worst = f", at most {out.worst_ece:.3f} in a segment" if out.worst_ece is not None else ""
    notes = [
        f"suite {name}: the override proxy is calibrated on {on.labels} labels "
        f"({suite.calibration.fitted_at[:10]}): AUC {out.auc:.2f}, ECE {out.ece:.3f}{worst}, on "
        "labels that it did not see"
    ]
    listens = "judge" in suite.rules.proxy.names
    if listens and calls_none:
        notes.append(f"suite {name}: gate compare asks no judge: overrides are not counted")
    elif listens and suite.calibration.judge != (judge.identity if judge else None):
        notes.append(
            f"suite {name}: the override proxy was calibrated with another judge than the one of "
            f"gate.yaml: overrides are not counted; next: gate calibrate {name} LABELS"
        )
    needed = _OF_LOGPROBS.intersection(suite.rules.proxy.names)
    curves = suite.calibration.proxy.curves
    if any(curves[each].absent is None for each in needed):
        lack = [each.confidence == (None, None) for each in answers]
        if any(lack):
            notes.append(
                f"suite {name}: {sum(lack)} of {len(lack)} answers have no log-probabilities, "
                "which the override proxy needs: their overrides are not counted; "
                + (
                    "add mean_logprob and min_logprob to the rows"
                    if calls_none
                    else "where the provider gives them, ask with modelParameters, logprobs: true"
                )
            )
    return notes


def estimates_note(name: str, found: OverrideEstimates) -> str:
    """Say what the labels make of the override rates, and that the verdict is another's."""
    if found.outside and found.old is found.new is None:
        return (
            f"suite {name}: {found.outside} labels in {found.source} are of outputs of these "
            "prompts that this run did not give: those that are left are no random part, so there "
            "is no estimate of the overrides; run where they were recorded, or draw a new sheet"
        )
    sides = (("old", found.old), ("new", found.new), ("change", found.change))
    told = [
        f"{what} too few labels" if each is None else f"{what} {_told(each, what == 'change')}"
        for what, each in sides
    ]
    if not any(each for _, each in sides):
        return f"suite {name}: too few labels in {found.source} for an estimate of the overrides"
    return (
        f"suite {name}: overrides by the proxy and the labels in {found.source} together (PPI++): "
        f"{'; '.join(told)}; table and verdict show the plain proxy"
    )


def _told(found: OverrideEstimate, is_change: bool) -> str:  # noqa: FBT001 -- both are said
    def share(value: float) -> str:
        return numbers.signed(value, "rate") if is_change else numbers.level(value, "rate")

    low, high = found.interval
    return (
        f"{share(found.rate)} ({share(low)} to {share(high)}; {found.labels} labels; the proxy "
        f"alone {share(found.plain)})"
    )
