"""The page in a real browser: what its script does, and that a text in it does nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from attacks import ATTACKS, MARK
from browser.reports_by_hand import (
    OLD,
    case,
    finding,
    hostile,
    large,
    mixed_suite,
    report,
    suite,
)

from gate.core.report import Answer, Verdict
from gate.reports import html

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.browser

ROWS = "#cases-table tbody tr"


def ids(tab: Tab) -> list[str]:
    return tab.locator(f"{ROWS} .open").all_inner_texts()


def wait_for_rows(tab: Tab, *expected: str) -> None:
    tab.wait_for_function(
        "wanted => [...document.querySelectorAll('#rows .open')].map(e => e.innerText).join()"
        " === wanted",
        arg=",".join(expected),
    )


def test_the_table_is_filled_and_each_row_tells_its_case(show):
    tab = show(report())
    assert ids(tab) == ["t-017", "t-018", "t-019", "t-020"]
    assert tab.locator("#count").inner_text() == "4 of 4 cases"
    first = tab.locator(ROWS).first.inner_text().split("\t")
    assert [each.strip() for each in first] == [
        "regressed", "t-017", "channel=email", "1/10 → 3/3", "schema", "0.14 → 0.90"
    ]  # fmt: skip
    assert "new case" in tab.locator(ROWS).nth(3).inner_text()


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        pytest.param("outcome", "flaky", ["t-019"], id="outcome"),
        pytest.param("segment", "channel=email", ["t-017", "t-019", "t-020"], id="segment"),
        pytest.param("code", "truncated", ["t-018"], id="code"),
    ],
)
def test_a_filter_leaves_what_it_names_and_its_address_brings_it_back(show, name, value, left):
    tab = show(report())
    tab.select_option(f"#{name}", value)
    assert ids(tab) == left
    assert tab.locator("#count").inner_text() == f"{len(left)} of 4 cases"
    tab.reload()
    tab.wait_for_selector("html[data-ready=yes]")
    assert ids(tab) == left
    assert tab.locator(f"#{name}").input_value() == value
    tab.get_by_role("button", name="Clear").click()
    wait_for_rows(tab, "t-017", "t-018", "t-019", "t-020")
    assert tab.evaluate("location.hash") in {"", "#"}


@pytest.mark.parametrize(
    "words", ["T-018", "MONEY OF t-018", "truncated", "language=de\n", "answer eighteen"]
)
def test_the_search_looks_at_ids_codes_inputs_and_every_answer(show, words):
    rare = Answer(text="Answer eighteen", trials=1)
    sought = case(
        "t-018",
        failure_code="truncated",
        segment={"language": "de"},
        old_answers=(Answer(text=OLD, trials=9), rare),
    )
    tab = show(report(suite(case("t-017"), sought)))
    tab.fill("#search", words.strip())
    wait_for_rows(tab, "t-018")


def test_filters_narrow_each_other(show):
    tab = show(report(), address="#outcome=regressed&segment=channel%3Demail")
    assert ids(tab) == ["t-017"]
    tab.fill("#search", "t-018")
    wait_for_rows(tab)
    assert tab.locator("#count").inner_text() == "0 of 4 cases"


def test_a_segment_by_several_tags_is_found_from_its_chart(show):
    seen = finding(segment="channel=email & language=de")
    tab = show(report(mixed_suite(findings=(seen,))))
    tab.locator(".forest a").click()
    wait_for_rows(tab, "t-019")


def test_the_suites_of_a_report_share_the_table_and_can_be_told_apart(show):
    second = mixed_suite(suite="routing", verdict=Verdict.PASS)
    tab = show(report(mixed_suite(), second))
    assert len(ids(tab)) == 8
    tab.select_option("#suite", "routing")
    assert len(ids(tab)) == 4
    tab.locator("#suite-1 .chip.fixed").click()
    wait_for_rows(tab, "t-020")
    assert tab.locator("#suite").input_value() == "triage"


def test_with_one_suite_there_is_no_filter_of_suites(show):
    tab = show(report())
    assert tab.locator("#suite-label").is_hidden()
    assert "suite" not in tab.locator("#heads").inner_text()


def test_keys_alone_find_open_and_close_a_case(show):
    tab = show(report())
    tab.keyboard.press("/")
    tab.keyboard.type("t-0")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.innerText") == "t-017"
    tab.keyboard.press("j")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("k")
    assert tab.evaluate("document.activeElement.innerText") == "t-018"
    tab.keyboard.press("Enter")
    assert tab.locator("#one-title").inner_text() == "t-018"
    assert "case=t-018" in tab.evaluate("location.hash")
    tab.keyboard.press("j")
    assert tab.locator("#one-title").inner_text() == "t-019"
    tab.keyboard.press("Escape")
    tab.wait_for_function("() => document.activeElement.innerText === 't-019'")
    assert tab.locator("#one-case").is_hidden()
    assert "case=" not in tab.evaluate("location.hash")


def test_tab_comes_to_the_table_and_past_it(show):
    tab = show(large(250))
    tab.focus("#code")
    seen = []
    for _ in range(4):
        tab.keyboard.press("Tab")
        seen.append(tab.evaluate("document.activeElement.innerText"))
    assert seen[1:3] == ["t-00000", "Show 100 more of 150"]


def test_an_address_opens_its_case(show):
    tab = show(report(), address="#case=t-019&of=triage")
    assert tab.locator("#one-title").inner_text() == "t-019"


def test_rows_come_by_the_hundred(show):
    tab = show(large(250))
    assert tab.locator(ROWS).count() == 100
    tab.click("#more")
    assert tab.locator(ROWS).count() == 200
    tab.click("#more")
    assert tab.locator(ROWS).count() == 250
    assert tab.locator("#more").is_hidden()


def test_thousands_of_cases_are_filtered(show):
    tab = show(large(5000))
    assert tab.locator("#count").inner_text() == "5000 of 5000 cases"
    tab.select_option("#outcome", "fixed")
    assert tab.locator("#count").inner_text() == "1250 of 5000 cases"
    tab.fill("#search", "of t-04997?")
    wait_for_rows(tab, "t-04997")


def test_a_page_that_had_to_leave_texts_out_says_so(show, monkeypatch):
    monkeypatch.setattr(html, "LARGEST", 90_000)
    changed = [
        case(f"t-{place}", new_answers=tuple(Answer(text=f"{place} {n * 7919}" * 99, trials=1)
                                             for n in range(40)))
        for place in range(90)
    ]  # fmt: skip
    tab = show(report(suite(*changed)), address="#case=t-89")
    assert re.search(r"Only the first \d+ cases have their texts whole", tab.inner_text("main"))
    assert re.search(r"cut at|did not fit", tab.inner_text("#one-case"))


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("script-end", "html", "template"), id="markup"),
        pytest.param(("bidi", "nul", "lone-surrogate"), id="characters"),
    ],
)
def test_a_hostile_text_is_only_text(show, names):
    attacks = "".join(ATTACKS[name] for name in names)
    attack = f'{attacks}<img src=x onerror="window.{MARK}=1"><script>{MARK}=1</script>'
    tab = show(hostile(attack))
    tab.fill("#search", MARK)
    tab.wait_for_function("() => location.hash.includes('search')")
    tab.locator(ROWS).first.click()
    assert tab.evaluate(f"typeof window.{MARK}") == "undefined"
    assert tab.locator("img").count() == 0
    assert tab.locator("body script:not([type])").count() == 1
    assert MARK in tab.locator("#text-old").inner_text()
    assert tab.locator("h1").is_visible()


def test_without_a_script_the_verdict_and_charts_are_there(show):
    tab = show(report(), java_script_enabled=False)
    assert tab.locator(".forest svg").first.is_visible()
    assert tab.get_by_text("gate report report.json --format table").is_visible()
    assert tab.locator("#case-panel").is_hidden()


CONTRAST = """
() => {
  const light = (rgb) => {
    const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number)
      .map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (color !== "rgba(0, 0, 0, 0)") return color;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .filter((e) => e.checkVisibility() && !e.closest("svg"))
    .map((e) => {
      const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
      return [e.textContent.slice(0, 30), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(show, scheme):
    tab = show(report(mixed_suite(), mixed_suite(suite="b", verdict=Verdict.INCOMPLETE)),
               color_scheme=scheme, address="#case=t-017&of=triage")  # fmt: skip
    assert tab.evaluate(CONTRAST) == []
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 21, 26)"}[scheme]


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_runs_out_of_a_narrow_screen(show, width):
    long_name = "averylongnamewithoutaspace" * 5
    first = suite(
        case(long_name, failure_code=long_name, segment={long_name: long_name}),
        suite=long_name,
        findings=(*mixed_suite().findings, finding(segment=f"channel={long_name}")),
        failure_codes_new={long_name: 3},
    )
    tab = show(report(first), viewport={"width": width, "height": 740})
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert tab.evaluate(fits)
    tab.locator(ROWS).first.click()
    assert tab.evaluate(fits)
    assert tab.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('dialog'))")


def test_on_a_phone_new_stands_below_old(show):
    tab = show(report(), viewport={"width": 360, "height": 740}, address="#case=t-017")
    old, new = (tab.locator(f"#text-{side}").bounding_box() for side in ("old", "new"))
    assert old["y"] + old["height"] < new["y"]
