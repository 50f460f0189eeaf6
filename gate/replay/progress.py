"""Progress on standard error: one line that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

_TERMINAL_S = 0.2  # between two updates
_PLAIN_S = 15.0


class Progress:
    """Tells how far a replay is."""

    def __init__(self, stream: TextIO | None, *, clock: Callable[[], float]) -> None:
        """Say nothing at all where there is no stream."""
        self._stream = stream
        self._clock = clock
        self._terminal = stream is not None and stream.isatty()
        self._label, self._total, self._started, self._shown = "", 0, 0.0, 0.0

    def start(self, label: str, total: int) -> None:
        """Announce a replay of `total` calls."""
        self._label, self._total = label, total
        self._started = self._shown = self._clock()
        if self._stream and not self._terminal:
            self._stream.write(f"{label}: {total} calls\n")
            self._stream.flush()

    def update(self, done: int, cost_usd: float, *, retries: int = 0, missing: int = 0) -> None:
        """Show calls done, rate, time left, money spent, and what goes wrong."""
        now = self._clock()
        pause = _TERMINAL_S if self._terminal else _PLAIN_S
        if not self._stream or (now - self._shown < pause and done < self._total):
            return
        self._shown = now
        seconds = max(1e-9, now - self._started)
        left = (self._total - done) * seconds / max(1, done)
        line = (
            f"{self._label}: {done}/{self._total} calls, {done / seconds:.1f}/s, {left:.0f} s left"
        )
        line += f", {retries} retries" if retries else ""
        line += f", {missing} missing" if missing else ""
        if cost_usd:
            line += f", {cost_usd:.4f} USD"
        self._stream.write(f"\r\x1b[2K{line}" if self._terminal else f"{line}\n")
        self._stream.flush()

    def finish(self) -> None:
        """Clear the moving line."""
        if self._stream and self._terminal:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
