"""A call that hangs while places are idle is tried once more beside the first attempt."""

from __future__ import annotations

from collections import Counter

import pytest
from stub_vendor import HANG, OK, Behaviour, StubVendor, status
from unit.replay.replaying import BROKEN, Run

SLOW = Behaviour(delay_s=1.8)
LONG_S = 30.0  # a time-out that no test waits for


USUAL = [OK] * 16  # enough to know how long an answer takes
N = len(USUAL) + 1


def kept_once(run: Run) -> bool:
    return Counter(each.call.case_id for each in run.kept) == {f"c{i}": 1 for i in range(N)}


def test_a_call_that_hangs_at_the_end_does_not_hold_the_run_up_until_its_timeout() -> None:
    with StubVendor([*USUAL, HANG]) as stub:
        run = Run(stub, N, concurrency=4, timeout_s=LONG_S)
    assert kept_once(run)
    assert run.missing == [None] * N
    assert run.tally is not None
    assert (run.tally.retries, run.tally.faults) == (1, {})
    assert len(stub.seen) == N + 1
    assert run.tasks_left == 0


def test_where_the_first_attempt_is_answered_after_all_it_counts_and_the_second_ends() -> None:
    with StubVendor([*USUAL, SLOW, HANG]) as stub:
        run = Run(stub, N, concurrency=4, timeout_s=LONG_S)
    assert kept_once(run)
    assert run.missing == [None] * N
    assert len(stub.seen) == N + 1
    assert run.tasks_left == 0


def test_no_call_is_tried_beside_itself_twice() -> None:
    with StubVendor([*USUAL, HANG, HANG]) as stub:
        run = Run(stub, N, concurrency=8, timeout_s=2.0)
    assert run.missing == [None] * N
    assert run.tally is not None
    assert run.tally.faults == {"timeout": 2}
    assert len(stub.seen) == N + 2  # it was the second attempt that was tried again
    assert run.tally.retries == 2


def test_a_second_attempt_that_fails_leaves_the_first_one_alone() -> None:
    with StubVendor([*USUAL, SLOW, status(400)]) as stub:
        run = Run(stub, N, concurrency=4, timeout_s=LONG_S)
    assert kept_once(run)
    assert run.missing == [None] * N
    assert len(stub.seen) == N + 1


def test_where_both_attempts_fail_the_call_is_given_up_once() -> None:
    with StubVendor([*USUAL, HANG], otherwise=status(400)) as stub:
        run = Run(stub, N, concurrency=4, timeout_s=1.5)
    assert kept_once(run)
    assert run.missing == [*[None] * (N - 1), "rejected"]
    assert run.tally is not None
    assert run.tally.missing == 1


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"concurrency": 1}, id="no-place-is-idle"),
        pytest.param({"concurrency": 4, "max_in_flight": 1}, id="one-by-one"),
        pytest.param({"concurrency": 4, "max_calls": 100}, id="calls-are-counted"),
        pytest.param({"concurrency": 4, "max_cost_usd": 100.0}, id="money-is-counted"),
    ],
)
def test_a_call_is_tried_once_at_a_time_where(how: dict[str, int]) -> None:
    with StubVendor([*USUAL, HANG]) as stub:
        run = Run(stub, N, timeout_s=1.3, **how)  # type: ignore[arg-type]
    assert run.missing == [None] * N
    assert run.tally is not None
    assert run.tally.faults == {"timeout": 1}


def test_before_the_first_answer_nobody_knows_how_long_one_takes() -> None:
    with StubVendor([HANG, OK]) as stub:
        run = Run(stub, 1, concurrency=4, timeout_s=1.3)
    assert run.missing == [None]
    assert run.tally is not None
    assert run.tally.faults == {"timeout": 1}


def test_a_call_that_pauses_before_a_retry_does_not_hang() -> None:
    with StubVendor([*USUAL, *[BROKEN] * 3]) as stub:
        run = Run(stub, N, concurrency=4, timeout_s=LONG_S)
    assert run.missing == [None] * N
    assert len(stub.seen) == N + 3
