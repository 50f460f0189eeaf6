"""From trials to numbers: failure code, override probability and cost of each trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.canonical import canonical_json
from gate.core.checks import failure_code
from gate.core.cost import cost_usd
from gate.core.override import DEFAULT
from gate.core.signals import COMPARED, REFERENCES, Answer, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gate.core.checks import Check
    from gate.core.model import Case, Price, Response, Trial
    from gate.core.override import OverrideProxy
    from gate.core.signals import Signals

    Judged = Callable[[Case, str], float | None]


_CONFIDENCE = ("doubt", "weakest_token")  # in the order of `Response.confidence`
SIDE_BY_SIDE_S = 600.0  # between two calls; old and new of a pair are called in one block


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One trial, judged by itself. A missing trial has no score."""

    failure_code: str | None  # None: usable
    override: float | None  # probability in [0, 1] of a human change; None: nothing to hold it to
    cost_usd: float | None
    tokens: int | None
    latency_ms: float | None  # None: not called side by side with the other side's
    text: str
    lacks_signal: bool = False  # the override proxy needs one that is not known

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
    old_recorded: bool = False  # the old trials come from a baseline
    is_same: bool = False  # old and new ask the same, so that one trial is both


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one suite scores an output."""

    checks: tuple[Check, ...]
    decision: tuple[str, ...] = ()
    detect_refusals: bool = True
    proxy: OverrideProxy = DEFAULT

    @property
    def compares(self) -> bool:
        """Whether the proxy holds an output against others."""
        return not COMPARED.keys().isdisjoint(self.proxy.names)

    @property
    def must_compare(self) -> bool:
        """Whether it has nothing to say of an output where there are none to hold it against."""
        return any(self.proxy.needs(name) for name in COMPARED)

    def owed(self, trials: Iterable[Trial]) -> tuple[str, ...]:
        """Return the signals that every answer of a case owes, since another one has them.

        Where the proxy could do without a signal, a change that took it away from one side would
        otherwise be judged by what answers without it are like.
        """
        names = self.proxy.names
        owed = ["judge"] if "judge" in names else []
        for place, name in enumerate(_CONFIDENCE):
            if name in names and any(
                trial.response is not None and trial.response.confidence[place] is not None
                for trial in trials
            ):
                owed.append(name)
        return tuple(owed)


def score_case(  # noqa: PLR0913 -- each by its name
    case: Case,
    old: Sequence[Trial],
    new: Sequence[Trial],
    *,
    rules: Rules,
    prices: tuple[Price | None, Price | None],
    approved: Sequence[str],
    is_same: bool = False,
    judged: Judged | None = None,
) -> ScoredCase:
    """Score both sides of a case.

    Args:
        case: The case, with the expectation that counts.
        old: Trials of the old prompt, missing ones included.
        new: Trials of the new prompt, missing ones included.
        rules: Checks and decision fields of the suite.
        prices: USD per million tokens of the old and of the new prompt.
        approved: Outputs of the approved baseline; empty: the old side's own trials stand in.
        is_same: Whether both sides ask the same.
        judged: Gives a judge's word on an output; None: there is no judge.
    """
    references, held_out = references_of(case, old, approved) if rules.compares else ((), ())
    if references is None and not rules.must_compare:
        references, held_out = (), ()
    owed = rules.owed((*old, *new))
    side_by_side = _side_by_side(old, new)

    def side(
        trials: Sequence[Trial], price: Price | None, unjudged: Sequence[Trial]
    ) -> tuple[Score, ...]:
        return tuple(
            _score(
                trial.response,
                case,
                rules,
                price,
                None if any(trial is each for each in unjudged) else references,
                is_timed=trial.repeat in side_by_side,
                judged=judged,
                owed=owed,
            )
            for trial in trials
            if trial.response is not None
        )

    nothing_to_compare = references is None
    return ScoredCase(
        case=case,
        old=side(old, prices[0], old if nothing_to_compare else held_out),
        new=side(new, prices[1], new if nothing_to_compare else ()),
        old_missing=sum(trial.response is None for trial in old),
        new_missing=sum(trial.response is None for trial in new),
        old_recorded=any(trial.source == "baseline" for trial in old),
        is_same=is_same,
    )


def _side_by_side(old: Sequence[Trial], new: Sequence[Trial]) -> set[int]:
    """Repeats whose two sides were called at about the same time, so that latencies compare.

    By the start of the calls: a slow answer is not left out for being slow. The time is recorded
    with the answer, so that a second run compares what the first one did.
    """
    then = {trial.repeat: _called_at(trial.response) for trial in old if trial.response}
    return {
        trial.repeat
        for trial in new
        if trial.response
        and trial.response.received_at
        and abs(_called_at(trial.response) - then.get(trial.repeat, 0.0)) <= SIDE_BY_SIDE_S
    }


def _called_at(response: Response) -> float:
    return response.received_at - response.latency_ms / 1000


def references_of(
    case: Case, old: Sequence[Trial], approved: Sequence[str]
) -> tuple[Sequence[str] | None, Sequence[Trial]]:
    """Choose what the outputs of a case are held against, and who may not be judged by it.

    Old and new must be held against the same outputs, none of which is itself on trial:
    otherwise old resembles its references more than new does even if nothing changed. So where
    no output is approved but the old side's own, its first trials are set apart as references.

    Returns:
        The references, None if there are none; the old trials that were set apart.
    """
    if case.expected is not None:
        return (), ()
    answered = [trial for trial in old if trial.response is not None]
    if approved and not any(trial.source == "baseline" for trial in answered):
        return approved[:REFERENCES], ()
    held_out = answered[: min(REFERENCES, len(answered) // 2)]
    texts = [trial.response.text for trial in held_out if trial.response is not None]
    return (texts or None), held_out


def reference_of(case: Case, old: Sequence[Trial], approved: Sequence[str]) -> str | None:
    """Return the approved output that a judge that compares holds others against."""
    if case.expected is not None:
        return case.expected if isinstance(case.expected, str) else canonical_json(case.expected)
    references, _ = references_of(case, old, approved)
    return references[0] if references else None


def _score(  # noqa: PLR0913 -- each by its name
    response: Response,
    case: Case,
    rules: Rules,
    price: Price | None,
    references: Sequence[str] | None,
    *,
    is_timed: bool,
    judged: Judged | None,
    owed: Sequence[str],
) -> Score:
    code = failure_code(response, case, rules.checks, detect_refusals=rules.detect_refusals)
    override = None
    if references is not None:
        signals = _signals(response, case, rules, references, code is not None, judged)
        if all(name in signals for name in owed):
            override = rules.proxy.probability(signals, case.segment)
    return Score(
        failure_code=code,
        override=override,
        cost_usd=cost_usd(response, price),
        tokens=_tokens(response),
        latency_ms=response.latency_ms if is_timed else None,
        text=response.text,
        lacks_signal=references is not None and override is None,
    )


def _signals(
    response: Response,
    case: Case,
    rules: Rules,
    references: Sequence[str],
    failed: bool,  # noqa: FBT001 -- all of them are given
    judged: Judged | None,
) -> Signals:
    """Measure the signals of one answer that the rules' proxy looks at."""
    proxy = rules.proxy
    mean_logprob, min_logprob = response.confidence
    answer = Answer(
        text=response.text,
        failed=failed,
        mean_logprob=mean_logprob,
        min_logprob=min_logprob,
        judged=judged(case, response.text) if judged else None,
    )
    return measure(
        answer,
        expected=case.expected,
        references=references,
        decision=rules.decision,
        names=("failure",) if failed and proxy.failure_decides else proxy.names,
    )


def _tokens(response: Response) -> int | None:
    if response.input_tokens is None or response.output_tokens is None:
        return None
    return response.input_tokens + response.output_tokens
