from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from gate.core.report import Outcome, PromptSeen, Verdict
from gate.reports.formats import render

if TYPE_CHECKING:
    from conftest import Builder


def cells(text: str, first: str, segment: str) -> list[str]:
    """The cells of the finding's row, found by metric and segment."""
    rows = [line for line in text.splitlines() if line.startswith(first) and segment in line]
    assert rows, f"no row {first!r}, {segment!r} in:\n{text}"
    return rows[0].split("  ")


def test_a_fail_says_metric_numbers_limit_and_worst_case(build: Builder) -> None:
    headline = render(build.report(), "table").splitlines()[0]
    assert headline.startswith("FAIL: ")
    for part in ("triage", "3.1 %", "9.2 %", "+6.1 pp", "+1.0 pp", "t-017"):
        assert part in headline


def test_a_finding_is_one_row(build: Builder) -> None:
    row = " ".join(cells(render(build.report(), "table"), "failures", "all")).split()
    assert " ".join(row) == (
        "failures all 200 3.1 % 9.2 % +6.1 pp +3.8 pp to +8.4 pp +1.0 pp < 0.0001 fail"
    )


@pytest.mark.parametrize(
    ("verdict", "start"),
    [
        (Verdict.PASS, "PASS: "),
        (Verdict.INCONCLUSIVE, "INCONCLUSIVE: "),
        (Verdict.INCOMPLETE, "INCOMPLETE: "),
    ],
)
def test_the_verdict_comes_first(build: Builder, verdict: Verdict, start: str) -> None:
    suite = build.suite(build.finding(verdict=Verdict.PASS), verdict=verdict, cases_changed=())
    text = render(build.report(suite, verdict=verdict, exit_code=0), "table")
    assert text.startswith(start)
    assert f"suite triage: {verdict.value}; 200 cases, trials 2000 old, 600 new" in text
    assert "cases: all unchanged" in text.splitlines()


def test_an_inconclusive_metric_says_what_it_takes(build: Builder) -> None:
    finding = build.finding(verdict=Verdict.INCONCLUSIVE, trials_needed=1234)
    suite = build.suite(finding, verdict=Verdict.INCONCLUSIVE)
    text = render(build.report(suite, verdict=Verdict.INCONCLUSIVE, exit_code=0), "table")
    (line,) = [each for each in text.splitlines() if each.startswith("failures: inconclusive")]
    for part in ("2.1 pp", "3.3 pp", "1234 new trials"):
        assert part in line


def test_an_inconclusive_segment_says_so_in_its_row_only(build: Builder) -> None:
    finding = build.finding(verdict=Verdict.INCONCLUSIVE, segment="channel=email")
    suite = build.suite(finding, verdict=Verdict.PASS)
    text = render(build.report(suite, verdict=Verdict.PASS, exit_code=0), "table")
    assert cells(text, "failures", "channel=email")[-1] == "inconclusive"
    assert "failures: inconclusive" not in text


def test_a_suite_that_is_not_affected_is_one_line(build: Builder) -> None:
    idle = build.suite(suite="idle", verdict=None, findings=(), cases_changed=())
    text = render(build.report(idle, verdict=Verdict.PASS, exit_code=0), "table")
    assert text.startswith("PASS: ")
    assert "suite idle: not affected" in text.splitlines()


def test_a_waived_finding_is_marked_and_is_no_cause(build: Builder) -> None:
    waived = build.finding(waived=True)
    other = build.finding(metric="override_rate", id="override-rate-rise", old=0.5, new=0.75)
    text = render(build.report(build.suite(waived, other)), "table")
    assert text.startswith("FAIL: ")
    assert "50.0 %" in text.splitlines()[0]
    assert "3.1 %" not in text.splitlines()[0]
    assert cells(text, "failures", "all")[-1] == "waived"


def test_what_was_not_measured_says_why(build: Builder) -> None:
    suite = build.suite(not_measured={"cost": "no price", "latency_p95": "old was recorded"})
    lines = render(build.report(suite), "table").splitlines()
    assert "cost: not measured, no price" in lines
    assert "latency p95: not measured, old was recorded" in lines


def test_a_segment_that_fails_names_itself_and_its_own_worst_case(build: Builder) -> None:
    finding = build.finding(segment="channel=chat")
    cases = (
        build.case("t-mail"),
        build.case("t-chat", segment={"channel": "chat"}),
    )
    headline = render(
        build.report(build.suite(finding, cases_changed=cases)), "table"
    ).splitlines()[0]
    assert "channel=chat" in headline
    assert "t-chat" in headline
    assert "t-mail" not in headline


def test_a_regressed_case_shows_where_its_outputs_part(build: Builder) -> None:
    lines = render(build.report(), "table").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  t-017"))
    assert lines[at].split() == [
        "t-017", "channel=email", "failures", "0/3", "->", "3/3", "schema",
    ]  # fmt: skip
    assert lines[at + 1 : at + 3] == ["    - queue: billing", "    + queue: other"]
    assert "cases: 1 regressed, 199 unchanged" in lines
    assert "next: gate explain triage t-017" in lines


@pytest.mark.parametrize(
    "cases", [pytest.param(0, id="no-case-moved"), pytest.param(1, id="a-case-is-flaky")]
)
def test_a_fail_without_a_regressed_case_is_shown(build: Builder, cases: int) -> None:
    # Cost and latency rise while every answer stays usable.
    finding = build.finding(metric="cost", unit="usd", old=0.001, new=0.002, change=1.0, limit=1.1)
    flaky = (build.case(outcome=Outcome.FLAKY),) * cases
    text = render(build.report(build.suite(finding, cases_changed=flaky)), "table")
    assert text.startswith("FAIL: ")
    assert "0.002000 USD" in text.splitlines()[0]


def test_a_new_case_is_marked(build: Builder) -> None:
    suite = build.suite(cases_changed=(build.case("t-new", is_new=True),))
    assert any(
        line.startswith("  t-new (new case)")
        for line in render(build.report(suite), "table").splitlines()
    )


def test_only_the_worst_five_are_shown_in_full(build: Builder) -> None:
    cases = tuple(build.case(f"t-{i:02}") for i in range(9))
    fixed = build.case("t-better", outcome=Outcome.FIXED)
    text = render(build.report(build.suite(cases_changed=(*cases, fixed))), "table")
    shown = [line.split()[0] for line in text.splitlines() if line.startswith("  t-")]
    assert shown == ["t-00", "t-01", "t-02", "t-03", "t-04"]
    assert "cases: 9 regressed, 1 fixed, 190 unchanged" in text.splitlines()


def test_failure_codes_stand_side_by_side(build: Builder) -> None:
    suite = build.suite(failure_codes_old={})
    lines = render(build.report(suite), "table").splitlines()
    assert "failure codes, old: none; new: schema 51, truncated 4" in lines


def test_the_footer_says_what_it_took(build: Builder) -> None:
    last = render(build.report(), "table").splitlines()[-1]
    for part in ("412 calls", "2000 recorded", "0.1200 USD", "12.3 s", "abc123:gate.yaml",
                 "support-automation"):  # fmt: skip
        assert part in last


NOT_ASKED = tuple(f"n-{n}" for n in range(22))


def test_cases_that_an_early_stop_never_asked_are_counted(build: Builder) -> None:
    lines = render(build.report(build.suite(not_asked=NOT_ASKED)), "table").splitlines()
    assert "cases: 1 regressed, 177 unchanged, 22 not asked" in lines
    none = build.suite(not_asked=NOT_ASKED, cases_changed=())
    assert "cases: 178 unchanged, 22 not asked" in render(build.report(none), "table").splitlines()


@pytest.mark.parametrize(
    ("case_id", "flags", "command"),
    [
        pytest.param("t-1", "", "gate explain triage t-1", id="plain"),
        pytest.param("a b", "--base main", "gate explain triage 'a b' --base main", id="a-space"),
        pytest.param("$(rm x)", "", "gate explain triage '$(rm x)'", id="a-command-as-id"),
        pytest.param(
            "t", "; rm x | `y`", "gate explain triage t ';' rm x '|' '`y`'", id="commands-as-flags"
        ),
        pytest.param("m::c", "", "gate explain triage m:'':c", id="what-a-log-would-read"),
        pytest.param("a ::b", "", "gate explain triage 'a :'':b'", id="and-in-quotes"),
        pytest.param("-x", "--base m", "gate explain --base m -- triage -x", id="a-dash"),
        pytest.param("t", "--old a::b", "gate explain triage t --old a:'':b", id="in-a-flag"),
    ],
)
def test_the_next_command_is_one_command_whatever_it_names(
    build: Builder, case_id: str, flags: str, command: str
) -> None:
    suite = build.suite(cases_changed=(build.case(case_id),))
    text = render(build.report(suite, explain_flags=flags), "table")
    assert f"next: {command}" in text.splitlines()
    told = [*shlex.split(flags), case_id]
    assert sorted(set(shlex.split(command)) - {"gate", "explain", "triage", "--"}) == sorted(told)


@pytest.mark.parametrize(
    ("case_id", "flags"),
    [
        pytest.param("t\u202e", "", id="a-hidden-character"),
        pytest.param("t", "--old 'x", id="an-open-quote"),
        pytest.param("t", "--old x " * 500, id="nobody-types-it"),
    ],
)
def test_a_command_that_would_not_do_it_is_not_named(
    build: Builder, case_id: str, flags: str
) -> None:
    suite = build.suite(cases_changed=(build.case(case_id),))
    assert "next: " not in render(build.report(suite, explain_flags=flags), "table")


def test_one_prompt_on_both_sides_names_no_next_step(build: Builder) -> None:
    suite = build.suite()
    text = render(build.report(build.suite(prompt_new=suite.prompt_old)), "table")
    assert "  t-017  channel=email  failures 0/3 -> 3/3  schema\n" in text
    assert "next: " not in text


def test_two_models_are_both_named(build: Builder) -> None:
    suite = build.suite(prompt_new=PromptSeen(fingerprint="f1", model="anthropic/other"))
    assert "openai/tiny -> anthropic/other" in render(build.report(suite), "table")


def test_a_case_id_that_looks_like_a_number_stays_as_it_is(build: Builder) -> None:
    cases = (build.case("1e5", segment={"tag": "1e5"}),)
    suite = build.suite(build.finding(segment="tag=1e5"), cases_changed=cases)
    text = render(build.report(suite), "table")
    assert "tag=1e5" in text
    assert "next: gate explain triage 1e5" in text


def test_a_pass_says_what_was_waived(build: Builder) -> None:
    suite = build.suite(build.finding(waived=True), verdict=Verdict.PASS)
    first = render(build.report(suite, verdict=Verdict.PASS, exit_code=0), "table").splitlines()[0]
    assert first.startswith("PASS: 1 finding waived, otherwise no regression")


def test_a_rise_of_cost_is_not_put_on_cases_that_fail(build: Builder) -> None:
    finding = build.finding(metric="cost", unit="usd", old=0.001, new=0.002, change=1.0, limit=1.1)
    first = render(build.report(build.suite(finding)), "table").splitlines()[0]
    assert first.endswith("(+100.0 %, allowed +10 %)")


def test_an_inconclusive_metric_says_between_which_changes_it_is(build: Builder) -> None:
    # Otherwise a p-value below alpha, or an interval below the limit, would seem to say more.
    finding = build.finding(verdict=Verdict.INCONCLUSIVE, bounds=(-0.004, 0.071))
    suite = build.suite(finding, verdict=Verdict.INCONCLUSIVE)
    text = render(build.report(suite, verdict=Verdict.INCONCLUSIVE, exit_code=0), "table")
    (line,) = [each for each in text.splitlines() if each.startswith("failures: inconclusive")]
    assert "; up to -0.4 pp it would pass, from about +7.1 pp fail; this run finds" in line
