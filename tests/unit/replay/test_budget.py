from __future__ import annotations

import time

import pytest
from stub_vendor import (
    CUT,
    GARBAGE,
    OK,
    Behaviour,
    StubVendor,
)
from unit.replay.replaying import BROKEN, SLOW_DOWN, Run


@pytest.mark.parametrize("budget", [0, 1, 12, 13])
def test_the_budget_of_calls_is_never_exceeded(budget: int) -> None:
    # Eight throttled at once leave one place, before which the others wait.
    with StubVendor([SLOW_DOWN] * 8, otherwise=Behaviour(delay_s=0.01)) as stub:
        run = Run(stub, 30, concurrency=8, max_calls=budget)
    assert len(stub.seen) == budget
    assert run.tally is not None
    assert run.tally.attempts == budget
    assert run.tally.budget_spent == "--max-calls is used up"


def test_a_budget_that_is_just_enough_is_not_spent() -> None:
    with StubVendor() as stub:
        run = Run(stub, 12, concurrency=8, max_calls=12)
    assert run.tally is not None
    assert (run.tally.answered, run.tally.budget_spent) == (12, "")


def test_the_budget_of_money_ends_the_run() -> None:
    with StubVendor() as stub:
        run = Run(stub, 10, concurrency=1, max_cost_usd=1.0, cost_usd=0.5, most_usd=0.5)
    assert len(stub.seen) == 2
    assert run.tally is not None
    assert run.tally.cost_usd == 1.0
    assert run.tally.budget_spent == "--max-cost: what is left may not pay for another call"


@pytest.mark.parametrize("concurrency", [1, 8, 32])
def test_the_budget_of_money_is_never_exceeded(concurrency: int) -> None:
    # Each call may cost 0.5 and costs 0.25: those that could be too many wait for the others.
    with StubVendor(otherwise=Behaviour(delay_s=0.01)) as stub:
        run = Run(stub, 50, concurrency=concurrency, max_cost_usd=2.0, cost_usd=0.25, most_usd=0.5)
    assert run.tally is not None
    assert run.tally.cost_usd == 0.25 * len(stub.seen) == 1.75
    assert stub.most_at_once <= 4


def test_an_answer_that_was_cut_may_be_billed_and_counts_as_dear_as_it_can_be() -> None:
    with StubVendor([CUT, GARBAGE], otherwise=OK) as stub:
        run = Run(stub, 10, concurrency=1, max_cost_usd=2.0, cost_usd=0.25, most_usd=0.5)
    assert run.tally is not None
    assert (run.tally.doubtful_usd, run.tally.cost_usd) == (1.0, 0.75)
    assert len(stub.seen) == 5


def test_what_is_turned_away_costs_nothing() -> None:
    with StubVendor([SLOW_DOWN, BROKEN, OK]) as stub:
        run = Run(stub, 1, max_cost_usd=0.5, cost_usd=0.5, most_usd=0.5)
    assert run.tally is not None
    assert (run.tally.doubtful_usd, run.tally.cost_usd) == (0.0, 0.5)


def test_no_call_starts_after_the_deadline() -> None:
    with StubVendor(otherwise=Behaviour(delay_s=0.02)) as stub:
        run = Run(stub, 500, concurrency=2, deadline_at=time.monotonic() + 0.3)
    assert run.tally is not None
    assert run.tally.budget_spent == "--deadline is reached"
    assert 0 < len(stub.seen) < 100
    assert run.tally.answered == len(stub.seen)
