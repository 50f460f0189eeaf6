from __future__ import annotations

import pytest
from unit.core.builders import policy, scored

from gate.core.missing import missing_could_decide
from gate.core.policy import Policy, Tolerance


def cases(*groups):
    """Groups of (how many, old, new, old missing, new missing)."""
    return [
        scored(old, new, case_id=f"{group}-{number}", old_missing=old_lost, new_missing=new_lost)
        for group, (count, old, new, old_lost, new_lost) in enumerate(groups)
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("scores", "could"),
    [
        pytest.param(cases((20, ".", ".", 0, 0)), False, id="nothing-is-missing"),
        pytest.param(cases((10, ".", "x", 0, 0)), False, id="nothing-is-missing-from-a-fail"),
        # 1 of 100 broken: mid-p of McNemar is 1/4
        pytest.param(
            cases((99, ".", ".", 0, 0), (1, ".", "", 0, 1)), False, id="one-missing-of-many"
        ),
        # All 10 broken, or all 10 as they were: mid-p 2^-11
        pytest.param(
            cases((90, ".", ".", 0, 0), (10, ".", "", 0, 1)), True, id="ten-new-ones-are-missing"
        ),
        pytest.param(
            cases((90, ".", ".", 0, 0), (10, "", "x", 1, 0)), True, id="ten-old-ones-are-missing"
        ),
        # 30 broken for certain: 10 fixed at most do not hide them
        pytest.param(
            cases((30, ".", "x", 0, 0), (60, ".", ".", 0, 0), (1, ".", "", 0, 1)),
            False,
            id="a-fail-in-both-worlds",
        ),
        # 5 broken (mid-p 1/64); 10 old ones that may have failed and are fixed
        pytest.param(
            cases((5, ".", "x", 0, 0), (90, ".", ".", 0, 0), (10, "", ".", 1, 0)),
            True,
            id="a-fail-that-the-missing-could-undo",
        ),
        pytest.param(
            cases((90, ".", ".", 0, 0), (10, "", "", 1, 1)), True, id="both-sides-are-missing"
        ),
        pytest.param(cases((20, ".", "", 0, 0)), False, id="never-called-is-not-missing"),
    ],
)
def test_what_is_missing_is_imputed_both_ways(scores, could):
    assert missing_could_decide(scores, policy(failure_rate=0.01)) is could


def test_a_missing_trial_may_decide_by_the_override_rate_alone():
    scores = cases((90, ".", ".", 0, 0), (10, ".", "", 0, 1))
    assert missing_could_decide(scores, policy(override_rate=0.01))


def test_a_missing_trial_cannot_decide_what_is_no_rate():
    scores = cases((90, ".", ".", 0, 0), (10, ".", "", 0, 1))
    assert not missing_could_decide(scores, policy(cost=1.1))


def test_a_missing_trial_may_decide_in_a_segment_alone():
    # Of 200 cases 7 are missing: 3.5 % is tolerated over all, and 7 of 8 is not in one segment.
    scores = [scored(case_id=str(number), segment={"channel": "web"}) for number in range(192)]
    lost = [
        scored(".", "", case_id=f"m{number}", segment={"channel": "fax"}, new_missing=1)
        for number in range(7)
    ]
    scores += [*lost, scored(case_id="m7", segment={"channel": "fax"})]
    overall = Policy(alpha=0.5, metrics={"failure_rate": Tolerance(max_rise=0.05)})
    by_channel = Policy(
        alpha=0.5,
        metrics={"failure_rate": Tolerance(max_rise=0.05)},
        segments_by=("channel",),
        segments_max_rise=0.1,
    )
    assert not missing_could_decide(scores, overall)
    assert missing_could_decide(scores, by_channel)
