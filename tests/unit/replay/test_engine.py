from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stub_vendor import (
    CUT,
    GARBAGE,
    HALF_SURROGATE,
    HANG,
    OK,
    Behaviour,
    StubVendor,
    status,
    throttled,
)

from gate.core.model import Case, Message, Prompt, Request, Response
from gate.core.prompt import request_for
from gate.errors import IncompleteError, ProviderFault
from gate.providers.registry import Place, open_provider
from gate.replay.budget import Limits, Tally
from gate.replay.engine import replay
from gate.replay.queue import Answered, Call
from gate.replay.tries import FIRST_TIMEOUTS, FIRST_TRIES, LONGEST_S, THROTTLED, TIMEOUTS, TRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gate.core.model import Provider

BROKEN = status(503, headers={"Retry-After": "0"})
SLOW_DOWN = throttled("0")


def prompt_at(url: str) -> Prompt:
    return Prompt(
        path="p.prompt.yml",
        name="p",
        model="openai/tiny",
        parameters={},
        messages=(Message(role="user", content="{{input}}"),),
        base_url=f"{url}/v1",
    )


def call_of(
    index: int, *, url: str = "http://127.0.0.1:1", repeat: int = 0, most_usd: float = 0.0
) -> Call:
    case = Case(case_id=f"c{index}", input=f"text {index}")
    return Call(
        side="new",
        case_id=case.case_id,
        repeat=repeat,
        request=request_for(prompt_at(url), case),
        most_usd=most_usd,
    )


class InOrder:
    """A queue of calls that are all to be made."""

    def __init__(self, calls) -> None:
        self._calls = iter(calls)
        self.noted: list[Call] = []

    async def take(self) -> Call | None:
        return next(self._calls, None)

    async def answered(self, call: Call) -> None:
        self.noted.append(call)

    @property
    def is_over(self) -> bool:
        return False

    async def stop(self) -> None:
        self._calls = iter(())


class Run:
    """One replay of some calls against a stub, and everything that it kept."""

    def __init__(
        self,
        stub: StubVendor,
        calls: int,
        *,
        timeout_s: float = 5.0,
        max_in_flight: int | None = None,
        cost_usd: float = 0.0,
        most_usd: float = 0.0,
        expect: tuple[type[Exception], ...] = (),
        **limits: object,
    ) -> None:
        self.kept: list[Answered] = []
        self.error: Exception | None = None
        self.tally: Tally | None = None
        self.tasks_left = -1
        self._cost_usd = cost_usd

        async def run() -> None:
            provider = open_provider(prompt_at(stub.url), Place(root=Path(), timeout_s=timeout_s))
            provider.max_in_flight = max_in_flight
            try:
                self.tally = await replay(
                    InOrder(
                        call_of(index, url=stub.url, most_usd=most_usd) for index in range(calls)
                    ),
                    {"new": provider},
                    limits=Limits(**limits),  # type: ignore[arg-type]
                    keep=self._keep,
                )
            except expect as error:
                self.error = error
            finally:
                await provider.close()
            self.tasks_left = len(asyncio.all_tasks() - {asyncio.current_task()})

        asyncio.run(run())

    def _keep(self, answered: Answered, tally: Tally) -> float:
        assert tally.answered + tally.missing == len(self.kept) + 1
        self.kept.append(answered)
        return self._cost_usd

    @property
    def missing(self) -> list[str | None]:
        return [each.missing for each in self.kept]


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


def test_an_answer_in_between_starts_the_count_again() -> None:
    with StubVendor([*[OK, *[status(400)] * 24] * 3]) as stub:
        run = Run(stub, 75, concurrency=1)
    assert run.missing.count("rejected") == 72


def test_one_answer_is_reason_enough_to_go_on() -> None:
    with StubVendor([OK], otherwise=BROKEN) as stub:
        run = Run(stub, 8, concurrency=1)
    assert run.missing == [None, *["transport"] * 7]


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


def test_every_call_is_kept_exactly_once() -> None:
    script = [OK, SLOW_DOWN, BROKEN, OK, status(400), SLOW_DOWN, OK] * 6
    with StubVendor(script) as stub:
        run = Run(stub, 60, concurrency=8)
    assert Counter(each.call.case_id for each in run.kept) == {f"c{i}": 1 for i in range(60)}
    for each in run.kept:
        assert (each.response is None) == (each.missing is not None)
        if each.response is not None:
            assert each.response.text == f"text {each.call.case_id[1:]}"


def test_concurrency_is_a_ceiling() -> None:
    with StubVendor(otherwise=Behaviour(delay_s=0.02)) as stub:
        Run(stub, 40, concurrency=4)
    assert 2 <= stub.most_at_once <= 4


def test_a_provider_that_answers_one_by_one_is_asked_one_by_one() -> None:
    with StubVendor(otherwise=Behaviour(delay_s=0.01)) as stub:
        run = Run(stub, 10, concurrency=8, max_in_flight=1)
    assert stub.most_at_once == 1
    assert [each.call.case_id for each in run.kept] == [f"c{i}" for i in range(10)]


def test_half_of_a_surrogate_pair_becomes_text_that_a_file_can_hold() -> None:
    with StubVendor([HALF_SURROGATE]) as stub:
        run = Run(stub, 1)
    (answered,) = run.kept
    assert answered.response is not None
    assert answered.response.text == "half ? of a pair"


class Notebook:
    """A provider that writes down its seeds."""

    max_in_flight: int | None = None

    def __init__(self, fault: Exception | None = None) -> None:
        self.seeds: dict[tuple[str, int], int] = {}
        self._fault = fault
        self._asked: Counter[str] = Counter()

    async def complete(self, request: Request, *, seed: int) -> Response:
        if self._fault is not None:
            raise self._fault
        text = request.messages[0].content
        self.seeds[text, self._asked[text]] = seed
        self._asked[text] += 1
        return Response(text="x", finish_reason="stop", latency_ms=1.0)

    async def close(self) -> None:
        """Nothing to release."""


def play(
    provider: Provider,
    calls: Iterable[Call],
    *,
    seed: int = 0,
    keep: Callable[[Answered, Tally], float] = lambda *_: 0.0,
) -> Tally:
    limits = Limits(seed=seed, concurrency=1)
    return asyncio.run(replay(InOrder(calls), {"new": provider}, limits=limits, keep=keep))


def seeds(seed: int = 0, order: int = 1) -> dict[tuple[str, int], int]:
    notebook = Notebook()
    play(
        notebook,
        [call_of(i, repeat=repeat) for repeat in range(3) for i in range(20)[::order]],
        seed=seed,
    )
    return notebook.seeds


def test_every_trial_has_a_seed_of_its_own() -> None:
    found = seeds()
    assert len(found) == len(set(found.values())) == 60
    assert all(0 <= seed < 1 << 31 for seed in found.values())


def test_seeds_are_equal_across_runs_and_orders_and_differ_between_seeds() -> None:
    assert seeds() == seeds() == seeds(order=-1)
    assert not set(seeds(0).values()) & set(seeds(1).values())


def test_a_defect_is_not_taken_for_a_fault() -> None:
    with pytest.raises(ZeroDivisionError):
        play(Notebook(ZeroDivisionError()), [call_of(0)])


def test_what_cannot_be_kept_ends_the_run() -> None:
    def keep(*_: object) -> float:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        play(Notebook(), [call_of(i) for i in range(9)], keep=keep)


def test_no_calls_are_no_work() -> None:
    assert play(Notebook(), []) == Tally()


def test_a_fault_says_why_a_trial_is_missing() -> None:
    kept: list[Answered] = []

    def keep(answered: Answered, _: Tally) -> float:
        kept.append(answered)
        return 0.0

    play(Notebook(ProviderFault("too long", code="rejected", retryable=False)), [call_of(0)],
         keep=keep)  # fmt: skip
    assert [(each.missing, each.message) for each in kept] == [("rejected", "too long")]


def test_a_cancelled_run_leaves_no_task() -> None:
    async def run(url: str) -> set[asyncio.Task[None]]:
        provider = open_provider(prompt_at(url), Place(root=Path(), timeout_s=30.0))
        running = asyncio.ensure_future(
            replay(
                InOrder(call_of(i, url=url) for i in range(20)),
                {"new": provider},
                limits=Limits(concurrency=4),
                keep=lambda *_: 0.0,
            )
        )
        while len(stub.seen) < 4:  # noqa: ASYNC110 -- the stub lives in another thread
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await provider.close()
        return left

    with StubVendor(otherwise=HANG) as stub:
        assert asyncio.run(run(stub.url)) == set()
        assert len(stub.seen) == 4
