"""Texts that act on a terminal, a log or a reader do nothing in the table."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from gate.core.report import FieldChange
from gate.reports.formats import render

if TYPE_CHECKING:
    from conftest import Builder

ATTACKS = [
    pytest.param("\x1b[2J\x1b[31m", id="ansi"),
    pytest.param("\x1b]8;;http://evil.invalid\x07here\x1b]8;;\x07", id="osc-8-link"),
    pytest.param("\u202egnp.exe\u2066", id="bidi"),
    pytest.param("\U000e0041\U000e0042", id="tag-characters"),
    pytest.param("a\x00b", id="nul"),
    pytest.param("x\nPASS: no regression\r\n::error::", id="lines-of-its-own"),
    pytest.param("\ud83d", id="half-a-surrogate-pair"),
    pytest.param("\x9b31m\x85", id="eight-bit-controls"),
]


def assert_nothing_active(text: str) -> None:
    for char in text.replace("\n", ""):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"}, ascii(char)
        assert char not in "\u2028\u2029"


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_does_nothing_in_outputs_tags_notes_and_codes(
    build: Builder, attack: str
) -> None:
    case = build.case(
        "t-1",
        segment={"tag": attack, attack: attack},
        failure_code=f"schema:{attack}",
        old_output=attack,
        new_output=attack,
        diff=(
            FieldChange(path="", old=attack, new=None),
            FieldChange(path=attack, old=[attack], new={"a": attack}),
        ),
    )
    suite = build.suite(
        build.finding(segment=f"tag={attack}"),
        cases_changed=(case,),
        failure_codes_new={attack: 1},
    )
    text = render(build.report(suite, notes=(attack,), owner=attack, policy_source=attack), "table")
    assert_nothing_active(text)
    assert "\nPASS" not in text
    assert not any(line.startswith("::") for line in text.splitlines())


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_does_nothing_in_a_case_id(build: Builder, attack: str) -> None:
    text = render(build.report(build.suite(cases_changed=(build.case(f"t{attack}"),))), "table")
    assert_nothing_active(text)
    assert "\nPASS" not in text


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_does_nothing_in_the_name_of_a_suite(build: Builder, attack: str) -> None:
    text = render(build.report(build.suite(suite=f"s{attack}")), "table")
    assert_nothing_active(text)
    assert "\nPASS" not in text


def test_an_output_of_ten_megabytes_is_cut(build: Builder) -> None:
    huge = "x" * 10_000_000
    case = build.case(old_output=huge, diff=(FieldChange(path="", old=huge, new="y"),))
    text = render(build.report(build.suite(cases_changed=(case,)), notes=(huge,)), "table")
    assert len(text) < 10_000
    assert "… (9999840 characters more)" in text
