"""Markdown is held against a parser of CommonMark with GitHub's tables, links and addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from attacks import ATTACKS, MARK
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gate.core.report import FieldChange, Outcome, Verdict
from gate.reports.formats import render
from gate.reports.markdown import COMMENT
from gate.reports.medium import Medium
from gate.reports.safe_text import code_span, fenced, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Builder
    from markdown_it.token import Token

    from gate.core.report import CaseChange, Report

PARSER = MarkdownIt("gfm-like")
OUR_HTML = ("<sub>", "</sub>", "<details>", "</details>", "<details><summary>")


def tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield from token.children or [token]


def assert_only_code_holds_the_mark(text: str) -> None:
    """Nothing is live: what others wrote is code, and no link, image or HTML is there but ours."""
    seen = False
    for token in tokens(text):
        seen = seen or MARK in token.content
        assert token.type not in {"image", "link_open"}, text
        if token.type in {"html_inline", "html_block"}:
            assert token.content.startswith(OUR_HTML), text
        if token.type not in {"fence", "code_inline"}:
            assert MARK not in token.content, text
    assert seen


def hostile(build: Builder, text: str) -> Report:
    """A report with the text in every place that others fill."""
    case = build.case(
        f"t{text[:500]}",
        segment={f"k{text[:500]}": text},
        failure_code=text,
        diff=(FieldChange(path=text, old=text, new=f"y {text}"),),
    )
    suite = build.suite(
        build.finding(segment=text),
        suite=text,
        cases_changed=(case,),
        failure_codes_new={text: 1},
        small_segments=(text,),
        not_measured={"cost": text},
    )
    return build.report(suite, notes=(text,), owner=text, policy_source=text, explain_flags=text)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_hostile_text_stands_in_code_only(build: Builder, attack: str) -> None:
    text = render(hostile(build, attack), "markdown")
    assert len(text) <= COMMENT
    text.encode()
    assert_only_code_holds_the_mark(text)


ANY_TEXT = st.text(st.characters()) | st.text(
    st.sampled_from("`|\\[]()<>!@#*_~-=+\n\r\t :/$&;\x1b\u202ea1")
)


@given(ANY_TEXT)
def test_any_text_is_one_piece_of_code(text: str) -> None:
    (span,) = [token for token in tokens(code_span(MARK + text)) if token.type != "text"][1:-1]
    assert (span.type, MARK in span.content) == ("code_inline", True)
    lines = visible_lines(text)
    block, after = PARSER.parse("\n".join([*fenced(lines), "after"]))[:2]
    assert (block.type, block.content.rstrip("\n")) == ("fence", "\n".join(lines).rstrip("\n"))
    assert after.type == "paragraph_open"


@given(ANY_TEXT)
def test_any_text_in_a_cell_leaves_the_table_as_it_is(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {code_span(text)} | end |"
    cells = [token for token in PARSER.parse(table) if token.type == "td_open"]
    assert len(cells) == 2
    assert [token.content for token in tokens(table) if token.type == "text"][-1] == "end"


def cases(build: Builder, count: int, size: int, **keys: object) -> tuple[CaseChange, ...]:
    diff = (FieldChange(path="", old="old " * size, new="new " * size),)
    return tuple(build.case(f"t-{i:05}", diff=diff, **keys) for i in range(count))


def shown(text: str) -> list[str]:
    """The ids of the cases that are told with their texts, in their order."""
    heads = [line.split() for line in text.splitlines() if line.startswith("# ")]
    return [words[2] for words in heads]


def test_everything_that_changed_is_told_where_it_fits(build: Builder) -> None:
    moved = (*cases(build, 3, 2), build.case("t-0fixed", outcome=Outcome.FIXED))
    text = render(build.report(build.suite(cases_changed=moved)), "markdown")
    assert shown(text) == ["t-00000", "t-00001", "t-00002", "t-0fixed"]
    assert "Cases were left out" not in text


@pytest.mark.parametrize(
    ("regressed", "fixed", "size", "told"),
    [
        pytest.param(10, 10, 50, 20, id="all"),
        pytest.param(50, 90, 100, 50, id="those-that-regressed"),
        pytest.param(900, 900, 100, 20, id="the-worst-twenty"),
    ],
)
def test_what_does_not_fit_is_left_out_step_by_step(
    build: Builder, regressed: int, fixed: int, size: int, told: int
) -> None:
    moved = cases(build, regressed, size) + cases(build, fixed, size, outcome=Outcome.FIXED)
    text = render(build.report(build.suite(cases_changed=moved)), "markdown")
    assert len(text) <= COMMENT
    assert len(shown(text)) == told
    assert ("Cases were left out here to fit" in text) is (told < regressed + fixed)


def test_where_texts_do_not_fit_the_worst_five_are_named(build: Builder) -> None:
    wide = tuple(FieldChange(path="p" * 80, old="a" * 600, new="b" * 600) for _ in range(6))
    moved = tuple(build.case(f"t-{i:05}", diff=wide) for i in range(30))
    suites = [build.suite(suite=f"s{i}", cases_changed=moved) for i in range(3)]
    text = render(build.report(*suites), "markdown")
    assert [each for each in text.splitlines() if each.startswith("- `regressed")] == [
        f"- `regressed  t-{i:05}  channel=email  failures 0/3 -> 3/3  schema`" for i in range(5)
    ] * 3
    assert "a" * 600 not in text


def test_a_run_of_very_many_suites_is_a_sentence_and_a_link(build: Builder) -> None:
    suites = [build.suite(suite=f"s{i}") for i in range(500)]
    text = render(build.report(*suites), "markdown", Medium(link="https://ci.invalid/runs/1"))
    assert len(text) < 2000
    assert "FAIL: suite s0" in text
    assert "All of them: [the run](https://ci.invalid/runs/1)." in text


def test_a_comment_holds_verdict_findings_cases_and_the_next_command(build: Builder) -> None:
    text = render(build.report(notes=("a note",)), "markdown")
    assert text.startswith("### ❌ gate: fail\n")
    assert "| failures | all | 200 | 3.1 % | 9.2 % | +6.1 pp | " in text
    assert "| &lt; 0.0001 | **fail** |" in text
    assert "```diff\n# regressed  t-017  channel=email  failures 0/3 -> 3/3  schema\n" in text
    assert "- queue: billing\n+ queue: other\n```" in text
    assert "```sh\ngate explain triage t-017\n```" in text
    assert "- `a note`" in text


def test_more_than_five_cases_are_folded_away(build: Builder) -> None:
    text = render(build.report(build.suite(cases_changed=cases(build, 7, 1))), "markdown")
    before, _, after = text.partition("<details><summary>2 more cases</summary>\n\n```diff\n# ")
    assert (len(shown(before)), shown(after)) == (5, ["t-00006"])
    assert after.count("</details>") == 1


def test_nothing_affected_is_short(build: Builder) -> None:
    idle = build.suite(suite="idle", verdict=None, findings=(), cases_changed=())
    text = render(build.report(idle, verdict=Verdict.PASS, exit_code=0), "markdown")
    assert text.startswith("### ✅ gate: pass\n\n`PASS: nothing to judge`\n")
    assert "`idle`: not affected" in text


def test_an_incomplete_run_without_suites_says_why(build: Builder) -> None:
    report = build.report(verdict=Verdict.INCOMPLETE, exit_code=4, notes=("no key",))
    text = render(replace(report, suites=()), "markdown")
    assert text.startswith("### ⛔ gate: incomplete\n")
    assert "- `no key`" in text


@pytest.mark.parametrize("char", ["\u202e", "\U000e0041", "&", "`", "|"])
def test_what_grows_as_it_is_made_visible_stays_within_the_limit(build: Builder, char: str) -> None:
    suites = [
        replace(build.suite(cases_changed=(build.case(char * 600),)), suite=char * 600)
        for _ in range(200)
    ]
    text = render(build.report(*suites, notes=(char * 600,) * 90, owner=char * 600), "markdown")
    assert len(text) <= COMMENT


def test_a_case_without_an_answer_is_a_line_and_no_empty_block(build: Builder) -> None:
    case = build.case("t-0", outcome=Outcome.UNSCORED, diff=(), new_trials=0, new_failures=0)
    text = render(build.report(build.suite(cases_changed=(case,))), "markdown")
    assert "\n- `unscored  t-0  channel=email  failures 0/3 -> 0/0  schema`\n" in text
    assert "```diff" not in text
