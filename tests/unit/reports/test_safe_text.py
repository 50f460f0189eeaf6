from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gate.reports.safe_text import LONGEST, visible, visible_lines

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co"}  # control, format (bidi, tags), surrogate, private
ANY_TEXT = st.text(st.characters()) | st.text(st.sampled_from(BIDI + "\x1b\x00\n\t\U000e0041a…"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain text, ü, 漢字, 😀", "plain text, ü, 漢字, 😀", id="plain-text-stays"),
        pytest.param("a\nb\r\nc\td", "a\\nb\\x0d\\nc\\td", id="line-breaks-and-tabs"),
        pytest.param("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", id="ansi-colour"),
        pytest.param("\x9b31m", "\\x9b31m", id="eight-bit-escape"),
        pytest.param(
            "\x1b]8;;http://evil.invalid\x07click\x1b]8;;\x07",
            "\\x1b]8;;http://evil.invalid\\x07click\\x1b]8;;\\x07",
            id="osc-8-link",
        ),
        pytest.param("\x1b]0;title\x1b\\", "\\x1b]0;title\\x1b\\", id="window-title"),
        pytest.param("user\u202egnp.exe", "user\\u202egnp.exe", id="bidi-override"),
        pytest.param("\u2066a\u2069", "\\u2066a\\u2069", id="bidi-isolate"),
        pytest.param("\U000e0041\U000e007f", "\\U000e0041\\U000e007f", id="tag-characters"),
        pytest.param("a\u200bb\u00adc\ufeff", "a\\u200bb\\xadc\\ufeff", id="invisible-ones"),
        pytest.param("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d", id="other-line-breaks"),
        pytest.param("\x00\x08\x7f", "\\x00\\x08\\x7f", id="nul-backspace-delete"),
        pytest.param("\ud83d", "\\ud83d", id="half-a-surrogate-pair"),
        pytest.param("\ue000", "\\ue000", id="private-use"),
    ],
)
def test_nothing_acts_and_nothing_hides(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert visible("x" * 10_000_000) == "x" * LONGEST + "… (9998000 characters more)"
    assert visible("abcdef", longest=4) == "abcd… (2 characters more)"
    assert visible("abcd", longest=4) == "abcd"


@pytest.mark.parametrize("show", [visible, lambda text: "".join(visible_lines(text))])
@given(text=ANY_TEXT)
@example(text="\x1b[2J\u202e\U000e0041\ud800\x00")
@example(text="\r\r\n\n")
def test_the_result_never_holds_a_hidden_character(show: object, text: str) -> None:
    shown = show(text)  # type: ignore[operator]
    assert not {unicodedata.category(char) for char in shown} & HIDDEN_CATEGORIES
    assert not set(shown) & set(BIDI + "\u2028\u2029")
    assert not any(0xE0000 <= ord(char) < 0xE0080 for char in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()


@given(st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=LONGEST))
def test_a_text_without_such_characters_stays_as_it_is(text: str) -> None:
    assume("::" not in text and "##[" not in text)  # workflow commands are broken, see above
    assert visible(text) == text


def test_lines_are_kept_and_each_is_made_visible() -> None:
    assert visible_lines("a\x1b\r\nb\n\nc") == ["a\\x1b", "b", "", "c"]
    assert visible_lines("a\nbc", longest=3) == ["a", "b", "… (1 characters more)"]


@pytest.mark.parametrize(
    "char",
    [
        pytest.param("\ufe0f", id="variation-selector"),
        pytest.param("\U000e0101", id="variation-selector-of-the-second-block"),
        pytest.param("\u034f", id="combining-grapheme-joiner"),
        pytest.param("\u3164", id="hangul-filler"),
        pytest.param("\u115f", id="hangul-choseong-filler"),
        pytest.param("\u2800", id="braille-blank"),
        pytest.param("\U000e0fff", id="unassigned-and-ignorable"),
    ],
)
def test_other_invisible_characters_are_made_visible(char: str) -> None:
    assert char not in visible(f"a{char}b")


@pytest.mark.parametrize("char", ["\x1b", "\u202e", "\U000e0041"])
def test_a_text_of_codes_is_cut_where_it_would_grow_too_long(char: str) -> None:
    shown = visible(char * 1000, longest=100)
    codes, _, told = shown.partition("…")
    assert 280 <= len(codes) <= 300
    assert len(codes) % len(visible(char)) == 0
    assert told == f" ({1000 - len(codes) // len(visible(char))} characters more)"
