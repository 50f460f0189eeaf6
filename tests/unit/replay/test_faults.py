from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from stub_vendor import (
    CUT,
    HANG,
    OK,
    Behaviour,
    StubVendor,
    status,
    throttled,
)
from unit.replay.replaying import BROKEN, SLOW_DOWN, InOrder, Run, call_of, prompt_at

from gate.errors import IncompleteError
from gate.providers.registry import Place, open_provider
from gate.replay.budget import Limits, Tally
from gate.replay.engine import replay
from gate.replay.tries import FIRST_TIMEOUTS, FIRST_TRIES, LONGEST_S, THROTTLED, TIMEOUTS, TRIES

if TYPE_CHECKING:
    from pathlib import Path

    from gate.replay.queue import Answered


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the engine sleeps, without the waiting."""
    found: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        found.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return found


def test_a_call_is_retried_until_it_is_answered() -> None:
    with StubVendor([CUT, SLOW_DOWN, BROKEN, OK]) as stub:
        run = Run(stub, 1)
    (answered,) = run.kept
    assert answered.response is not None
    assert (answered.response.text, answered.response.attempts) == ("text 0", 4)
    assert run.tally == Tally(
        attempts=4, retries=3, answered=1, faults={"transport": 2, "throttled": 1}
    )


def test_the_tries_of_one_call_are_bounded() -> None:
    with StubVendor([OK], otherwise=BROKEN) as stub:
        run = Run(stub, 2, concurrency=1)
    assert len(stub.seen) == 1 + TRIES
    assert run.missing == [None, "transport"]
    assert "HTTP 503" in run.kept[1].message
    assert run.tally is not None
    assert (run.tally.answered, run.tally.missing) == (1, 1)


def test_a_server_that_hangs_from_the_start_costs_two_timeouts_a_call() -> None:
    with StubVendor(otherwise=HANG) as stub:
        run = Run(stub, 1, timeout_s=0.1)
    assert len(stub.seen) == FIRST_TIMEOUTS == 2
    assert run.missing == ["timeout"]


def test_a_server_that_answered_before_may_hang_three_times() -> None:
    with StubVendor([OK], otherwise=HANG) as stub:
        run = Run(stub, 2, timeout_s=0.1, concurrency=1)
    assert len(stub.seen) == 1 + TIMEOUTS == 4
    assert run.missing == [None, "timeout"]


def test_a_vendor_that_asks_for_patience_gets_more_of_it() -> None:
    with StubVendor([OK, *[SLOW_DOWN] * (THROTTLED - 1)]) as stub:
        run = Run(stub, 2, concurrency=1)
    assert run.missing == [None, None]
    with StubVendor([OK], otherwise=SLOW_DOWN) as stub:
        run = Run(stub, 2, concurrency=1)
    assert len(stub.seen) == 1 + THROTTLED
    assert run.missing == [None, "throttled"]


def test_while_one_call_pauses_the_others_go_on() -> None:
    # One place, and the second call is asked to wait.
    with StubVendor([OK, throttled("2")]) as stub:
        run = Run(stub, 6, concurrency=1)
    assert [each.call.case_id for each in run.kept] == ["c0", "c2", "c3", "c4", "c5", "c1"]


def test_an_account_without_money_ends_the_run_at_once() -> None:
    empty = Behaviour(status=429, body=b'{"error": {"code": "insufficient_quota"}}')
    with StubVendor([OK, empty]) as stub:
        run = Run(stub, 50, concurrency=1, expect=(IncompleteError,))
    assert "insufficient_quota" in str(run.error)
    assert len(stub.seen) == 2


@pytest.mark.parametrize("code", [400, 422])
def test_a_request_that_is_wrong_is_not_repeated(code: int) -> None:
    with StubVendor([status(code), OK]) as stub:
        run = Run(stub, 2, concurrency=1)
    assert len(stub.seen) == 2
    assert run.missing == ["rejected", None]


@pytest.mark.parametrize("code", [401, 403, 404])
def test_one_refusal_among_many_ends_the_run_at_once(code: int) -> None:
    with StubVendor([OK, OK, OK, status(code)]) as stub:
        run = Run(stub, 50, concurrency=1, expect=(IncompleteError,))
    assert f"HTTP {code}" in str(run.error)
    assert len(stub.seen) == 4
    assert len(run.kept) == 3
    assert run.tasks_left == 0


def test_a_refusal_stops_the_calls_beside_it() -> None:
    with StubVendor([OK, status(401)], otherwise=Behaviour(delay_s=0.01)) as stub:
        run = Run(stub, 200, concurrency=4, expect=(IncompleteError,))
    assert len(stub.seen) < 50
    assert run.tasks_left == 0


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        pytest.param("0.25", 0.25, 0.25, id="honoured"),
        pytest.param("3600", LONGEST_S, LONGEST_S, id="but-bounded"),
        pytest.param(None, 0.125, 0.25, id="absent-backs-off"),
        pytest.param("in a minute", 0.125, 0.25, id="malformed-backs-off"),
        pytest.param("99999999", 0.125, 0.25, id="absurd-backs-off"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0.125, 0.25, id="past-date-backs-off"),
        pytest.param("Wed, 21 Oct 2999 07:28:00 GMT", 0.125, 0.25, id="far-date-backs-off"),
    ],
)
def test_the_pause_is_what_the_vendor_asks_within_bounds(
    pauses: list[float], header: str | None, low: float, high: float
) -> None:
    with StubVendor([throttled(header), OK]) as stub:
        Run(stub, 1)
    assert len(pauses) == 1
    assert low <= pauses[0] <= high


def test_pauses_double_and_jitter(pauses: list[float]) -> None:
    with StubVendor([status(500)] * 3) as stub:
        Run(stub, 1)
    assert len(pauses) == 3
    for pause, most in zip(pauses, (0.25, 0.5, 1.0), strict=True):
        assert most / 2 <= pause <= most
    assert len({pause / most for pause, most in zip(pauses, (0.25, 0.5, 1.0), strict=True)}) == 3


def test_where_nobody_answers_the_run_gives_up() -> None:
    with StubVendor(otherwise=BROKEN) as stub:
        run = Run(stub, 100, concurrency=1, expect=(IncompleteError,))
    assert str(run.error).startswith("5 calls in a row were not answered")
    assert "HTTP 503" in str(run.error)
    # The fifth gives up while one more call is tried: a call that pauses holds no place.
    assert 5 * FIRST_TRIES <= len(stub.seen) <= 9 * FIRST_TRIES
    assert len(run.kept) == 5


def test_a_vendor_that_goes_away_later_is_given_more_time() -> None:
    with StubVendor([OK], otherwise=status(400)) as stub:
        run = Run(stub, 100, concurrency=1, expect=(IncompleteError,))
    assert str(run.error).startswith("25 calls in a row were not answered")
    assert len(stub.seen) == 1 + 25


def test_no_pause_is_longer_than_the_time_that_is_left(pauses: list[float]) -> None:
    with StubVendor([OK, *[throttled("30")] * 3]) as stub:
        run = Run(stub, 2, concurrency=1, deadline_at=time.monotonic() + 5)
    assert run.missing == [None, None]
    assert pauses
    assert all(seconds <= 5 for seconds in pauses)


def test_where_the_calls_are_used_up_nobody_pauses_for_another_try(pauses: list[float]) -> None:
    with StubVendor([OK, throttled("30")]) as stub:
        run = Run(stub, 2, concurrency=1, max_calls=2)
    assert run.tally is not None
    assert run.tally.budget_spent == "--max-calls is used up"
    assert pauses == []


def test_a_worker_that_dies_at_every_try_is_a_missing_answer(
    tmp_path: Path, pauses: list[float]
) -> None:
    (tmp_path / "worker.py").write_text(
        "import pathlib, sys\n"
        "sys.stdin.readline()\n"
        "if pathlib.Path('mark').exists():\n    sys.exit('the database went away')\n"
        "pathlib.Path('mark').touch()\n"
        'print(\'{"id": 1, "output": "yes"}\', flush=True)\n'
    )
    model = f"command/{sys.executable} worker.py"
    prompt = replace(prompt_at("http://127.0.0.1:1"), model=model, base_url=None)
    kept: list[Answered] = []

    async def run() -> Tally:
        provider = open_provider(prompt, Place(root=tmp_path))
        try:
            return await replay(
                InOrder(call_of(index) for index in range(2)),
                {"new": provider},
                limits=Limits(concurrency=1),
                keep=lambda answered, _: kept.append(answered) or 0.0,  # type: ignore[func-returns-value]
            )
        finally:
            await provider.close()

    tally = asyncio.run(run())
    assert [each.missing for each in kept] == [None, "transport"]
    assert "the database went away" in kept[1].message
    assert tally.faults == {"transport": TRIES}
    assert len(pauses) == TRIES - 1


def test_a_call_that_pauses_ends_with_the_budget() -> None:
    # The first pauses for half a minute; the third finds that no call is left.
    with StubVendor([OK, throttled("30"), OK]) as stub:
        run = Run(stub, 4, concurrency=4, max_calls=3)
    assert run.tally is not None
    assert run.tally.budget_spent == "--max-calls is used up"
    assert len(stub.seen) == 3
    assert run.tasks_left == 0


def test_where_a_prompt_was_answered_before_rejections_are_of_single_requests() -> None:
    with StubVendor(otherwise=status(400)) as stub:
        run = Run(stub, 30, concurrency=1, proven=["new"])
    assert run.missing == ["rejected"] * 30


def test_where_a_prompt_was_answered_before_a_vendor_can_still_be_gone() -> None:
    with StubVendor(otherwise=BROKEN) as stub:
        run = Run(stub, 100, concurrency=1, proven=["new"], expect=(IncompleteError,))
    assert str(run.error).startswith("5 calls in a row were not answered")


def test_an_answer_in_between_starts_the_count_again() -> None:
    with StubVendor([*[OK, *[status(400)] * 24] * 3]) as stub:
        run = Run(stub, 75, concurrency=1)
    assert run.missing.count("rejected") == 72


def test_one_answer_is_reason_enough_to_go_on() -> None:
    with StubVendor([OK], otherwise=BROKEN) as stub:
        run = Run(stub, 8, concurrency=1)
    assert run.missing == [None, *["transport"] * 7]
