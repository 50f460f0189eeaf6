from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.core.word_diff import LONGEST, Piece, word_diff

WORDS = st.lists(st.sampled_from(["a", "b", "refund", "5", ".", " ", "\n", "ü"])).map("".join)


def told(old: str, new: str) -> list[str | tuple[str, str]]:
    """What stayed as a text, what changed as a pair."""
    return [each.old if each.is_same else (each.old, each.new) for each in word_diff(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("", "", [], id="nothing"),
        pytest.param("same text", "same text", ["same text"], id="nothing-changed"),
        pytest.param("", "new", [("", "new")], id="all-new"),
        pytest.param("old", "", [("old", "")], id="all-gone"),
        pytest.param("billing", "refund", [("billing", "refund")], id="one-word"),
        pytest.param(
            "in five days.", "in 5 days.", ["in ", ("five", "5"), " days."], id="a-word-inside"
        ),
        pytest.param(
            "We refund it", "We will not refund it", ["We ", ("", "will not "), "refund it"],
            id="words-that-came",
        ),
        pytest.param(
            "a b c d", "a x y d", ["a ", ("b c", "x y"), " d"], id="space-joins-changes"
        ),
        pytest.param("14.50 EUR", "15.50 EUR", [("14", "15"), ".50 EUR"], id="a-number-s-part"),
    ],
)  # fmt: skip
def test_words_that_changed_are_told_from_those_that_stayed(
    old: str, new: str, expected: list[object]
) -> None:
    assert told(old, new) == expected


@given(WORDS, WORDS)
@example("a b", "b a")
@example(" ", "\n")
def test_the_pieces_make_both_texts_again(old: str, new: str) -> None:
    pieces = word_diff(old, new)
    assert "".join(each.old for each in pieces) == old
    assert "".join(each.new for each in pieces) == new
    assert all(each.old or each.new for each in pieces)


@given(WORDS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(each.is_same for each in word_diff(text, text))


def test_texts_that_are_too_long_are_one_piece() -> None:
    old = "a " * LONGEST
    assert word_diff(old, "b") == (Piece(old=old, new="b"),)
