"""The page is one file, and nothing that it holds acts; its script is tried in a browser."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from random import Random

import pytest
from attacks import ATTACKS, MARK
from browser.page_reader import Page
from browser.reports_by_hand import case, finding, hostile, mixed_suite, report, suite
from hypothesis import given
from hypothesis import strategies as st

from gate.core.report import Answer, Outcome, Report, Verdict
from gate.reports import html
from gate.reports.formats import render
from gate.reports.page import shown
from gate.reports.page.assets import asset
from gate.reports.safe_text import LONGEST, visible_lines, visible_name

SCRIPTS = ("words.js", "data.js", "table.js", "one_case.js", "page.js")


def page_of(of: Report | None = None) -> Page:
    return Page(render(of or report(), "html"))


def digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_its_policy_lets_its_own_style_and_script_run_and_nothing_else():
    page = page_of()
    style = "".join(page.one("style").parts)
    (script,) = [each for each in page.all("script") if not each.attributes]
    (meta,) = [each for each in page.all("meta") if "http-equiv" in each.attributes]
    assert meta.attributes["content"] == (
        f"default-src 'none'; style-src {digest(style)}; "
        f"script-src {digest(''.join(script.parts))}; base-uri 'none'; form-action 'none'"
    )
    assert page.elements.index(meta) < page.elements.index(page.one("style"))


def test_nothing_in_it_leaves_it_and_no_attribute_acts():
    page = page_of()
    for element in page.elements:
        for attribute, value in element.attributes.items():
            assert not attribute.startswith("on")
            assert attribute not in {"style", "src", "srcset", "action", "formaction", "ping"}
            assert "http" not in value or attribute == "http-equiv"
            if attribute == "href":
                assert value.startswith("#")
    assert "url(" not in page.source
    assert "@import" not in page.source


@pytest.mark.parametrize("name", SCRIPTS)
def test_its_script_writes_text_and_never_markup(name):
    script = asset(name)
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch(",
                 "Function(", "XMLHttpRequest", "setAttribute", "import("):  # fmt: skip
        assert word not in script


def acts(char: str) -> bool:
    return char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ATTACKS.items()])
def test_a_text_is_never_a_part_of_the_page(text):
    page, plain = page_of(hostile(text)), page_of(hostile("plain"))
    assert Counter(each.tag for each in page.elements) == Counter(
        each.tag for each in plain.elements
    )
    assert MARK in page.body_text
    assert not any(map(acts, set(page.source)))
    packed = str([page.rows(), page.texts()])
    assert MARK in packed
    assert not any(map(acts, set("".join(map(str, page.rows() + page.texts())))))
    assert "\n" not in page.all("title")[0].text
    links = [each.attributes["href"] for each in page.all("a")]
    assert all(re.fullmatch(r"#[\w=&%.~-]+", link) for link in links)


def test_the_verdict_its_cause_and_what_it_took_come_first():
    page = page_of()
    assert page.all("title")[0].text == "gate: FAIL \u2013 triage"
    heading = page.one("h1").text
    assert heading.startswith("FAIL suite triage: failures")
    assert "worst t-017" in heading
    assert "412 calls and 3 retries" in page.one("header").text
    assert "owner support-automation" in page.one("header").text
    assert page.one("section", class_="notes").text == "Notes the override proxy is uncalibrated"


def test_headings_come_in_order():
    levels = [int(each.tag[1]) for each in page_of().elements if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(levels[at] - levels[at - 1] <= 1 for at in range(1, len(levels)))


def test_a_row_of_the_table_tells_the_case():
    row = page_of().rows()[0]
    assert row == [
        "t-017", "triage", "regressed", 0, ["channel=email"], 1, 10, 3, 3, "schema", 0.14, 0.9
    ]  # fmt: skip


def test_a_case_holds_every_answer_once():
    text = page_of().texts()[0]
    assert [answer[1:] for answer in text["old"]] == [[6, "", 0.1], [4, "", 0.2]]
    assert [answer[1:] for answer in text["new"]] == [[3, "schema", 0.9]]
    assert text["first"] == [1, 0]  # the answer that the report shows is not the commonest
    assert text["where"] == "app/fixtures/cases.jsonl:17"
    assert text["command"] == "gate explain triage t-017 --base 'a b'"
    assert text["input"] == [["message", "Where is the money of t-017?"]]
    assert text["expected"] == [["queue", "billing"]]
    assert len(text["texts"]) == len(set(text["texts"]))


def test_with_one_prompt_there_is_no_command():
    same = mixed_suite(prompt_old=mixed_suite().prompt_new)
    assert "command" not in page_of(report(same)).texts()[0]


def test_cases_that_regressed_in_the_segment_that_fails_come_first():
    changed = (
        case("a", outcome=Outcome.FIXED),
        case("b", segment={"channel": "chat"}),
        case("c", segment={"channel": "email"}),
    )
    failing = finding(segment="channel=email")
    page = page_of(report(suite(*changed, findings=(failing,))))
    assert [row[0] for row in page.rows()] == ["c", "b", "a"]


def test_several_suites_are_listed_and_each_can_be_reached():
    first = mixed_suite()
    second = mixed_suite(suite="routing", verdict=Verdict.PASS)
    third = replace(first, suite="idle", verdict=None, cases_changed=(), findings=(), looks=())
    page = page_of(report(first, second, third))
    assert page.one("nav").text == "fail triage pass routing not affected idle"
    links = [each.attributes["href"] for each in page.all("a")]
    anchors = [link for link in links if link.startswith("#suite-")]
    assert anchors == ["#suite-1", "#suite-2", "#suite-3"]
    assert page.one("section", id="suite-3").text == (
        "Suite idle not affected This change does not affect it."
    )
    assert {row[1] for row in page.rows()} == {"triage", "routing"}


EMPTY = {
    "no-suite": (report(), (), "No suite was judged."),
    "not-affected": (report(), (suite(verdict=None, findings=(), looks=()),), "does not affect it"),
    "no-finding": (
        report(),
        (suite(verdict=Verdict.INCOMPLETE, findings=(), looks=(), failure_codes_old={},
               failure_codes_new={}, prompt_old=None, prompt_new=None, cost_usd=None),),
        "No metric was judged.",
    ),
    "nothing-changed": (report(), (suite(),), "all cases unchanged"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("whole", "suites", "told"), [pytest.param(*row, id=name) for name, row in EMPTY.items()]
)
def test_what_is_not_there_has_no_heading_and_no_chart(whole, suites, told):
    bare = replace(whole, suites=suites, owner="", notes=(), policy_source="", waivers=())
    page = page_of(replace(bare, verdict=Verdict.INCOMPLETE))
    assert told in page.body_text
    assert "No case changed." in page.body_text
    assert not page.all("script", id="cases")
    assert not page.all("section", class_="notes")
    headings = {each.text for each in page.all("h3")}
    if not suites or not suites[0].findings:
        assert not page.all("table")
        assert headings <= {"What it took"}


def test_an_unfinished_verdict_is_called_so_far():
    page = page_of(report(suite(verdict=Verdict.INCOMPLETE)))
    assert any(each.text == "so far" for each in page.all("th"))


def noise(random: Random, length: int) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz ÄÖÜ的", k=length))


def test_a_page_that_would_be_too_large_keeps_the_worst_whole(monkeypatch):
    monkeypatch.setattr(html, "LARGEST", 400_000)
    random = Random(1)  # noqa: S311 -- no secret
    changed = [
        case(
            f"t-{place:04}",
            new_answers=tuple(Answer(text=noise(random, 3000), trials=1) for _ in range(5)),
        )
        for place in range(400)
    ]
    page = page_of(report(suite(*changed)))
    assert len(page.source.encode()) <= 400_000
    assert len(page.rows()) == 400
    whole = int(page.one("script", id="texts").attributes["data-whole"])
    texts = page.texts()
    cuts = [text["cut"] for text in texts]
    assert 0 < whole < len(texts)
    assert cuts[:whole] == [0] * whole
    assert sorted(cuts[whole:], reverse=True) == cuts[whole:]
    assert set(cuts) == {0, 400, 100}


def test_a_page_with_too_many_rows_keeps_the_worst_and_says_how_many_there_are(monkeypatch):
    monkeypatch.setattr(html, "LARGEST", 200_000)
    random = Random(1)  # noqa: S311 -- no secret
    changed = [case(noise(random, 100)) for _ in range(3000)]
    page = page_of(report(suite(*changed)))
    assert len(page.source.encode()) <= 200_000
    assert page.one("script", id="cases").attributes["data-all"] == "3000"
    rows = page.rows()
    assert 100 < len(rows) < 3000
    assert [row[0] for row in rows] == [
        visible_name(each.case.case_id) for each in changed[: len(rows)]
    ]


def test_many_suites_do_not_make_it_too_large():
    many = [mixed_suite(suite=f"s{place}", verdict=Verdict.PASS) for place in range(400)]
    many[200] = mixed_suite(suite="bad")
    page = page_of(report(*many))
    assert len(page.source.encode()) < 3_000_000
    assert len(page.all("section", class_="suite")) == 15
    assert page.all("section", id="suite-201")
    assert "100 more in report.json" in page.one("nav").text


@given(st.text(st.sampled_from("a:#[\n\r\t\u2424\u202e\ud800é的\x1b"), max_size=40))
def test_text_is_shown_as_in_every_other_report(text):
    assert shown.lines(text) == "\n".join(visible_lines(text))
    assert shown.lines(text, longest=7) == "\n".join(visible_lines(text, longest=7))


def test_a_long_text_says_how_much_is_cut():
    assert shown.lines("a" * (LONGEST + 3)).endswith("a\n… (3 characters more)")


@pytest.mark.parametrize("char", ["\U000e0041", "&"])
def test_names_that_grow_do_not_make_it_too_large(char):
    findings = [finding(segment=f"k{n}={char * 2000}") for n in range(40)]
    suites = [suite(findings=tuple(findings), suite=f"{n}{char * 2000}") for n in range(15)]
    assert len(render(report(*suites), "html").encode()) < 8_000_000
