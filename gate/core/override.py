"""The default override proxy: how likely is it that a human would change this output?

Uncalibrated: the weights below are a documented guess, monotone in every signal. They rank
outputs; they are not measured probabilities, and every report says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json
from gate.core.output import parse_json
from gate.core.paths import ABSENT, value_at

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each weight is the probability that a human acts on this signal alone, at its full strength.
WEIGHTS = {"decision": 0.9, "fields": 0.5, "text": 0.5, "length": 0.2}
REFERENCES = 3  # approved outputs that one output is held against; more changes the mean little


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What sets an output apart from what was approved, each in [0, 1]."""

    failed: bool
    decision: float = 0.0
    fields: float = 0.0
    text: float = 0.0
    length: float = 0.0


def override_probability(signals: Signals) -> float:
    """Combine the signals by noisy-or: a human changes the output if any signal makes them.

    Returns:
        1 for an output that failed, otherwise 1 - product(1 - weight x signal).

    Source:
        Pearl (1988), Probabilistic Reasoning in Intelligent Systems, section 4.3.2.
    """
    if signals.failed:
        return 1.0
    kept = 1.0
    for name, weight in WEIGHTS.items():
        kept *= 1 - weight * getattr(signals, name)
    return 1 - kept


def signals_of(
    text: str,
    *,
    failed: bool,
    expected: Any,
    references: Sequence[str],
    decision: Sequence[str],
) -> Signals:
    """Measure one output against the expectation, or else against approved outputs.

    Args:
        text: The output.
        failed: Whether a check failed.
        expected: The case's expectation, None if there is none.
        references: Approved outputs of this case, none of which is itself on trial.
        decision: Dotted paths of the fields that a reviewer acts on.
    """
    if failed:
        return Signals(failed=True)
    if expected is not None:
        return _against(text, expected, tuple(decision), partial=True)
    pairs = [
        _against_text(text, reference, tuple(decision)) for reference in references[:REFERENCES]
    ]
    if not pairs:
        return Signals(failed=False)

    def mean(name: str) -> float:
        return float(sum(getattr(pair, name) for pair in pairs) / len(pairs))

    return Signals(
        failed=False,
        decision=mean("decision"),
        fields=mean("fields"),
        text=mean("text"),
        length=mean("length"),
    )


@lru_cache(maxsize=65536)
def _against_text(text: str, reference: str, decision: tuple[str, ...]) -> Signals:
    if text == reference:
        return Signals(failed=False)
    parsed = parse_json(reference)
    wanted = parsed if isinstance(parsed, dict) else reference
    return _against(text, wanted, decision, partial=False)


def _against(text: str, wanted: Any, decision: tuple[str, ...], *, partial: bool) -> Signals:
    found = parse_json(text)
    if isinstance(wanted, dict) and isinstance(found, dict):
        known = [path for path in decision if value_at(wanted, path) is not ABSENT]
        changed = any(value_at(found, path) != value_at(wanted, path) for path in known)
        others = [key for key in wanted if key not in known]
        if not partial:
            others += [key for key in found if key not in wanted and key not in known]
        return Signals(
            failed=False,
            decision=float(changed),
            fields=_distance(
                {key: wanted[key] for key in others if key in wanted},
                {key: found[key] for key in others if key in found},
            ),
        )
    if isinstance(wanted, dict):
        return Signals(failed=False, decision=1.0)
    if not isinstance(wanted, str):  # a list, a number or a truth value: as JSON writes it
        wanted = canonical_json(wanted)
        text = text if found is ABSENT else canonical_json(found)
    return _text_signals(text, wanted)


def _distance(wanted: dict[str, Any], found: dict[str, Any]) -> float:
    if wanted == found:
        return 0.0
    from deepdiff import DeepDiff

    diff = DeepDiff(wanted, found, get_deep_distance=True)
    return min(1.0, float(diff.get("deep_distance", 0.0)))


def _text_signals(text: str, wanted: str) -> Signals:
    from rapidfuzz.distance import Indel

    ratio = (len(text) + 1) / (len(wanted) + 1)
    return Signals(
        failed=False,
        text=Indel.normalized_distance(text, wanted),
        length=min(1.0, abs(math.log(ratio)) / math.log(4)),
    )
