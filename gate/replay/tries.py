"""How often one call is tried, and how long it pauses before it is tried again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from gate.errors import ProviderFault

TRIES = 8  # of one call, the first included
THROTTLED = 12  # where the vendor asks for patience each time
TIMEOUTS = 3
FIRST_TRIES = 4  # while nothing was answered in this run yet: the vendor may not be there at all
FIRST_TIMEOUTS = 2
_BACKOFF_S = 0.25  # the first pause; it doubles
_LONGEST_BACKOFF_S = 20.0
LONGEST_S = 60.0  # pause that is ever slept, whatever the vendor asks for


class Tries:
    """What one call has been through."""

    def __init__(self) -> None:
        self.faults = 0
        self._by_code: Counter[str] = Counter()

    def note(self, fault: ProviderFault) -> None:
        """Note that an attempt failed."""
        self.faults += 1
        self._by_code[fault.code] += 1

    def are_left(self, fault: ProviderFault, *, is_answering: bool) -> bool:
        """Tell whether the call may be tried again.

        Args:
            fault: How it ended this time.
            is_answering: Whether the vendor answered any call of this run.
        """
        timeouts, throttled = self._by_code["timeout"], self._by_code["throttled"]
        if not fault.retryable:
            return False
        if not is_answering:
            return self.faults < FIRST_TRIES and timeouts < FIRST_TIMEOUTS
        return self.faults - throttled < TRIES and throttled < THROTTLED and timeouts < TIMEOUTS

    def pause_s(self, fault: ProviderFault, jitter: Random) -> float:
        """Return the pause before the next try.

        As long as the vendor asks, within bounds; otherwise exponential, with jitter. A time-out
        has waited already.
        """
        asked_s = asked_pause_s(fault)
        if asked_s is not None:
            return asked_s
        if fault.code == "timeout":
            return 0.0
        backoff_s = min(_LONGEST_BACKOFF_S, _BACKOFF_S * 2.0 ** (self.faults - 1))
        return backoff_s * jitter.uniform(0.5, 1.0)


def asked_pause_s(fault: ProviderFault) -> float | None:
    """Return how long the vendor asks to be left alone, within bounds; None if it does not."""
    return None if fault.retry_after_s is None else min(fault.retry_after_s, LONGEST_S)
