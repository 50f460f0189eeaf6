"""The default override proxy: how likely is it that a human would change this output?

Uncalibrated: the weights below are a documented guess, monotone in every signal. They rank
outputs; they are not measured probabilities, and every report says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.signals import Signals

# Each weight is the probability that a human acts on this signal alone, at its full strength.
WEIGHTS = {"decision": 0.9, "fields": 0.5, "text": 0.5, "length": 0.2}


class OverrideProxy(Protocol):
    """Gives each output the probability that a human would change or reject it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The signals that it looks at."""
        ...

    def needs(self, name: str) -> bool:
        """Tell whether it has nothing to say of an output where that signal is not known."""
        ...

    @property
    def failure_decides(self) -> bool:
        """Whether an output that failed needs no other signal."""
        ...

    def probability(self, signals: Signals, segment: Mapping[str, str]) -> float | None:
        """Return a number in [0, 1], None if a signal that it needs is not known."""
        ...


@dataclass(frozen=True, slots=True)
class DefaultProxy:
    """Combines the signals by noisy-or: a human changes the output if any signal makes them.

    Source:
        Pearl (1988), Probabilistic Reasoning in Intelligent Systems, section 4.3.2.
    """

    names: tuple[str, ...] = ("failure", *WEIGHTS)
    failure_decides: bool = True

    def needs(self, name: str) -> bool:
        """Tell whether it looks at that signal."""
        return name in self.names

    def probability(self, signals: Signals, segment: Mapping[str, str]) -> float:
        """Return 1 for an output that failed, otherwise 1 - product(1 - weight x signal)."""
        del segment
        if signals.get("failure"):
            return 1.0
        kept = 1.0
        for name, weight in WEIGHTS.items():
            kept *= 1 - weight * signals.get(name, 0.0)
        return 1 - kept


DEFAULT = DefaultProxy()
