"""Model output is hostile text. This is the one renderer that every report shows it through."""

from __future__ import annotations

import unicodedata

LONGEST = 2000  # characters of one shown text
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
# Letters and marks by their category, and yet nothing to see.
_BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_BLANK |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10)}
_TAGS = range(0xE0000, 0xE1000)  # tags, variation selectors, and what may yet be assigned


def visible(text: str, *, longest: int = LONGEST) -> str:
    r"""Return a text in which nothing acts and nothing hides.

    Control characters (terminal escapes among them), bidi controls, tag characters and other
    invisible ones are written as `\x1b` or `\u202e`; newline becomes `\n`. A text that is too
    long is cut, and says so.
    """
    cut = text[:longest]
    shown = "".join(_shown(char) for char in cut)
    # Workflow commands: the second colon, or the first hash, is written as its code.
    shown = shown.replace("::", ":\\x3a").replace("##[", "\\x23#[")
    left = len(text) - len(cut)
    return f"{shown}… ({left} characters more)" if left else shown


def _shown(char: str) -> str:
    code = ord(char)
    if char == "\n":
        return "\\n"
    if char == "\t":
        return "\\t"
    hidden = (
        code in _BIDI
        or code in _BLANK
        or code in _TAGS
        or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"}
    )
    if not hidden and char not in {"\u2028", "\u2029"}:
        return char
    if code < 0x100:  # noqa: PLR2004 -- one byte
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 -- the BMP


def visible_lines(text: str, *, longest: int = LONGEST) -> list[str]:
    """As `visible`, keeping the lines of the text."""
    cut = text[:longest]
    lines = [visible(line) for line in cut.replace("\r\n", "\n").split("\n")]
    if len(text) > longest:
        lines.append(f"… ({len(text) - longest} characters more)")
    return lines
