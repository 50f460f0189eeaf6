"""How many calls a vendor bears: additive increase, multiplicative decrease."""

from __future__ import annotations

from statistics import median

_WINDOW = 8  # outcomes that are looked at together, at least
_CROWDED = 0.5  # share turned away from which on the limit does not grow
_SLOW = 3.0  # times the usual latency: it has collapsed
_HELPED = 0.8  # times the collapsed latency: fewer calls made it better
_EASE = 0.7  # factor on the limit when latency has collapsed
_DRIFT = 0.1  # share by which a usual latency follows a rising one


class Congestion:
    """A limit that follows what becomes of the calls, one window of them after the other.

    Attributes:
        ceiling: Calls at once that are never exceeded, at least 1.
        limit: Calls at once that the vendor bears now, in [1, ceiling].
        is_crowded: Whether half of the last window was turned away.

    A window is as many outcomes as may be under way. The limit falls by half of the share that was
    turned away, so that a vendor that refuses everything halves it and one that refuses one call in
    twenty hardly moves it, and grows by one. Where the median latency of a window is three times
    the usual one, it falls by 30 %; if that does not help, this latency is from then on the usual.

    Source:
        Chiu and Jain (1989), Computer Networks and ISDN Systems 17(1); in proportion to the share
        as in DCTCP, Alizadeh et al. (2010), SIGCOMM.
    """

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.limit = float(ceiling)
        self.is_crowded = False
        self._usual_ms: float | None = None
        self._collapsed_ms: float | None = None  # when the limit was last lowered for it
        self._turned_away = 0
        self._latencies_ms: list[float] = []

    @property
    def usual_s(self) -> float:
        """How long an answer takes, in seconds; a second as long as nothing is known."""
        return 1.0 if self._usual_ms is None else self._usual_ms / 1000

    def answered(self, latency_ms: float) -> None:
        """Note an answer, and how long it took."""
        self._latencies_ms.append(latency_ms)
        self._look()

    def turned_away(self) -> None:
        """Note a call that the vendor refused for being too many, or left without an answer."""
        self._turned_away += 1
        self._look()

    def _look(self) -> None:
        window = max(_WINDOW, int(self.limit))
        seen = self._turned_away + len(self._latencies_ms)
        if seen < window and self._turned_away < _CROWDED * window:
            return
        share = self._turned_away / seen
        self.is_crowded = share >= _CROWDED
        limit = self.limit * (1 - share / 2)
        if self._has_collapsed():
            limit *= _EASE
        elif not self.is_crowded:
            limit += 1
        self.limit = min(float(self.ceiling), max(1.0, limit))
        self._turned_away = 0
        self._latencies_ms = []

    def _has_collapsed(self) -> bool:
        """Tell whether answers take much longer than usual, and fewer calls may help."""
        if len(self._latencies_ms) < _WINDOW // 2:
            return False
        now_ms = median(self._latencies_ms)
        if self._usual_ms is None:
            self._usual_ms = now_ms
        is_slow = now_ms > _SLOW * self._usual_ms
        if is_slow and self._collapsed_ms is not None and now_ms > _HELPED * self._collapsed_ms:
            self._usual_ms = now_ms  # it is not for our calls that it is slow
            is_slow = False
        if is_slow:
            self._collapsed_ms = now_ms
            return True
        self._collapsed_ms = None
        self._usual_ms = min(now_ms, self._usual_ms + _DRIFT * (now_ms - self._usual_ms))
        return False
