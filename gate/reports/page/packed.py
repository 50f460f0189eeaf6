"""Lines of text, compressed as they come, within a bound that holds for any input."""

from __future__ import annotations

import zlib
from base64 import b64encode

RAW = 48_000_000  # bytes of text that a browser unpacks at once
_LEVEL = 2  # a quarter of the time of 6, and 5 % larger
_SLACK = 0.01  # what compression can add to text that does not shrink


class Packed:
    """A growing text, packed; it refuses a line that would not fit."""

    def __init__(self, most: int) -> None:
        """Start empty.

        Args:
            most: Characters that all lines may take in the page.
        """
        self._most = most // 4 * 3 - 64  # base64 writes three bytes as four characters
        self._packer = zlib.compressobj(_LEVEL)
        self._parts: list[bytes] = []
        self._size = 0  # bytes that came out, up to the last flush
        self._waiting = 0  # bytes that went in since then: they come out as no more than these
        self._raw = 0

    def copy(self) -> Packed:
        """Return another one with the same lines, to go on with in another way."""
        other = Packed(0)
        other._most, other._size = self._most, self._size
        other._waiting, other._raw = self._waiting, self._raw
        other._packer, other._parts = self._packer.copy(), [*self._parts]
        return other

    def add(self, line: str) -> bool:
        """Append one line, if it fits for certain."""
        data = line.encode() + b"\n"
        if not self.is_within(1.0, more=len(data)):
            return False
        self._parts.append(self._packer.compress(data))
        self._waiting += len(data)
        self._raw += len(data)
        return True

    def is_within(self, share: float, *, more: int = 0) -> bool:
        """Tell whether this share of the bound is enough for all that is there, and for more."""
        if self._raw + more > share * RAW:
            return False
        if self._largest(more) > share * self._most and self._waiting:
            self._flush()
        return self._largest(more) <= share * self._most

    def text(self) -> str:
        """End the text, and return it as base64: nothing in it is read as a part of the page."""
        self._parts.append(self._packer.flush())
        return b64encode(b"".join(self._parts)).decode()

    def _largest(self, more: int) -> float:
        return self._size + (self._waiting + more) * (1 + _SLACK)

    def _flush(self) -> None:
        self._parts.append(self._packer.flush(zlib.Z_SYNC_FLUSH))
        self._size = sum(map(len, self._parts))
        self._waiting = 0
