from __future__ import annotations

from random import Random

import pytest

from gate.replay.congestion import Congestion


def limits_after(ceiling: int, outcomes: str) -> list[float]:
    """The limit after each window; `t` is turned away, `a` answers in 100 ms, `s` in 400 ms."""
    congestion, found = Congestion(ceiling), []
    for each in outcomes:
        before = congestion.limit
        if each == "t":
            congestion.turned_away()
        else:
            congestion.answered(400.0 if each == "s" else 100.0)
        if congestion.limit != before:
            found.append(congestion.limit)
    return found


@pytest.mark.parametrize(
    ("ceiling", "outcomes", "limits"),
    [
        pytest.param(16, "a" * 64, [], id="all-answered-stays-at-the-ceiling"),
        # Half of a window of 16 turned away is enough to see it: 16 x (1 - 1/2).
        pytest.param(16, "t" * 8, [8.0], id="all-turned-away-halves"),
        pytest.param(16, "t" * 100, [8.0, 4.0, 2.0, 1.0], id="never-below-one"),
        # 1 of 16: 16 x (1 - 1/32) + 1 = 16.5, which is above the ceiling.
        pytest.param(16, "t" + "a" * 15, [], id="one-of-sixteen-hardly-moves-it"),
        # 4 of 16: 16 x (1 - 1/8) + 1 = 15; then 15 answers, and one more place.
        pytest.param(16, "tttt" + "a" * 12 + "a" * 15, [15.0, 16.0], id="a-quarter-and-back"),
        # From 8 one place more a window, of 8 and of 9 answers.
        pytest.param(16, "t" * 8 + "a" * 17, [8.0, 9.0, 10.0], id="grows-by-one-a-window"),
        # Four times as slow as before: 30 % fewer, and fewer still if it got better meanwhile.
        pytest.param(16, "a" * 16 + "s" * 16, [11.2], id="latency-collapses"),
        # 11.2, then it is as slow with 11 as with 16: this is the usual latency, and back up.
        pytest.param(16, "a" * 16 + "s" * 28, [11.2, 12.2], id="fewer-calls-do-not-help"),
        pytest.param(16, "a" * 16 + "s" * 16 + "a" * 11, [11.2, 12.2], id="latency-recovers"),
        pytest.param(1, "t" * 20 + "a" * 20, [], id="one-stays-one"),
    ],
)
def test_the_limit_follows_the_outcomes(ceiling: int, outcomes: str, limits: list[float]) -> None:
    assert limits_after(ceiling, outcomes) == pytest.approx(limits, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_one_call_in_twenty_turned_away_at_random_leaves_most_places(seed: int) -> None:
    # At 5 % a limit L loses L x 0.05 / 2 a window and gains 1: in balance at 40, above 32.
    draw = Random(seed).random  # noqa: S311 -- noise
    congestion, limits = Congestion(32), []
    for _ in range(5000):
        if draw() < 0.05:
            congestion.turned_away()
        else:
            congestion.answered(50.0)
        limits.append(congestion.limit)
    assert sum(limits) / len(limits) > 28


def test_a_vendor_is_crowded_while_half_of_the_calls_are_turned_away() -> None:
    congestion = Congestion(8)
    for _ in range(4):
        congestion.turned_away()
    assert congestion.is_crowded
    for _ in range(8):
        congestion.answered(50.0)
    assert not congestion.is_crowded


def test_how_long_an_answer_takes_is_known_after_a_window() -> None:
    congestion = Congestion(8)
    assert congestion.usual_s == 1.0
    for _ in range(8):
        congestion.answered(50.0)
    assert congestion.usual_s == 0.05
