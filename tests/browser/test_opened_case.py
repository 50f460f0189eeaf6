"""A case of the page, opened in a real browser: answers side by side, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.reports_by_hand import (
    NEW,
    OLD,
    OTHER,
    case,
    report,
    suite,
)

from gate.core.report import Answer

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.browser

ROWS = "#cases-table tbody tr"


def marks(tab: Tab, tag: str) -> list[str]:
    return tab.locator(f".sides {tag}").all_inner_texts()


def test_old_and_new_stand_side_by_side_with_the_words_that_changed(show):
    tab = show(report(), address="#case=t-017")
    assert tab.locator("#text-old").inner_text() == OLD
    assert tab.locator("#text-new").inner_text() == NEW
    assert marks(tab, "del") == ["five"]
    assert marks(tab, "ins") == ["will not ", "5"]
    old, new = (tab.locator(f"#text-{side}").bounding_box() for side in ("old", "new"))
    assert old["y"] == new["y"]
    assert old["x"] + old["width"] < new["x"]
    about = tab.locator("#one-case").inner_text()
    assert "app/fixtures/cases.jsonl:17" in about
    assert "gate explain triage t-017 --base 'a b'" in about
    assert "Where is the money of t-017?" in about
    assert "channel=email" in about
    assert "failures 1/10 → 3/3" in about


def test_every_answer_can_be_chosen(show):
    tab = show(report(), address="#case=t-017")
    options = tab.locator("#answer-old option").all_inner_texts()
    assert options == [
        "answer 1 of 2: 6 trials, usable, override 0.10",
        "answer 2 of 2: 4 trials, usable, override 0.20",
    ]
    tab.select_option("#answer-old", "0")
    assert tab.locator("#text-old").inner_text() == OTHER
    assert "You get the money back" in "".join(marks(tab, "del"))


def test_what_did_not_change_is_called_the_same(show):
    same = case("t-1", new_answers=(Answer(text=OLD, trials=3),), new_output=OLD)
    tab = show(report(suite(same)), address="#case=t-1")
    assert tab.get_by_text("Both are the same.").is_visible()
    assert marks(tab, "del") == []


def test_a_side_without_an_answer_says_so(show):
    lost = case("t-1", new_answers=(), new_output=None, new_trials=0)
    tab = show(report(suite(lost)), address="#case=t-1")
    assert tab.locator("#text-new").inner_text() == "no answer"


@pytest.mark.parametrize(
    ("old", "new", "gone", "come"),
    [
        pytest.param("a b c", "a x c", ["b"], ["x"], id="a-word"),
        pytest.param("a c", "a b c", [], ["b "], id="an-insertion"),
        pytest.param("a b c d", "a x y d", ["b c"], ["x y"], id="only-space-between"),
        pytest.param("eins, zwei", "eins; zwei", [","], [";"], id="a-sign"),
        pytest.param("größer als 的", "größer wie 的", ["als"], ["wie"], id="other-letters"),
        pytest.param("one two", "three four", [], [], id="nothing-stayed"),
        pytest.param(
            " ".join(f"a{n}" for n in range(400)) + " end",
            " ".join(f"b{n}" for n in range(400)) + " end",
            [" ".join(f"a{n}" for n in range(400))],
            [" ".join(f"b{n}" for n in range(400))],
            id="long",
        ),
    ],
)
def test_words_that_changed_are_marked(show, old, new, gone, come):
    change = case(
        "t-1",
        old_output=old,
        new_output=new,
        old_answers=(Answer(text=old, trials=1),),
        new_answers=(Answer(text=new, trials=1),),
    )
    tab = show(report(suite(change)), address="#case=t-1")
    assert marks(tab, "del") == gone
    assert marks(tab, "ins") == come
    assert tab.locator("#text-old").inner_text() == old
    assert tab.locator("#text-new").inner_text() == new
