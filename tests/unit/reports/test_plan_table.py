from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from gate.core.forecast import Forecast
from gate.core.suite_plan import SuitePlan
from gate.reports.plan_table import render


def forecast(**keys: Any) -> Forecast:
    return replace(
        Forecast(
            metric="failure_rate",
            segment=None,
            cases=132,
            level=0.314,
            tolerance=0.05,
            detectable=0.064,
            provable=0.018,
            cases_needed=None,
            can_fail=True,
            is_measured=True,
        ),
        **keys,
    )


def plan(*forecasts: Forecast, **keys: Any) -> SuitePlan:
    return replace(
        SuitePlan(
            suite="triage",
            is_affected=True,
            cases=132,
            repeats=2,
            calls_old=0,
            calls_new=264,
            known=660,
            confirming=264,
            cost_usd=0.01234,
            is_priced=True,
            forecasts=forecasts or (forecast(),),
        ),
        **keys,
    )


def test_a_whole_plan() -> None:
    small = forecast(segment="channel=fax", cases=2, level=0.0, provable=0.535, can_fail=False)
    assert render([plan(forecast(), small)]).splitlines() == [
        "suite triage: affected",
        "132 cases, 2 new trials each; at most 264 calls, 0.0123 USD; 660 answers are known; "
        "confirming a fail takes up to 264 more",
        "metric    segment        cases    baseline    limit    finds from    proves from",
        "--------  -----------  -------  ----------  -------  ------------  -------------",
        "failures  all              132      31.4 %  +5.0 pp       +6.4 pp        +1.8 pp",
        "failures  channel=fax        2       0.0 %  +5.0 pp   cannot fail       +53.5 pp",
        "too few trials to fail by themselves, whatever their answers: channel=fax",
    ]


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        pytest.param(
            {"calls_old": 3, "calls_new": 4}, "at most 7 calls (3 old, 4 new), ", id="both-sides"
        ),
        pytest.param({"repeats": 1}, "\n132 cases, 1 new trial each; ", id="one-trial"),
        pytest.param(
            {"cost_usd": None, "is_priced": False},
            "264 calls, cost unknown (no price); 660 ",
            id="no-price",
        ),
        pytest.param(
            {"cost_usd": None},
            "264 calls, cost unknown (no answer yet whose tokens were counted); 660 ",
            id="a-price-and-no-answer",
        ),
        pytest.param(
            {"calls_new": 0, "cost_usd": 0.0}, "at most 0 calls; 660 ", id="no-call-has-no-cost"
        ),
        pytest.param(
            {"calls_new": 0, "cost_usd": None}, "at most 0 calls; 660 ", id="no-call-needs-no-price"
        ),
        pytest.param({"is_affected": False}, "a change of its prompt would take\n", id="idle"),
    ],
)
def test_the_calls_are_told_by_side_and_price(keys: dict[str, Any], part: str) -> None:
    assert part in render([plan(**keys)])


def test_a_fail_of_live_answers_needs_no_confirmation() -> None:
    assert "confirming" not in render([plan(confirming=0)])


def test_what_cannot_be_proven_says_how_many_cases_it_takes() -> None:
    overrides = forecast(metric="override_rate", tolerance=0.01, cases_needed=181)
    lines = render([plan(forecast(cases_needed=45), overrides)]).splitlines()
    assert lines[-2:] == [
        "failures: a tolerance of 5.0 pp cannot be proven with 132 cases x 2; "
        "it takes about 45 cases",
        "overrides (proxy): a tolerance of 1.0 pp cannot be proven with 132 cases x 2; "
        "it takes about 181 cases",
    ]


def test_a_tolerance_of_nothing_is_called_unprovable() -> None:
    lines = render([plan(forecast(tolerance=0.0))]).splitlines()
    assert lines[-1] == "failures: no number of cases proves a tolerance of 0"


def test_a_segment_that_cannot_be_proven_takes_no_line() -> None:
    segment = forecast(segment="channel=web", cases_needed=45)
    assert "cannot be proven" not in render([plan(forecast(), segment)])
    none = forecast(segment="channel=web", tolerance=0.0)
    assert "no number" not in render([plan(forecast(), none)])


def test_a_small_segment_is_named_once() -> None:
    small = [forecast(segment=name, can_fail=False) for name in ("s=a", "s=a", "s=b")]
    assert render([plan(forecast(), *small)]).splitlines()[-1].endswith(": s=a, s=b")


def test_numbers_that_nothing_was_measured_for_are_called_the_best_case() -> None:
    best = "so these numbers are the best case; next: gate refresh triage"
    assert best in render([plan(forecast(level=None, is_measured=False))])
    assert best not in render([plan(forecast(), forecast(is_measured=False))])


@pytest.mark.parametrize(
    ("keys", "end"),
    [
        pytest.param({"detectable": 1.0}, ["+5.0 pp", "none", "+1.8 pp"], id="found"),
        pytest.param({"provable": 1.02}, ["+5.0 pp", "+6.4 pp", "nothing"], id="proven"),
    ],
)
def test_what_no_number_of_failures_could_reach_is_no_number(
    keys: dict[str, Any], end: list[str]
) -> None:
    (line,) = [each for each in render([plan(forecast(**keys))]).splitlines() if "  all " in each]
    assert re.split(r"  +", line)[-3:] == end


def test_several_suites_stand_apart() -> None:
    text = render([plan(), plan(suite="other", is_affected=False)])
    assert "\n\nsuite other: not affected; a change of its prompt would take\n" in text


def test_notes_come_last_and_nothing_is_called_nothing() -> None:
    assert render([plan()], ["a note", "another"]).endswith("\n\nnote: a note\nnote: another\n")
    assert render([], ["why"]) == "nothing to plan\n\nnote: why\n"


def test_hostile_names_do_nothing() -> None:
    attack = "s=\x1b[2J\u202e\nPASS: "
    text = render([plan(forecast(segment=attack, can_fail=False), suite=attack)], [attack])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\nPASS" not in text
