"""What all connections of the busy vendor share."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from .messages import fault_messages

if TYPE_CHECKING:
    from .faults import Faults


class Vendor:
    """How requests are treated, and what was seen."""

    def __init__(self, *, latency_ms: float, faults: Faults, retry_after: str | None) -> None:
        self.latency_s = latency_ms / 1000
        self.messages = fault_messages(retry_after)
        self._faults = faults
        self.at_once = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was seen, and begin anew with the faults."""
        self._faults.restart()
        self.requests = self.answered = self.abandoned = 0
        self.most_at_once = self.at_once
        self.by_fault: Counter[str] = Counter()
        self.bodies: dict[int, int] = {}  # complete answers, by the hash of the request's body
        self.held_s = 0.0  # from the last byte of a request to its answer, over all answers
        self._began, self._began_cpu = time.time(), time.process_time()

    def begin(self, body: bytes) -> str:
        """Count a request and return its fault."""
        self.requests += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.bodies.setdefault(hash(body), 0)
        kind = self._faults.take()
        if kind:
            self.by_fault[kind] += 1
        return kind

    def answer(self, body: bytes, began: float) -> None:
        """Count a complete answer."""
        self.answered += 1
        self.bodies[hash(body)] = self.bodies.get(hash(body), 0) + 1
        self.held_s += time.perf_counter() - began

    def stats(self) -> dict[str, Any]:
        """Return what was seen since the start or the last reset."""
        return {
            "requests": self.requests,
            "answered": self.answered,  # complete and right; `wrong_type` is among them
            "abandoned": self.abandoned,  # the client went away before its answer was written
            "by_fault": dict(self.by_fault),
            "most_at_once": self.most_at_once,
            "distinct": len(self.bodies),
            "paid_twice": sum(times - 1 for times in self.bodies.values() if times > 1),
            "held_ms": 1000 * self.held_s / max(1, self.answered),
            "seconds": time.time() - self._began,
            "cpu_s": time.process_time() - self._began_cpu,
        }
