"""Outputs as the page shows them: as `safe_text` has it, and quick where nothing is to hide."""

from __future__ import annotations

from gate.reports.safe_text import LONGEST, visible, visible_lines

_LINE_END = "\u2424"  # a sign that is visible, and stands for a newline on the way


def lines(text: str, *, longest: int = LONGEST) -> str:
    """As `visible_lines`, in one text; outputs by the ten thousand come through here."""
    cut = text[:longest].replace("\r\n", "\n")
    if _LINE_END in cut:
        return "\n".join(visible_lines(text, longest=longest))
    if not _is_plain(cut.replace("\n", " ")):
        cut = visible(cut.replace("\n", _LINE_END)).replace(_LINE_END, "\n")
    left = len(text) - longest
    return f"{cut}\n… ({left} characters more)" if left > 0 else cut


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "::" not in text and "##[" not in text
