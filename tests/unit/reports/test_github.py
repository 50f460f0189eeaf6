from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from attacks import ATTACKS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.reports.hostile import hostile

from gate.core.report import FieldChange, Outcome, Verdict
from gate.reports.formats import render

if TYPE_CHECKING:
    from conftest import Builder

    from gate.core.report import CaseChange, Report, SuiteReport

COMMAND = re.compile(
    r"::(error|warning|notice) ((?:file=([^,:]*),)?(?:line=(\d+),)?title=gate)::(.*)"
)


def annotations(report: Report) -> list[tuple[str, str, str]]:
    """Level, place and text of each line; a line that is nothing else fails."""
    found = []
    for line in render(report, "github").split("\n")[:-1]:
        assert not {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Co"}, line
        match = COMMAND.fullmatch(line)
        assert match, line
        level, _, path, number, text = match.groups()
        found.append((level, f"{unquote(path or '')}:{number or ''}", unquote(text)))
    return found


def placed(build: Builder, case_id: str, line: int, **keys: object) -> CaseChange:
    change = build.case(case_id, **keys)
    return replace(change, case=replace(change.case, path="fixtures/cases.jsonl", line=line))


def failing(build: Builder, count: int) -> SuiteReport:
    cases = tuple(placed(build, f"t-{i:02}", i + 1) for i in range(count))
    return build.suite(cases_changed=cases)


def test_the_headline_comes_first_and_each_case_on_its_line(build: Builder) -> None:
    headline, first, second = annotations(build.report(failing(build, 2), folder="bots/"))
    assert headline[:2] == ("error", ":")
    assert headline[2].startswith("FAIL: suite triage: failures rose from 3.1 % to 9.2 %")
    assert first == (
        "error",
        "bots/fixtures/cases.jsonl:1",
        "t-00 (channel=email) fails in 3 of 3 trials, 0 of 3 before: schema; "
        "queue: billing -> other",
    )
    assert second[1] == "bots/fixtures/cases.jsonl:2"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("yes", "yes indeed", "yes -> yes indeed", id="short"),
        pytest.param("a " * 90 + "cat", "a " * 90 + "dog", f"…{'a ' * 20}{{+dog+}}", id="long"),
    ],
)
def test_an_annotation_says_what_the_output_became(
    build: Builder, old: str, new: str, told: str
) -> None:
    change = build.case(diff=(FieldChange(path="", old=old, new=new),))
    text = annotations(build.report(build.suite(cases_changed=(change,))))[1][2]
    assert text.endswith(f": schema; {told}")


def test_ten_errors_are_shown_and_the_others_counted(build: Builder) -> None:
    found = annotations(build.report(failing(build, 30)))
    assert [level for level, _, _ in found] == ["error"] * 10
    assert found[0][2].endswith("; 21 more regressed cases not annotated")
    assert [text.split()[0] for _, _, text in found[1:]] == [f"t-{i:02}" for i in range(9)]


def test_nine_regressed_cases_have_one_each(build: Builder) -> None:
    found = annotations(build.report(failing(build, 9)))
    assert len(found) == 10
    assert "not annotated" not in found[0][2]


def test_the_segment_that_fails_comes_first(build: Builder) -> None:
    chat = tuple(placed(build, f"t-{i}", i, segment={"channel": "chat"}) for i in range(1, 20))
    email = placed(build, "t-email", 99, segment={"channel": "email"})
    suite = build.suite(build.finding(segment="channel=email"), cases_changed=(*chat, email))
    assert annotations(build.report(suite))[1][2].startswith("t-email ")


def test_a_case_that_stands_there_no_more_has_no_line(build: Builder) -> None:
    suite = build.suite(cases_changed=(placed(build, "t-gone", 0), build.case("t-row")))
    _, gone, row = annotations(build.report(suite))
    assert (gone[1], row[1]) == ("fixtures/cases.jsonl:", ":")


@pytest.mark.parametrize(
    ("verdict", "exit_code", "level"),
    [
        (Verdict.PASS, 0, "notice"),
        (Verdict.INCONCLUSIVE, 0, "warning"),
        (Verdict.INCONCLUSIVE, 3, "error"),
        (Verdict.INCOMPLETE, 4, "error"),
    ],
)
def test_what_the_policy_allows_is_a_warning(
    build: Builder, verdict: Verdict, exit_code: int, level: str
) -> None:
    suite = replace(failing(build, 30), verdict=verdict)
    found = annotations(build.report(suite, verdict=verdict, exit_code=exit_code))
    assert found[0][0] == level
    assert {each[0] for each in found[1:]} == {"warning"}
    assert sum(each[0] == "warning" for each in found) == 10


def test_an_incomplete_run_says_why(build: Builder) -> None:
    report = build.report(verdict=Verdict.INCOMPLETE, exit_code=4, notes=("MY_KEY is not set",))
    ((level, _, text),) = annotations(replace(report, suites=()))
    assert (level, "MY_KEY is not set" in text) == ("error", True)


def test_cases_without_an_answer_are_counted(build: Builder) -> None:
    suite = build.suite(cases_changed=(build.case(outcome=Outcome.UNSCORED),) * 3)
    assert annotations(build.report(suite))[-1] == (
        "warning",
        ":",
        "3 cases without an answer on one side",
    )


def test_cases_without_an_answer_are_told_before_what_the_policy_allows(build: Builder) -> None:
    cases = (*failing(build, 30).cases_changed, build.case(outcome=Outcome.UNSCORED))
    suite = build.suite(verdict=Verdict.PASS, cases_changed=cases)
    found = annotations(build.report(suite, verdict=Verdict.PASS, exit_code=0))
    assert found[1][2] == "1 case without an answer on one side"


def test_a_suite_that_passes_is_told_beside_one_that_fails(build: Builder) -> None:
    passing = replace(failing(build, 2), suite="calm", verdict=Verdict.PASS)
    found = annotations(build.report(failing(build, 30), passing))
    assert [level for level, _, _ in found] == ["error"] * 10 + ["warning"] * 2


def test_a_text_with_an_escape_of_its_own_is_told_as_it_is(build: Builder) -> None:
    suite = build.suite(cases_changed=(build.case("a%0A%25b"),))
    assert annotations(build.report(suite))[1][2].startswith("a%0A%25b (channel=email)")


def test_a_path_of_a_stored_report_names_no_host(build: Builder) -> None:
    change = build.case()
    change = replace(change, case=replace(change.case, path="//evil.invalid/a", line=1))
    found = annotations(build.report(build.suite(cases_changed=(change,))))
    assert found[1][1] == "evil.invalid/a:1"


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_text_starts_a_command_of_its_own(build: Builder, attack: str) -> None:
    found = annotations(hostile(build, attack))
    assert [level for level, _, _ in found] == ["error", "error", "warning"]
    assert len(render(hostile(build, attack), "github")) < 20_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=60))
def test_any_text_stays_in_its_annotation(build: Builder, text: str) -> None:
    annotations(hostile(build, text))
