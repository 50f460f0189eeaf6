"""Which words of a text were changed into which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

LONGEST = 20_000  # characters of each text that are told apart by words
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the old text, and what stands in its place in the new one."""

    old: str
    new: str

    @property
    def is_same(self) -> bool:
        """Whether nothing changed here."""
        return self.old == self.new


def word_diff(old: str, new: str) -> tuple[Piece, ...]:
    """Tell two texts apart, word by word.

    Returns:
        Pieces whose old sides make the old text and whose new sides make the new one; of two
        neighbours one is changed. Texts that are too long are one piece.

    Source:
        A longest common subsequence of words, by RapidFuzz.
    """
    if len(old) > LONGEST or len(new) > LONGEST:
        return (Piece(old=old, new=new),)
    from rapidfuzz.distance import LCSseq

    before, after = _WORDS.findall(old), _WORDS.findall(new)
    pieces = [
        Piece(
            old="".join(before[step.src_start : step.src_end]),
            new="".join(after[step.dest_start : step.dest_end]),
        )
        for step in LCSseq.opcodes(before, after)
    ]
    return _joined(pieces)


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Put changes together between which nothing but space stayed: they read as one."""
    last = len(pieces) - 1
    stays = [
        piece.is_same and (bool(piece.old.strip()) or place in {0, last})
        for place, piece in enumerate(pieces)
    ]
    return tuple(
        Piece(old="".join(each.old for _, each in run), new="".join(each.new for _, each in run))
        for run in (
            list(group)
            for _, group in groupby(zip(stays, pieces, strict=True), key=lambda pair: pair[0])
        )
    )
