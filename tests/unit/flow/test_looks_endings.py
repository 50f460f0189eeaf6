from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest
from unit.flow.four_looks import EACH, Judge, Play, play

from gate.core.model import Response
from gate.errors import ConfigError, IncompleteError, ProviderFault
from gate.flow.looks import AHEAD
from gate.replay.budget import Limits
from gate.replay.engine import replay

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.core.model import Request


class Vendor:
    """Answers in an order of its own; some calls it refuses, or ends the run."""

    max_in_flight: int | None = None

    def __init__(
        self,
        *,
        seed: int = 0,
        refuses_at: int | None = None,
        answers: bool = True,
        before_refusing: Callable[[], None] = lambda: None,
    ) -> None:
        self.asked = 0
        self._random = Random(seed)  # noqa: S311 -- an order, no secret
        self._refuses_at = refuses_at
        self._answers = answers
        self._before_refusing = before_refusing

    async def complete(self, request: Request, *, seed: int) -> Response:
        self.asked += 1
        if self.asked == self._refuses_at:
            self._before_refusing()
            raise IncompleteError(f"HTTP 401 for {request.digest}, {seed}")
        await asyncio.sleep(self._random.choice((0, 0, 0.001, 0.003)))
        if not self._answers:
            raise ProviderFault("no", code="rejected", retryable=False)
        return Response(text="x", finish_reason="stop", latency_ms=1.0)

    async def close(self) -> None:
        """Nothing to release."""


def play_all(judge: Judge, vendor: Vendor, *, width: int, max_calls: int | None = None) -> None:
    async def run() -> None:
        looks = Play(judge, width=width).looks
        limits = Limits(concurrency=width, max_calls=max_calls)
        try:
            await replay(looks, {"new": vendor}, limits=limits, keep=lambda *_: 0.0)
        finally:
            await looks.finish()

    play(run)


@pytest.mark.parametrize("width", [1, 3, 8])
@pytest.mark.parametrize(
    ("judging", "max_calls"),
    [
        pytest.param({}, None, id="to-the-end"),
        pytest.param({"stops_at": 2}, None, id="decided"),
        pytest.param({}, 0, id="no-budget"),
        pytest.param({}, 15, id="budget-within-a-look"),
        pytest.param({}, 20, id="budget-at-a-look"),
    ],
)
def test_no_ending_leaves_a_worker_waiting(
    judging: dict[str, int], max_calls: int | None, width: int
) -> None:
    judge, vendor = Judge(**judging), Vendor(seed=width)
    play_all(judge, vendor, width=width, max_calls=max_calls)
    assert judge.seen == list(range(len(judge.seen)))
    if max_calls is None and not judging:
        assert (vendor.asked, len(judge.seen)) == (4 * EACH, 4)
    elif max_calls is not None:
        assert (vendor.asked, len(judge.seen)) == (max_calls, max_calls // EACH)
    else:
        assert len(judge.seen) == 3
        assert vendor.asked <= 3 * EACH + AHEAD * width


@pytest.mark.parametrize("width", [1, 3, 8])
@pytest.mark.parametrize(
    ("judging", "vending", "error"),
    [
        pytest.param({"breaks_at": 1}, {}, ConfigError, id="error-in-judging"),
        pytest.param({}, {"refuses_at": 17}, IncompleteError, id="key-refused"),
        pytest.param({}, {"answers": False}, IncompleteError, id="nobody-answers"),
    ],
)
def test_no_error_leaves_a_worker_waiting(judging, vending, error, width: int) -> None:
    judge, vendor = Judge(**judging), Vendor(seed=width, **vending)
    with pytest.raises(error):
        play_all(judge, vendor, width=width)
    assert judge.seen == list(range(len(judge.seen)))
    assert vendor.asked < 4 * EACH


def test_a_key_refused_while_the_deciding_look_is_judged_is_still_an_error() -> None:
    judge = Judge(stops_at=0)
    judge.may_go_on.clear()
    vendor = Vendor(refuses_at=EACH + 1, before_refusing=judge.may_go_on.set)
    with pytest.raises(IncompleteError, match="HTTP 401"):
        play_all(judge, vendor, width=1)
    assert judge.seen == [0]
