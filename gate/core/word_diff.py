"""Which words of a text were changed into which."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 20_000  # characters of each text that are told apart by words
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Piece(NamedTuple):
    """A stretch of the old text, and what stands in its place in the new one."""

    old: str
    new: str

    @property
    def is_same(self) -> bool:
        """Whether nothing changed here."""
        return self.old == self.new


@lru_cache(maxsize=8192)  # several formats show the same pair
def word_diff(old: str, new: str) -> tuple[Piece, ...]:
    """Tell two texts apart, word by word.

    Returns:
        Pieces whose old sides make the old text and whose new sides make the new one; of two
        neighbours one is changed. Texts that are too long are one piece.

    Source:
        A longest common subsequence of words, by RapidFuzz.
    """
    if len(old) > LONGEST or len(new) > LONGEST:
        return (Piece(old, new),)
    from rapidfuzz.distance import LCSseq

    before, after = _WORDS.findall(old), _WORDS.findall(new)
    pieces: list[Piece] = []
    gone: list[str] = []  # what changed since the last stretch that stayed
    come: list[str] = []
    for step in LCSseq.opcodes(before, after):
        went = "".join(before[step.src_start : step.src_end])
        came = "".join(after[step.dest_start : step.dest_end])
        # Changes between which only space stayed read as one.
        is_between = went.isspace() and (gone or come) and step.src_end < len(before)
        if step.tag == "equal" and not (is_between and step.dest_end < len(after)):
            if gone or come:
                pieces.append(Piece("".join(gone), "".join(come)))
                gone, come = [], []
            pieces.append(Piece(went, came))
        else:
            gone.append(went)
            come.append(came)
    if gone or come:
        pieces.append(Piece("".join(gone), "".join(come)))
    return tuple(pieces)
