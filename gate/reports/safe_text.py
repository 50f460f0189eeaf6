"""Model output is hostile text. This is the one renderer that every report shows it through.

`visible` and `visible_lines` leave nothing that acts in a terminal or a log and nothing that
hides. The others put such a text where a format would otherwise read it as its own.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate, takewhile

LONGEST = 2000  # characters of one shown text
NAME = 200  # characters of a name
_SWELL = 3  # times as long it may become by codes; more is cut
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
# Letters and marks by their category, and yet nothing to see.
_BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_BLANK |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10)}
_LINES = {0x2028, 0x2029}
_TAGS = range(0xE0000, 0xE1000)  # tags, variation selectors, and what may yet be assigned
_BACKTICKS = re.compile("`+")


def visible(text: str, *, longest: int = LONGEST) -> str:
    r"""Return a text in which nothing acts and nothing hides.

    Control characters (terminal escapes among them), bidi controls, tag characters and other
    invisible ones are written as `\x1b` or `\u202e`; newline becomes `\n`. A text that is too
    long is cut, and says so.
    """
    cut = text[:longest]
    if cut.isascii() and cut.isprintable():  # most are
        return _told_cut(break_commands(cut), len(text) - len(cut))
    # A text has few kinds of characters, so each kind is looked up once.
    hidden = {ord(char): code for char in set(cut) if (code := _shown(char)) != char}
    shown = cut.translate(hidden) if hidden else cut
    if len(shown) > _SWELL * longest:
        cut = _fitting(cut, _SWELL * longest)
        shown = cut.translate(hidden)
    return _told_cut(break_commands(shown), len(text) - len(cut))


def _told_cut(shown: str, left: int) -> str:
    return f"{shown}… ({left} characters more)" if left else shown


def visible_name(text: str) -> str:
    """As `visible`, for a name of a suite, a case, a segment or a code."""
    return visible(text, longest=NAME)


def _fitting(text: str, most: int) -> str:
    """Return the beginning of a text that is no longer than that when it is shown."""
    lengths = accumulate(len(_shown(char)) for char in text)
    return text[: sum(1 for _ in takewhile(lambda length: length <= most, lengths))]


def has_hidden(text: str) -> bool:
    """Tell whether a text has characters that are shown as their codes."""
    return any(_shown(char) != char for char in set(text))


def break_commands(text: str) -> str:
    """Break workflow commands: the second colon, or the first hash, is written as its code."""
    return text.replace("::", ":\\x3a").replace("##[", "\\x23#[")


@lru_cache(maxsize=4096)
def _shown(char: str) -> str:
    code = ord(char)
    if char == "\n":
        return "\\n"
    if char == "\t":
        return "\\t"
    hidden = (
        code in _BIDI
        or code in _BLANK
        or code in _LINES
        or code in _TAGS
        or code & 0xFFFE == 0xFFFE  # noqa: PLR2004 -- no character, and XML may not hold it
        or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"}
    )
    if not hidden:
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


def code_span(text: str, *, longest: int = NAME) -> str:
    r"""Return a text as code in a line or a table cell of markdown.

    What would end the span or the cell is written as its code, since parsers differ on how a `|`
    behind a backslash is read.
    """
    shown = visible(text, longest=longest).replace("`", "\\x60").replace("|", "\\x7c")
    if len(shown) > _SWELL * longest:
        shown = f"{shown[: _SWELL * longest]}…"
    # Spaces at both ends would be taken away, and a span of nothing is none.
    return f"`{shown}`" if shown.strip(" ") == shown and shown else f"` {shown} `"


def fenced(lines: list[str], *, language: str = "text") -> list[str]:
    """Return visible lines as a block of code of markdown, whose fence none of them can close."""
    longest = max((len(run) for line in lines for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *lines, fence]


def command_value(text: str) -> str:
    """Return a text as the value of a workflow command of GitHub, which ends with the line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Return a text as a property of a workflow command, which ends with a comma or a colon."""
    return command_value(text).replace(":", "%3A").replace(",", "%2C")
