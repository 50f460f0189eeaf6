"""Signals: what may make a reviewer change an output. A registry of small pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json
from gate.core.output import parse_json
from gate.core.paths import ABSENT, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

# By name, each in [0, 1]; the more, the likelier an override. A signal that is absent is not known.
Signals = Mapping[str, float]

REFERENCES = 3  # approved outputs that one output is held against; more changes the mean little
_LONGEST = 100_000  # characters; `size` tells no longer ones apart
_ROUNDING = 1e-6  # the logarithm of a probability of 1 may lie so far above 0
_RATIO = 4  # an output so many times as long, or as short, as wanted has all of `length`


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One output with what else is known of it."""

    text: str
    failed: bool  # by a check, or by what the model did
    mean_logprob: float | None = None  # of its tokens, natural logarithms
    min_logprob: float | None = None
    judged: float | None = None  # a judge's answer: 0 keeps the output, 1 rejects it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """An output and what it is held against: an object, a text, or another JSON value."""

    text: str
    found: Any  # the output as JSON; ABSENT: it is none
    wanted: Any
    decision: tuple[str, ...]  # dotted paths of the fields that a reviewer acts on
    partial: bool  # the output may have fields that nobody expects

    @property
    def known(self) -> list[str]:
        """The fields of the decision that the wanted value has."""
        return [path for path in self.decision if value_at(self.wanted, path) is not ABSENT]


def _decision(pair: _Pair) -> float:
    """A field that reviewers act on is another one, or the output has no fields at all."""
    if not isinstance(pair.wanted, dict):
        return 0.0
    if not isinstance(pair.found, dict):
        return 1.0
    return float(
        any(value_at(pair.found, path) != value_at(pair.wanted, path) for path in pair.known)
    )


def _fields(pair: _Pair) -> float:
    """Tell how far the other fields are from the wanted ones; DeepDiff's deep distance."""
    wanted, found = pair.wanted, pair.found
    if not (isinstance(wanted, dict) and isinstance(found, dict)):
        return 0.0
    known = pair.known
    names = [key for key in wanted if key not in known]
    if not pair.partial:
        names += [key for key in found if key not in wanted and key not in known]
    before = {key: wanted[key] for key in names if key in wanted}
    after = {key: found[key] for key in names if key in found}
    if before == after:
        return 0.0
    from deepdiff import DeepDiff

    diff = DeepDiff(before, after, get_deep_distance=True)
    return min(1.0, float(diff.get("deep_distance", 0.0)))


def _as_texts(pair: _Pair) -> tuple[str, str] | None:
    """Return both sides as texts, None where fields are compared instead."""
    if isinstance(pair.wanted, dict):
        return None
    if isinstance(pair.wanted, str):
        return pair.text, pair.wanted
    text = pair.text if pair.found is ABSENT else canonical_json(pair.found)
    return text, canonical_json(pair.wanted)


def _text(pair: _Pair) -> float:
    """Return the share of characters that were removed and added; RapidFuzz's Indel distance."""
    texts = _as_texts(pair)
    if texts is None:
        return 0.0
    from rapidfuzz.distance import Indel

    return Indel.normalized_distance(*texts)


def _length(pair: _Pair) -> float:
    """Longer or shorter than wanted, on a logarithmic scale."""
    texts = _as_texts(pair)
    if texts is None:
        return 0.0
    ratio = (len(texts[0]) + 1) / (len(texts[1]) + 1)
    return min(1.0, abs(math.log(ratio)) / math.log(_RATIO))


def _size(answer: Answer) -> float:
    """Tell how long the output is, on a logarithmic scale."""
    return min(1.0, math.log1p(len(answer.text)) / math.log1p(_LONGEST))


def _unlikely(logprob: float | None) -> float | None:
    """Return 1 less a probability, None where it is not known or none at all."""
    if logprob is None or not logprob <= _ROUNDING:
        return None
    return 1.0 - math.exp(min(0.0, logprob))


COMPARED: dict[str, Callable[[_Pair], float]] = {
    "decision": _decision,
    "fields": _fields,
    "text": _text,
    "length": _length,
}
OF_THE_ANSWER: dict[str, Callable[[Answer], float | None]] = {
    "failure": lambda answer: float(answer.failed),
    "size": _size,
    "doubt": lambda answer: _unlikely(answer.mean_logprob),
    "weakest_token": lambda answer: _unlikely(answer.min_logprob),
    "judge": lambda answer: answer.judged,
}
NAMES = (*COMPARED, *OF_THE_ANSWER)


def measure(
    answer: Answer,
    *,
    expected: Any,
    references: Sequence[str],
    decision: Sequence[str],
    names: Collection[str] = NAMES,
) -> Signals:
    """Measure signals of one output.

    Args:
        answer: The output.
        expected: The case's expectation, None if there is none.
        references: Approved outputs of this case, none of which is itself on trial. They count
            where there is no expectation, the first three; without either, nothing is compared.
        decision: Dotted paths of the fields that a reviewer acts on.
        names: Of the signals that are wanted.
    """
    compared = tuple(name for name in COMPARED if name in names)
    signals: dict[str, float] = {}
    if compared and expected is not None:
        pair = _Pair(
            text=answer.text, found=parse_json(answer.text), wanted=expected,
            decision=tuple(decision), partial=True,
        )  # fmt: skip
        signals = {name: COMPARED[name](pair) for name in compared}
    elif compared and references:
        pairs = [
            _against_text(answer.text, reference, tuple(decision), compared)
            for reference in references[:REFERENCES]
        ]
        means = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
        signals = dict(zip(compared, means, strict=True))
    for name, signal in OF_THE_ANSWER.items():
        if name in names and (value := signal(answer)) is not None:
            signals[name] = value
    return signals


@lru_cache(maxsize=65536)
def _against_text(
    text: str, reference: str, decision: tuple[str, ...], names: tuple[str, ...]
) -> tuple[float, ...]:
    """Compare with an approved output; outputs repeat, and with them their comparisons."""
    if text == reference:
        return (0.0,) * len(names)
    wanted = parse_json(reference)
    pair = _Pair(
        text=text, found=parse_json(text),
        wanted=wanted if isinstance(wanted, dict) else reference,
        decision=decision, partial=False,
    )  # fmt: skip
    return tuple(COMPARED[name](pair) for name in names)
