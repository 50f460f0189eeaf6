"""Colours of a terminal, where it has any."""

from __future__ import annotations

from dataclasses import dataclass

from gate.core.report import Verdict
from gate.reports.diff_lines import PLAIN, Marks

_CODES = {
    Verdict.FAIL: "31",
    Verdict.PASS: "32",
    Verdict.INCONCLUSIVE: "33",
    Verdict.INCOMPLETE: "35",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """Colours text, or leaves it as it is."""

    is_coloured: bool

    def verdict(self, text: str, verdict: Verdict, *, is_bold: bool = False) -> str:
        """Colour a text as its verdict is."""
        return self._with(f"1;{_CODES[verdict]}" if is_bold else _CODES[verdict], text)

    def dim(self, text: str) -> str:
        """Show what matters less."""
        return self._with("2", text)

    def line(self, text: str) -> str:
        """Colour a line of a diff by its first character."""
        kind = text.lstrip()[:2]
        return self._with({"- ": "31", "+ ": "32"}.get(kind, "2"), text)

    @property
    def marks(self) -> Marks:
        """How changed words are marked within such a line."""
        if not self.is_coloured:
            return PLAIN
        # Reversed, and back: the line's own colour goes on behind the word.
        return Marks(gone=_reversed, come=_reversed)

    def _with(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_coloured and text else text


def _reversed(text: str) -> str:
    return f"\x1b[7m{text}\x1b[27m"
