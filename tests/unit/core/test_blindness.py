from __future__ import annotations

import pytest
from unit.core.builders import case

from gate.core.blindness import is_blind
from gate.core.policy import Policy, Tolerance
from gate.core.score import Score, ScoredCase

OVERRIDES = Policy(metrics={"override_rate": Tolerance(max_rise=0.05)})
FAILURES = Policy(metrics={"failure_rate": Tolerance(max_rise=0.05)})


def scores(seen: int, *, lacking: int = 0, apart: int = 0) -> tuple[Score, ...]:
    """Trials with an override, trials that lack a signal, and trials set apart as references."""
    kinds = [(0.5, False)] * seen + [(None, True)] * lacking + [(None, False)] * apart
    return tuple(
        Score(
            failure_code=None, override=override, cost_usd=None, tokens=None, latency_ms=None,
            text="", lacks_signal=lacks,
        )
        for override, lacks in kinds
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "blind"),
    [
        pytest.param(scores(20), scores(20), False, id="all-are-seen"),
        pytest.param(scores(20), scores(19, lacking=1), False, id="one-of-twenty-lacks"),
        pytest.param(scores(20), scores(18, lacking=2), True, id="two-of-twenty-lack"),
        pytest.param(scores(18, lacking=2), scores(20), True, id="on-the-old-side"),
        pytest.param(scores(5, apart=3), scores(5), False, id="references-lack-nothing"),
        pytest.param((), (), False, id="no-answer-at-all"),
    ],
)
def test_more_than_one_of_twenty_answers_without_a_signal_are_too_many(old, new, blind):
    scored = [ScoredCase(case=case(), old=old, new=new)]
    assert is_blind(scored, OVERRIDES) is blind
    assert not is_blind(scored, FAILURES)
