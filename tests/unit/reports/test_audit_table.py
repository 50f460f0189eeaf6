from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from attacks import ATTACKS

from gate.core.audited import (
    Audit,
    AuditCase,
    AuditReport,
    AuditTest,
    AuditTrial,
    Level,
    WorstCase,
)
from gate.reports.audit_table import render


def value_test(metric: str, p_value: float, **keys: Any) -> AuditTest:
    unit = {"failures": "rate", "cost": "usd", "text": "distance"}[metric]
    test = AuditTest(
        metric=metric,
        unit=unit,
        cases=20,
        recorded=0.05,
        live=0.5,
        p_value=p_value,
        alpha=0.05 / 3,
    )
    return replace(test, **keys)


def report(*tests: AuditTest, notes: tuple[str, ...] = (), **keys: Any) -> AuditReport:
    return AuditReport(
        suite="triage",
        audit=Audit(tests=tests, can_find=True, **keys),
        seed=4711,
        chosen=20,
        chosen_cases=20,
        recorded=300,
        recorded_cases=60,
        recorded_at="2026-03-01T08:00:00Z",
        calls=22,
        retries=2,
        missing=1,
        cost_usd=0.0123,
        notes=notes,
    )


FAILING = value_test("failures", 0.00002)
COST = value_test("cost", 0.4, recorded=0.000123, live=0.000125)
TEXT = value_test("text", 0.01, recorded=0.1234, live=0.5678)
ONE = AuditCase(
    case_id="t-017",
    recorded=(
        AuditTrial(text="broken", failure_code="json", input_tokens=7),
        AuditTrial(text='{"queue": "billing"}', input_tokens=7),
    ),
    live=(
        AuditTrial(text="fine", input_tokens=9),
        AuditTrial(text="I would say\nbilling", failure_code="json", input_tokens=8),
    ),
)
WORST = WorstCase(
    case=ONE,
    levels=(
        Level(metric="failures", unit="rate", recorded=0.5, live=0.5),
        Level(metric="text", unit="distance", recorded=0.25, live=0.75),
    ),
)


def test_a_whole_implausible_audit() -> None:
    seen = report(
        FAILING, COST, TEXT, passing=19, broken=9, worst=(WORST,), counted_otherwise=(ONE,)
    )
    assert render(seen).splitlines() == [
        "IMPLAUSIBLE: suite triage: 9 of 19 recorded answers that pass fail when called again "
        "(p < 0.0001); answers called again read otherwise than the recorded ones (distance to "
        "the others 0.568, recorded 0.123) (p = 0.0100)",
        "",
        "20 of 300 recorded answers called again, in 20 of 60 cases, chosen by seed 4711 "
        "(--seed 4711 chooses the same)",
        "value       cases      recorded          live         p    alpha  verdict",
        "--------  -------  ------------  ------------  --------  -------  -----------",
        "failures       20         5.0 %        50.0 %  < 0.0001   0.0167  implausible",
        "cost           20  0.000123 USD  0.000125 USD    0.4000   0.0167  plausible",
        "text           20         0.123         0.568    0.0100   0.0167  implausible",
        "note: 1 of 20 requests are counted otherwise today, the first of case t-017 (8 or 9 "
        "input tokens, recorded 7): the recordings are of another request, or the provider counts "
        "otherwise",
        "",
        "case t-017: failures 50.0 % recorded, 50.0 % live, text 0.250 recorded, 0.750 live",
        '  recorded, passes: {"queue": "billing"}',
        "  live, fails (json): I would say\\nbilling",
        "",
        "22 calls and 2 retries, 1 answers missing, 0.0123 USD",
        "the file was edited, or the model changed since 2026-03-01T08:00:00Z; a new baseline "
        "settles both",
        "next: gate refresh triage, by someone who holds the key",
    ]


def test_a_whole_plausible_audit() -> None:
    calm = replace(FAILING, p_value=0.3, live=0.1)
    seen = report(calm, not_tested={"cost": "the provider reports no tokens"}, notes=("no checks",))
    assert render(replace(seen, retries=0, missing=0, calls=20, cost_usd=0.0)).splitlines() == [
        "PLAUSIBLE: suite triage: nothing tells 20 answers called again from the recorded ones "
        "(least p = 0.3000, implausible from 0.0167)",
        "",
        "20 of 300 recorded answers called again, in 20 of 60 cases, chosen by seed 4711 "
        "(--seed 4711 chooses the same)",
        "value       cases    recorded    live       p    alpha  verdict",
        "--------  -------  ----------  ------  ------  -------  ---------",
        "failures       20       5.0 %  10.0 %  0.3000   0.0167  plausible",
        "cost: not tested, the provider reports no tokens",
        "note: no checks",
        "",
        "20 calls",
    ]


def test_a_cost_that_is_the_cause_is_told_in_its_unit() -> None:
    dear = replace(COST, unit="tokens", p_value=0.001, recorded=11.04, live=22.0)
    assert render(report(replace(FAILING, p_value=1.0), dear)).startswith(
        "IMPLAUSIBLE: suite triage: answers called again take 22.0 tokens, the recorded ones say "
        "11.0 tokens (p = 0.0010)\n"
    )


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        pytest.param([None], "unknown input tokens", id="left-out"),
        pytest.param([5, None, 4], "unknown or 4 or 5 input tokens", id="some-left-out"),
        pytest.param([4, 3, 2, 1], "1 or 2 or 3 or others input tokens", id="many"),
    ],
)
def test_counts_are_told_as_far_as_they_are_read(counts: list[int | None], told: str) -> None:
    live = tuple(AuditTrial(text="", input_tokens=count) for count in counts)
    seen = report(COST, counted_otherwise=(replace(ONE, live=live),))
    assert f"({told}, recorded 7)" in render(seen)


def test_only_failing_recordings_are_shown_where_there_is_no_other() -> None:
    case = replace(ONE, recorded=ONE.recorded[:1], live=ONE.live[:1])
    shown = render(report(FAILING, worst=(replace(WORST, case=case),)))
    assert "\n  recorded, fails (json): broken\n  live, passes: fine\n" in shown


def test_the_next_step_is_one_word_to_a_shell() -> None:
    assert "next: gate refresh 'a suite; true', by" in render(
        replace(report(FAILING), suite="a suite; true")
    )


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ATTACKS.items()])
def test_a_hostile_text_neither_acts_nor_hides_nor_floods(text: str) -> None:
    trial = AuditTrial(text=text, failure_code=text)
    case = AuditCase(case_id=text, recorded=(trial,), live=(trial,))
    worst = (replace(WORST, case=case),)
    seen = report(
        FAILING,
        worst=worst,
        counted_otherwise=(case,),
        not_tested={"cost": text},
        notes=(text,),
    )
    shown = render(replace(seen, suite=text, recorded_at=text))
    acting = {"Cc", "Cf", "Cs", "Co"}
    assert not [
        each
        for each in shown
        if each != "\n" and (unicodedata.category(each) in acting or each in "\u2028\u2029")
    ]
    assert "::" not in shown
    assert "##[" not in shown
    assert len(shown.splitlines()) == len(render(seen).splitlines()) == 17
    assert len(shown) < 30_000
