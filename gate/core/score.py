"""From trials to numbers: failure code, override probability and cost of each trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.checks import failure_code
from gate.core.override import override_probability, signals_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.checks import Check
    from gate.core.model import Case, Price, Response, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One trial, judged by itself. A missing trial has no score."""

    failure_code: str | None  # None: usable
    override: float  # probability in [0, 1] that a human would change the output
    cost_usd: float | None
    tokens: int | None
    latency_ms: float | None  # None: not called in this run, so not comparable
    text: str

    @property
    def failed(self) -> bool:
        """Whether the output is unusable."""
        return self.failure_code is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredCase:
    """One case with the scores of both sides, and how many trials of each are missing."""

    case: Case
    old: tuple[Score, ...]
    new: tuple[Score, ...]
    old_missing: int = 0
    new_missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one suite scores an output."""

    checks: tuple[Check, ...]
    decision: tuple[str, ...] = ()
    detect_refusals: bool = True


def score_case(
    case: Case,
    old: Sequence[Trial],
    new: Sequence[Trial],
    *,
    rules: Rules,
    prices: tuple[Price | None, Price | None],
    approved: Sequence[str],
) -> ScoredCase:
    """Score both sides of a case.

    Args:
        case: The case, with the expectation that counts.
        old: Trials of the old prompt, missing ones included.
        new: Trials of the new prompt, missing ones included.
        rules: Checks and decision fields of the suite.
        prices: USD per million tokens of the old and of the new prompt.
        approved: Outputs of the approved baseline; empty: the old side's own trials stand in.
    """
    own = [trial.response.text for trial in old if trial.response]
    references = list(approved) or own

    def side(trials: Sequence[Trial], price: Price | None, *, is_old: bool) -> tuple[Score, ...]:
        scores = []
        for trial in trials:
            if trial.response is None:
                continue
            text = trial.response.text
            others = _without_one(references, text) if is_old else references
            scores.append(_score(trial, trial.response, case, rules, price, others))
        return tuple(scores)

    return ScoredCase(
        case=case,
        old=side(old, prices[0], is_old=True),
        new=side(new, prices[1], is_old=False),
        old_missing=sum(trial.response is None for trial in old),
        new_missing=sum(trial.response is None for trial in new),
    )


def _without_one(texts: Sequence[str], text: str) -> list[str]:
    """Leave one equal text out: a trial must not vouch for itself."""
    others = list(texts)
    if text in others:
        others.remove(text)
    return others


def _score(
    trial: Trial,
    response: Response,
    case: Case,
    rules: Rules,
    price: Price | None,
    references: Sequence[str],
) -> Score:
    code = failure_code(response, case, rules.checks, detect_refusals=rules.detect_refusals)
    signals = signals_of(
        response.text,
        failed=code is not None,
        expected=case.expected,
        references=references,
        decision=rules.decision,
    )
    return Score(
        failure_code=code,
        override=override_probability(signals),
        cost_usd=cost_usd(response, price),
        tokens=_tokens(response),
        latency_ms=response.latency_ms if trial.source == "live" else None,
        text=response.text,
    )


def _tokens(response: Response) -> int | None:
    if response.input_tokens is None or response.output_tokens is None:
        return None
    return response.input_tokens + response.output_tokens


def cost_usd(response: Response, price: Price | None) -> float | None:
    """Return what one answer cost, or None where neither price nor bill is known."""
    if response.cost_usd is not None:
        return response.cost_usd
    if price is None or response.input_tokens is None or response.output_tokens is None:
        return None
    return (response.input_tokens * price.input + response.output_tokens * price.output) / 1_000_000
