"""What is scored beside the calls and guessed before a look changes nothing that the look finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.core.checks import parse_check
from gate.core.config import Suite
from gate.core.model import Case, Message, Prompt, Response
from gate.core.policy import Policy, Tolerance
from gate.core.report import Finding, LookTaken, Verdict
from gate.core.score import Rules
from gate.core.secrets import Secrets
from gate.flow.asking import Asking, make_plan
from gate.flow.change import Side, SuiteChange
from gate.flow.gathered import Gathered, add_trial, recorded
from gate.flow.judge import SuiteJudge, looks_told
from gate.store.recordings import Recordings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CASES = tuple(Case(case_id=f"c{i:03}", input=f"text {i}") for i in range(80))
POLICY = Policy(metrics={"failure_rate": Tolerance(max_rise=0.01)})


def side(verb: str) -> Side:
    messages = (Message(role="user", content=f"{verb} {{{{input}}}}"),)
    prompt = Prompt(
        path=f"{verb}.prompt.yml", name=verb, model="openai/m", parameters={}, messages=messages
    )
    return Side(prompt=prompt, baseline=None)


CHANGE = SuiteChange(
    suite=Suite(
        name="s",
        prompt="p",
        rules=Rules(checks=(parse_check("equals", "right", load_schema=lambda _: None),)),
    ),
    cases=CASES,
    old=side("Read"),
    new=side("Sort"),
)


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Gathered]:
    """Nothing was answered yet."""
    recordings = Recordings(tmp_path / "recordings.db", secrets=Secrets({}))
    asking = Asking(repeats=1)
    plan = make_plan(CHANGE, asking)
    yield recorded(plan, (recordings,), {"old": asking.old, "new": asking.new})[0]
    recordings.close()


def answer(found: Gathered, *, sides: tuple[str, ...] = ("old", "new"), first: int = 80) -> None:
    """The first cases of the plan are answered: old as it should be, new never."""
    for wanted in found.plan.wanted:
        if wanted.pair < first and wanted.side in sides:
            text = "right" if wanted.side == "old" else "wrong"
            response = Response(text=text, finish_reason="stop", latency_ms=1.0)
            add_trial(found, wanted, "live", response)


def judge() -> SuiteJudge:
    return SuiteJudge(CHANGE, POLICY, set())


def test_a_guess_says_what_the_look_would_say_and_leaves_no_verdict(found: Gathered) -> None:
    answer(found, first=found.plan.ends[2])
    guessing = judge()
    assert guessing.would_stop(found, 2)
    assert guessing.judged is None
    assert guessing.judge(found, 2)


def test_a_guess_before_the_answers_are_there_stops_nothing(found: Gathered) -> None:
    assert not judge().would_stop(found, 0)
    answer(found, sides=("old",))
    assert not judge().would_stop(found, 0)


def test_a_guess_of_a_part_does_not_hide_the_answers_that_come_later(found: Gathered) -> None:
    answer(found, sides=("old",))
    early = judge()
    assert not early.would_stop(found, 3)
    answer(found, sides=("new",))
    assert early.judge(found, 3)
    late = judge()
    late.judge(found, 3)
    assert early.report(found).findings == late.report(found).findings


def test_cases_are_scored_when_both_sides_are_there_and_not_again(found: Gathered) -> None:
    half = CASES[:40]
    ids = {case.case_id for case in half}
    for wanted in found.plan.wanted:
        if wanted.side == "old" or wanted.case.case_id in ids:
            response = Response(text="right", finish_reason="stop", latency_ms=1.0)
            add_trial(found, wanted, "live", response)
    early = judge()
    early.prepare(found, CASES)
    early.judge(found, 7)
    prepared = {each.case.case_id: each for each in early.scored}
    early.prepare(found, CASES)
    early.judge(found, 7)
    assert all(prepared[each.case.case_id] is each for each in early.scored)
    assert {each.case.case_id for each in early.scored if each.new} == ids


def test_the_report_tells_every_look_that_was_taken(found: Gathered) -> None:
    answer(found)
    judge = SuiteJudge(CHANGE, POLICY, set())
    taken = 1 + next(look for look in range(8) if judge.judge(found, look))
    looks = judge.report(found).looks
    assert len(looks) == taken > 1
    new = [each.trials_new for each in looks]
    assert new == sorted(new)
    assert looks[-1].findings == judge.report(found).findings
    assert [each.verdict.value for look in looks for each in look.findings] == [
        *["inconclusive"] * (taken - 1), "fail",
    ]  # fmt: skip


def test_of_the_segments_a_look_tells_those_that_failed_in_the_end() -> None:
    whole, email, chat = (
        Finding(
            id="failure-rate-rise", metric="failure_rate", segment=segment, old=0, new=1, change=1,
            interval=None, p_value=0, limit=0, unit="rate", n=1, detectable=None, provable=None,
            trials_needed=None, alpha=0.05, verdict=verdict,
        )
        for segment, verdict in (
            (None, Verdict.PASS), ("channel=email", Verdict.FAIL), ("channel=chat", Verdict.PASS),
        )
    )  # fmt: skip
    taken = (LookTaken(trials_old=1, trials_new=1, findings=(whole, email, chat)),)
    assert looks_told(taken, (whole, email, chat))[0].findings == (whole, email)
