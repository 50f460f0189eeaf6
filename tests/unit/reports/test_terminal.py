"""The table on a terminal: it fits, and colours say what words say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from attacks import ATTACKS, MARK

from gate.core.report import FieldChange, Verdict
from gate.reports.formats import render
from gate.reports.medium import Medium

if TYPE_CHECKING:
    from conftest import Builder

    from gate.core.report import Report

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def wide(build: Builder) -> Report:
    """A report whose every part is longer than a line."""
    findings = (
        build.finding(),
        build.finding(metric="override_rate", id="override-rate-rise", verdict=Verdict.PASS),
        build.finding(metric="cost", id="cost-rise", unit="tokens", old=216.9, new=352.8,
                      change=0.63, interval=(0.5, 0.7), limit=1.1),
        build.finding(segment="channel=email", p_adjusted=0.01),
        build.finding(segment=f"customer={'x' * 60}", p_adjusted=0.04,
                      verdict=Verdict.INCONCLUSIVE),
    )  # fmt: skip
    diff = (
        FieldChange(path="queue", old="billing", new="other"),
        FieldChange(path="reply", old="word " * 200 + "cat", new="word " * 200 + "dog"),
    )
    suite = build.suite(*findings, cases_changed=(build.case(diff=diff),))
    return build.report(suite, notes=("a note that goes on " * 12,), owner="the owner " * 9)


def lines(report: Report, width: int | None, *, is_coloured: bool = False) -> list[str]:
    text = render(report, "table", Medium(width=width, is_coloured=is_coloured))
    return text.splitlines()


@pytest.mark.parametrize("width", [80, 90, 100, 120])
@pytest.mark.parametrize("is_coloured", [False, True])
def test_no_line_is_longer_than_the_terminal_is_wide(
    build: Builder, width: int, *, is_coloured: bool
) -> None:
    for line in lines(wide(build), width, is_coloured=is_coloured):
        assert len(ANSI.sub("", line)) <= width, line


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        pytest.param(None, "metric segment n old new change interval limit p verdict", id="a-pipe"),
        pytest.param(200, "metric segment n old new change interval limit p verdict", id="wide"),
        pytest.param(96, "metric segment old new change interval limit p verdict", id="less"),
        pytest.param(85, "metric segment old new change interval limit verdict", id="lesser"),
        pytest.param(74, "metric segment old new change limit verdict", id="narrow"),
        pytest.param(40, "metric segment old new change limit verdict", id="too-narrow"),
    ],
)
def test_columns_go_where_the_terminal_is_narrow_and_the_cause_stays(
    build: Builder, width: int | None, columns: str
) -> None:
    suite = build.suite(build.finding(), build.finding(segment="channel=email", p_adjusted=0.01))
    (head,) = [each for each in lines(build.report(suite), width) if each.startswith("metric")]
    assert head.split() == columns.split()


def test_a_short_row_says_units_once(build: Builder) -> None:
    rows = [line.split("  ") for line in lines(wide(build), 90) if line.startswith(("cost", "f"))]
    cells = {row[0]: [cell.strip() for cell in row[1:] if cell] for row in rows}
    assert cells["cost, tokens"][1:4] == ["216.9", "352.8", "+63.0 %"]
    assert cells["failures"][4] in {"+1.0", "+3.8 to +8.4"}


def test_a_segment_is_cut_where_it_has_to_be(build: Builder) -> None:
    (row,) = [line for line in lines(wide(build), 80) if "customer=" in line]
    assert re.search(r"customer=x*…  ", row)


def test_colours_change_no_word(build: Builder) -> None:
    report = wide(build)
    coloured = lines(report, 120, is_coloured=True)
    assert any(line.startswith("\x1b[1;31mFAIL\x1b[0m: suite triage") for line in coloured)
    assert "\x1b[31mfail\x1b[0m" in "\n".join(coloured)
    assert "    \x1b[31m- queue: billing\x1b[0m" in coloured
    assert "    \x1b[32m+ queue: other\x1b[0m" in coloured
    (gone,) = [line for line in coloured if "- reply" in line]
    assert gone.endswith("word \x1b[7mcat\x1b[27m\x1b[0m")
    plain = [line for line in lines(report, 120) if "reply" not in line]
    assert [ANSI.sub("", line) for line in coloured if "reply" not in line] == plain


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_a_model_says_colours_nothing(build: Builder, attack: str) -> None:
    case = build.case(f"t{attack[:500]}", diff=(FieldChange(path="", old="x", new=attack),))
    suite = build.suite(build.finding(segment=attack[:500]), cases_changed=(case,))
    text = render(build.report(suite, notes=(attack,)), "table", Medium(is_coloured=True))
    assert MARK in text
    assert "\x1b" not in ANSI.sub("", text)
    assert {each for each in ANSI.findall(text) if each not in _OURS} == set()
    assert not [line for line in text.splitlines() if line.startswith(("::", "##["))]


_OURS = {f"\x1b[{code}m" for code in ("0", "2", "31", "32", "33", "35", "1;31", "7", "27")}


def test_the_worst_cases_are_those_of_the_segment_that_fails(build: Builder) -> None:
    chat = tuple(build.case(f"t-{i}", segment={"channel": "chat"}) for i in range(9))
    email = build.case("t-email", segment={"channel": "email"})
    suite = build.suite(build.finding(segment="channel=email"), cases_changed=(*chat, email))
    text = lines(build.report(suite), None)
    assert "1 case of it regressed, worst t-email" in text[0]
    shown = [line.split()[0] for line in text if line.startswith("  t-")]
    assert shown == ["t-email", "t-0", "t-1", "t-2", "t-3"]
    assert "next: gate explain triage t-email" in text


def test_rows_of_a_run_that_could_not_be_finished_are_no_verdicts(build: Builder) -> None:
    suite = build.suite(build.finding(verdict=Verdict.PASS), verdict=Verdict.INCOMPLETE)
    text = lines(build.report(suite, verdict=Verdict.INCOMPLETE, exit_code=4), None)
    (head,) = [each for each in text if each.startswith("metric")]
    assert head.endswith("so far")
