"""What differs between an old and a new output, as lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json
from gate.core.word_diff import word_diff
from gate.reports.safe_text import break_commands, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.core.report import FieldChange
    from gate.core.word_diff import Piece

_MUCH = 1000  # characters that are left out
_LEAST = 20  # characters of a value, however long its name is
_WINDOW = 4  # times what a line shows: so much of two texts is told apart
_AROUND = 40  # characters that are kept on each side of a change


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How words that went and words that came are marked."""

    gone: Callable[[str], str]
    come: Callable[[str], str]


PLAIN = Marks(gone=lambda text: f"[-{text}-]", come=lambda text: f"{{+{text}+}}")


def diff_lines(
    diff: Sequence[FieldChange], *, longest: int, most: int, marks: Marks = PLAIN
) -> list[str]:
    """Return two lines a field, `-` what it was and `+` what it is, with the changed words marked.

    Args:
        diff: What differs.
        longest: Characters of one line, about; what stayed is left out before what changed is.
        most: Fields that are shown.
        marks: Around words, where only some of a text changed.
    """
    lines = []
    for each in diff[:most]:
        old, new = as_text(each.old), as_text(each.new)
        name = f"{visible(each.path, longest=80)}: " if each.path else ""
        room = max(_LEAST, longest - len(name))
        lines += [
            # Where a word went, its neighbours touch: what was broken in each could be whole again.
            break_commands(f"{sign} {name}{line}")
            for sign, line in zip("-+", _sides(old, new, room, marks), strict=True)
        ]
    if len(diff) > most:
        lines.append(f"  … {len(diff) - most} more fields differ")
    return lines


def as_text(value: Any) -> str:
    """Write a value of a field: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else canonical_json(value)


def _sides(old: str, new: str, longest: int, marks: Marks) -> tuple[str, str]:
    pieces = _pieces(old, new, _WINDOW * longest)
    if not any(piece.is_same and piece.old.strip() for piece in pieces):
        # Nothing stayed, so marks would say nothing.
        return _cut(old, longest), _cut(new, longest)
    shown = [_elided(piece, place, len(pieces)) for place, piece in enumerate(pieces)]
    return (
        _side([(each.old, each.is_same) for each in pieces], shown, longest, marks.gone),
        _side([(each.new, each.is_same) for each in pieces], shown, longest, marks.come),
    )


def _pieces(old: str, new: str, window: int) -> tuple[Piece, ...]:
    """Tell the texts apart from their first difference on, as far as a line could show."""
    start = max(0, _shared(old, new) - 2 * _AROUND)
    before, after = old[start : start + window], new[start : start + window]
    pieces = word_diff(before, after)
    if max(len(old), len(new)) <= start + window:
        return pieces
    # Where windows end, texts that go on alike seem to differ.
    long = [place for place, each in enumerate(pieces) if each.is_same and len(each.old) > _AROUND]
    return pieces[: long[-1] + 1] if long and long[-1] else pieces


def _shared(old: str, new: str) -> int:
    """Return how many characters both texts begin with."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if old[:middle] == new[:middle] else (low, middle - 1)
    return low


def _cut(text: str, longest: int) -> str:
    """Cut a text that is too long; how much is left out is said where that is much."""
    if len(text) - longest > _MUCH:
        return visible(text, longest=longest)
    shown = visible(text[:longest], longest=longest)
    return shown if len(text) <= longest else f"{shown}…"


def _elided(piece: Piece, place: int, count: int) -> str:
    """Shorten what stayed to what stands next to a change."""
    text = piece.old
    head = "" if place == 0 else text[:_AROUND]
    tail = "" if place == count - 1 else text[-_AROUND:]
    return text if len(text) <= len(head) + len(tail) + 1 else f"{head}…{tail}"


def _side(
    texts: list[tuple[str, bool]], shown: list[str], longest: int, mark: Callable[[str], str]
) -> str:
    line, left = "", longest
    for (text, is_same), short in zip(texts, shown, strict=True):
        part = short if is_same else text
        if left <= 0:
            return line if line.endswith("…") else f"{line}…"
        safe = _cut(part, left)
        line += safe if is_same or not part else mark(safe)
        left -= len(part)
    return line
