from __future__ import annotations

import pytest
from unit.core.builders import case

from gate.core.blindness import both_ways
from gate.core.score import Score, ScoredCase


def scores(*overrides: float | str | None) -> tuple[Score, ...]:
    """Trials with an override, set apart as references (None), or lacking a signal ("?")."""
    return tuple(
        Score(
            failure_code=None,
            override=None if isinstance(each, str) else each,
            cost_usd=None,
            tokens=None,
            latency_ms=None,
            text="",
            lacks_signal=each == "?",
        )
        for each in overrides
    )


@pytest.mark.parametrize(
    ("old", "new", "ways"),
    [
        pytest.param((0.1, 0.2), (0.3,), [], id="all-are-judged"),
        pytest.param((None, 0.2), (0.3,), [], id="references-lack-nothing"),
        pytest.param((), (), [], id="no-answer-at-all"),
        pytest.param(
            (0.1, "?"), ("?", 0.3), [((0.1, 0.0), (1.0, 0.3)), ((0.1, 1.0), (0.0, 0.3))],
            id="a-rise-at-the-most-and-a-fall",
        ),
    ],
)  # fmt: skip
def test_what_could_not_be_judged_is_taken_for_the_worst_and_the_best(old, new, ways):
    worlds = both_ways([ScoredCase(case=case(), old=scores(*old), new=scores(*new))])
    found = [
        (tuple(each.override for each in world.old), tuple(each.override for each in world.new))
        for (world,) in worlds
    ]
    assert found == ways
