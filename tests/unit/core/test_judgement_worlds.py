from __future__ import annotations

import pytest
from unit.core.builders import policy, rows, scored, valued

from gate.core.columns import columns_of
from gate.core.judgement import judge_columns
from gate.core.report import Verdict

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
INCOMPLETE = Verdict.INCOMPLETE
FAILURES = ("failure-rate-rise", None)
BY_CHANNEL = {"segments_by": (("channel",),)}
WEB, FAX = {"channel": "web"}, {"channel": "fax"}


def judged(cases, given_policy, **more):
    return judge_columns(columns_of(cases), given_policy, **more)


def verdict(cases, given_policy, **more):
    return judged(cases, given_policy, **more).verdict


def lost(count, old=".", new="", **more):
    side = {"old_missing": 1} if new else {"new_missing": 1}
    return rows(count, old, new, **side, **more)


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        pytest.param(rows(600), PASS, id="nothing-is-missing"),
        # 1 of 1,000 broken at worst: 0.1 % and mid-p 1/4
        pytest.param(rows(999) + lost(1), PASS, id="one-missing-of-many"),
        # 10 of 400 broken at worst is 2.5 % and mid-p 2^-11, at best 10 are as they were
        pytest.param(rows(390) + lost(10), INCOMPLETE, id="ten-new-ones-might-fail"),
        pytest.param(
            rows(390) + lost(10, "", "x"), INCOMPLETE, id="ten-old-ones-might-have-failed-before"
        ),
        # 361 are enough for a pass, but 3 of 400 might have failed: 0.75 % is too near to 1 %
        pytest.param(rows(397) + lost(3), INCOMPLETE, id="a-pass-that-might-be-none"),
        # 30 of 91 are broken for certain
        pytest.param(rows(30, ".", "x") + rows(60) + lost(1), FAIL, id="a-fail-in-every-world"),
        # 5 of 95 broken (mid-p 1/64); ten old ones may have failed and be fixed
        pytest.param(
            rows(5, ".", "x") + rows(90) + lost(10, "", "."),
            INCOMPLETE,
            id="a-fail-that-the-missing-might-undo",
        ),
        pytest.param(rows(50) + lost(1), OPEN, id="inconclusive-in-every-world"),
        pytest.param(rows(999) + rows(20, ".", ""), PASS, id="never-called-is-not-missing"),
    ],
)
def test_missing_trials_leave_a_verdict_that_they_could_not_change(cases, expected):
    assert verdict(cases, policy(failure_rate=0.01)) is expected


def test_missing_trials_change_a_verdict_by_the_override_rate_too():
    assert verdict(rows(390) + lost(10), policy(override_rate=0.01)) is INCOMPLETE


def test_without_a_rate_nobody_knows_what_missing_trials_would_have_cost():
    cases = valued("cost_usd", [([1.0], [1.0 + n / 1000]) for n in range(100)])
    assert verdict(cases, policy(cost=1.25)) is PASS
    assert verdict([*cases, *lost(10)], policy(cost=1.25)) is Verdict.INCOMPLETE


def test_missing_trials_may_change_the_verdict_in_a_segment_alone():
    # Of 200 cases 7 are missing: 3.5 % is tolerated over all, and 7 of 8 is not in one segment.
    cases = rows(192, segment=WEB) + lost(7, segment=FAX) + rows(1, segment=FAX)
    assert verdict(cases, policy(alpha=0.5, failure_rate=0.1)) is PASS
    by_channel = BY_CHANNEL | {"segments_max_rise": 0.1}
    assert verdict(cases, policy(by_channel, alpha=0.5, failure_rate=0.1)) is INCOMPLETE


def test_a_fail_that_is_waived_in_one_world_makes_no_other_verdict():
    cases = rows(390) + lost(10)
    assert verdict(cases, policy(failure_rate=0.01)) is INCOMPLETE
    assert verdict(cases, policy(failure_rate=0.01), waived=[FAILURES]) is PASS


def test_missing_trials_that_would_complete_a_pass_in_any_world_are_waited_for():
    # 350 cases are too few for a pass; 20 more ask the same as before, so nothing can have changed.
    cases = rows(350) + rows(20, ".", "", is_same=True, new_missing=1)
    assert verdict(rows(350), policy(failure_rate=0.01)) is OPEN
    assert verdict(rows(350) + rows(20, is_same=True), policy(failure_rate=0.01)) is PASS
    assert verdict(cases, policy(failure_rate=0.01)) is INCOMPLETE


def test_easy_cases_that_a_change_adds_do_not_dilute_its_failures():
    # 10 of 100 broken; with 900 easy ones it is 1 %, which is tolerated.
    base = rows(10, ".", "x") + rows(90)
    found = judged(base + rows(900, added=True), policy(failure_rate=0.05))
    (finding,) = found.findings
    assert found.verdict is finding.verdict is FAIL
    assert (finding.n, finding.change) == (100, 0.1)
    assert verdict(base + rows(900, case_id="b"), policy(failure_rate=0.05)) is PASS


def test_cases_that_a_change_adds_count_when_they_fail_themselves():
    found = judged(rows(100) + rows(60, ".", "x", added=True), policy(failure_rate=0.05))
    assert found.verdict is FAIL
    assert found.findings[0].n == 160


def test_a_segment_of_the_base_cannot_be_diluted_either():
    base = rows(12, ".", "x", segment=FAX) + rows(300, segment=WEB)
    easy = rows(400, segment=FAX, added=True)
    found = judged(base + easy, policy(BY_CHANNEL, failure_rate=0.5))
    assert {each.segment: each.verdict for each in found.findings}["channel=fax"] is FAIL
    assert found.verdict is FAIL


@pytest.mark.parametrize(
    ("new", "expected"),
    [pytest.param(9, FAIL, id="dearer"), pytest.param(1, OPEN, id="as-dear")],
)
def test_an_added_case_without_tokens_hides_no_cost(new, expected):
    base = valued("tokens", [([1], [new])] * 30)
    found = judged([*base, scored(added=True)], policy(cost=1.5))
    assert found.verdict is expected
    assert set(found.not_measured) == {"cost"}  # of all cases
    assert [(each.metric, each.n) for each in found.findings] == [("cost", 30)]


def test_added_segments_crowd_no_segment_of_the_base_out():
    # Half of alpha, a fifth of that: 0.005. 10 cases by fax can reach 2^-11, which is within
    # 0.005 alone, and beyond 0.005 / 21 beside twenty segments of 20 cases, which are within.
    base = rows(10, ".", "x", segment=FAX) + rows(2, segment=WEB)
    easy = [case for n in range(20) for case in rows(20, segment={"channel": f"{n}"}, added=True)]
    found = judged(base + easy, policy(BY_CHANNEL, failure_rate=0.9))
    of_fax = [each for each in found.findings if each.segment == "channel=fax"]
    assert [(each.verdict, each.n) for each in of_fax] == [(FAIL, 10)]
    assert of_fax[0].alpha == pytest.approx(0.005)
    assert found.verdict is FAIL
    assert "channel=fax" not in found.small_segments  # it was judged by the base alone
    assert "channel=web" in found.small_segments
    assert [each.segment for each in found.findings].index(None) == 0


@pytest.mark.parametrize(
    ("added", "alpha"),
    [
        pytest.param([], 0.05, id="no-case-is-added"),
        pytest.param([scored(added=True)], 0.025, id="one-case-is-added"),
    ],
)
def test_two_judgements_share_alpha(added, alpha):
    # 4 of 4 broken is 2^-5 = 0.031
    found = judged(rows(4, ".", "x") + added, policy(failure_rate=0.01))
    assert found.findings[0].alpha == alpha
    assert (found.verdict is FAIL) is (alpha == 0.05)


def test_a_suite_that_is_added_whole_is_judged_once():
    found = judged(rows(4, ".", "x", added=True), policy(failure_rate=0.01))
    assert (found.verdict, found.findings[0].alpha) == (FAIL, 0.05)
