from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.report import FieldChange
from gate.reports.diff_lines import diff_lines


def lines(old: Any, new: Any, *, path: str = "", longest: int = 160) -> list[str]:
    change = FieldChange(path=path, old=old, new=new)
    return diff_lines([change], longest=longest, most=9)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        pytest.param("billing", "other", ["- billing", "+ other"], id="a-word-for-a-word"),
        pytest.param(
            "in five days", "in 5 days", ["- in [-five-] days", "+ in {+5+} days"], id="some-words"
        ),
        pytest.param("a b", "a b c", ["- a b", "+ a b{+ c+}"], id="only-added"),
        pytest.param(None, "x", ["- null", "+ x"], id="a-field-that-came"),
        pytest.param(True, False, ["- true", "+ false"], id="json-and-not-python"),
        pytest.param({"a": [1]}, {"a": [2]},
                     ['- {"a":[[-1-]]}', '+ {"a":[{+2+}]}'], id="a-value-as-json"),
        pytest.param("a\nb", "a\nc", ["- a\\n[-b-]", "+ a\\n{+c+}"], id="lines-in-one"),
    ],
)  # fmt: skip
def test_a_field_is_two_lines_with_the_changed_words_marked(
    old: Any, new: Any, shown: list[str]
) -> None:
    assert lines(old, new) == shown


def test_a_field_is_named() -> None:
    assert lines("a", "b", path="reply.text") == ["- reply.text: a", "+ reply.text: b"]


def test_what_stayed_is_left_out_before_what_changed_is() -> None:
    old, new = lines(f"{'x ' * 500}cat{' y' * 500}", f"{'x ' * 500}dog{' y' * 500}")
    assert old == f"- …{'x ' * 20}[-cat-]{' y' * 20}…"
    assert new == f"+ …{'x ' * 20}{{+dog+}}{' y' * 20}…"


def test_a_change_behind_the_cut_is_shown_all_the_same() -> None:
    same = "word " * 2000
    assert lines(f"{same}cat", f"{same}dog") == [
        f"- …{'word ' * 8}[-cat-]",
        f"+ …{'word ' * 8}{{+dog+}}",
    ]


def test_a_word_that_came_early_marks_nothing_at_the_end() -> None:
    same = "".join(f"{n} " for n in range(5000))
    old, new = lines(f"a {same}", f"a new {same}")
    assert (old, new) == (f"- a {same[:40]}…", f"+ a {{+new +}}{same[:40]}…")


def test_a_long_line_is_cut_where_it_has_to_end() -> None:
    for line in lines("cat " * 30, "dog " * 30, longest=40):
        assert len(line) == len("- ") + 40 + len("…")


def test_fields_that_are_not_shown_are_counted() -> None:
    many = [FieldChange(path=f"f{i}", old=1, new=2) for i in range(5)]
    assert diff_lines(many, longest=80, most=2)[-1] == "  … 3 more fields differ"
    assert len(diff_lines(many, longest=80, most=5)) == 10


@pytest.mark.parametrize("text", ["\x1b[31m", "\u202e", "::error::", "\ud800"])
def test_hostile_words_do_nothing(text: str) -> None:
    for line in lines(f"same {text} same", "same new same", path=text):
        assert text not in line
        line.encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("keep :foo:error:: x", "keep ::error:: x", id="colons-that-come-together"),
        pytest.param("keep ##foo[add-mask] x", "keep ##[add-mask] x", id="a-bracket"),
        pytest.param("keep ##x y", "keep ##z y", id="our-own-mark-behind-hashes"),
        pytest.param("a :", "a :b", id="a-name-that-ends-in-a-colon"),
    ],
)
def test_a_word_that_went_makes_no_command_of_its_neighbours(old: str, new: str) -> None:
    for line in lines(old, new, path="p:"):
        assert "::" not in line
        assert "##[" not in line


@given(st.text(st.sampled_from(":#[ ab\n"), max_size=20), st.text(st.sampled_from(":#[ ab")))
def test_no_line_holds_a_command(old: str, new: str) -> None:
    for line in lines(old, new, path=old):
        assert "::" not in line
        assert "##[" not in line
