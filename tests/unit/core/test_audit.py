from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from unit.core.audit_builders import costs, one_case, texts, trials, value_test

from gate.core.audit import audit, can_find, outlierness
from gate.core.audited import AuditTest

ALPHA = 0.05


def p_value(cases, metric):
    return value_test(audit(cases, ALPHA), metric).p_value


# --- p-values by hand ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        # The one failure of eleven is the live one: hypergeometric, 1 / 11. Source: R. A. Fisher,
        # The Design of Experiments (1935), section 21; scipy.stats.hypergeom(11, 1, 1).pmf(1).
        pytest.param([one_case(trials("." * 10), trials("x"))], 1 / 11, id="one-case"),
        pytest.param([one_case(trials("." * 10), trials("x"))] * 2, 1 / 121, id="two-cases"),
        # Two of two live and none of three recorded: 1 / C(5, 2).
        pytest.param([one_case(trials("..."), trials("xx"))], 1 / 10, id="two-live-trials"),
        pytest.param([one_case(trials("xxx"), trials("."))], 1.0, id="live-is-better"),
        pytest.param([one_case(trials("xxx"), trials("x"))], 1.0, id="all-fail"),
        pytest.param([one_case(trials("."), trials("x"))], 1 / 2, id="one-recorded-trial"),
    ],
)
def test_failures_of_live_answers_have_the_p_value_of_fishers_exact_test(cases, expected):
    assert p_value(cases, "failures") == pytest.approx(expected)


def test_the_dearest_of_four_answers_is_the_live_one_once_in_four():
    assert p_value([costs([1, 2, 3], [4])], "cost") == pytest.approx(1 / 4)
    assert p_value([costs([1, 2, 3], [4])] * 2, "cost") == pytest.approx(1 / 16)
    assert p_value([costs([1, 2, 4], [3])], "cost") == pytest.approx(2 / 4)


def test_a_text_that_stands_alone_is_the_live_one_once_in_four():
    # "aa" is 0 from itself and 1 from "bb": the live one is 1 from the others, each other 1/3.
    found = value_test(audit([texts(["aa", "aa", "aa"], ["bb"])], ALPHA), "text")
    assert (found.recorded, found.live) == (pytest.approx(1 / 3), 1.0)
    assert found.p_value == pytest.approx(1 / 4)


def test_outlierness_is_the_mean_distance_to_the_others():
    # Insertions and deletions over both lengths: "ab" to "ac" 2/4, to "abcd" 2/6; "ac" to "abcd"
    # 2/6 as well.
    assert outlierness(["ab", "ac", "abcd"]) == pytest.approx(
        [(1 / 2 + 1 / 3) / 2, (1 / 2 + 1 / 3) / 2, 1 / 3]
    )


def test_texts_are_compared_up_to_a_length_that_takes_no_time():
    assert outlierness(["a" * 4000, "a" * 10_000_000]) == [0, 0]
    assert outlierness(["a" * 3999, "a" * 3999 + "b" * 9]) > [0, 0]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.lists(st.text("ab", max_size=4), min_size=3, max_size=4), min_size=1, max_size=3)
)
def test_the_p_value_of_texts_is_that_of_all_choices_of_the_live_trials(rows):
    cases = [texts(row[:-1], row[-1:]) for row in rows]
    values = [outlierness(row) for row in rows]
    step = max(max(row) - min(row) for row in values) / 256  # the test rounds to a grid so fine
    observed = sum(row[-1] for row in values)
    sums = [sum(chosen) for chosen in itertools.product(*values)]
    slack = step * len(rows)
    low, high = (np.mean(np.array(sums) >= observed + off) for off in (slack, -slack - 1e-12))
    assert low - 1e-9 <= p_value(cases, "text") <= high + 1e-9


@pytest.mark.parametrize(
    ("calls", "fails", "found"),
    [pytest.param(20, 0.1, 0.61), pytest.param(40, 0.1, 0.92), pytest.param(20, 0.3, 0.99)],
)
def test_edited_failures_are_found_as_often_as_the_readme_says(calls, fails, found):
    def is_found(failures: int) -> bool:
        marks = "x" * failures + "." * (calls - failures)
        recorded = trials("." * 10, input_tokens=1)
        cases = [one_case(recorded, trials(mark, input_tokens=1)) for mark in marks]
        return bool(audit(cases, ALPHA).implausible)

    enough = next(count for count in range(calls) if is_found(count))
    assert enough == 2
    assert stats.binom.sf(enough - 1, calls, fails) == pytest.approx(found, abs=0.005)


# --- what can be tested -------------------------------------------------------------------------


def test_equal_answers_of_a_deterministic_model_are_plausible():
    same = trials("..", input_tokens=7, output_tokens=3)
    cases = [one_case(same, same[:1], case_id=str(number)) for number in range(20)]
    found = audit(cases, ALPHA)
    assert {each.metric: each.p_value for each in found.tests} == {
        "failures": 1.0,
        "cost": 1.0,
        "text": 1.0,
    }
    assert (found.implausible, found.worst, found.counted_otherwise) == ((), (), ())
    assert found.can_find


def test_one_recorded_and_one_live_text_say_nothing():
    cases = [texts([f"a{number}"], ["other"]) for number in range(9)]
    found = audit(cases, ALPHA)
    assert [each.metric for each in found.tests] == ["failures"]
    assert found.not_tested["text"] == "of two answers none is further from the rest"
    assert found.tests[0].alpha == ALPHA  # nobody shares it


def test_alpha_is_shared_by_the_tests_that_are_made():
    assert [each.alpha for each in audit([texts("ab", "a")], ALPHA).tests] == [ALPHA / 2] * 2
    assert [each.alpha for each in audit([costs([1, 2], [3])], ALPHA).tests] == [ALPHA / 3] * 3


def test_a_case_without_a_live_answer_says_nothing():
    answered = one_case(trials("." * 10), trials("x"))
    lost = one_case(trials("." * 10), ())
    assert audit([answered, lost], ALPHA) == audit([answered], ALPHA)
    none = audit([lost], ALPHA)
    assert (none.tests, none.can_find, none.implausible) == ((), False, ())


@pytest.mark.parametrize(
    ("sizes", "alpha", "expected"),
    [
        pytest.param([(10, 1)], 0.05, False, id="one-in-eleven"),
        pytest.param([(10, 1)] * 2, 0.05, True, id="one-in-121"),
        pytest.param([(1, 1)] * 4, 0.05, False, id="one-in-16"),
        pytest.param([(1, 1)] * 5, 0.05, True, id="one-in-32"),
        pytest.param([(3, 3)], 0.05, True, id="one-in-20-is-alpha"),
        pytest.param([], 0.05, False, id="no-case"),
    ],
)
def test_an_audit_that_no_answer_could_have_turned_finds_nothing(sizes, alpha, *, expected):
    assert can_find(sizes, alpha) is expected


def test_what_is_no_number_is_no_pass():
    test = AuditTest(
        metric="cost", unit="usd", cases=1, recorded=0, live=0, p_value=math.nan, alpha=0.05
    )
    assert test.is_implausible
    assert not replace(test, p_value=0.0501).is_implausible
    assert replace(test, p_value=0.05).is_implausible


# --- what speaks against a recording ------------------------------------------------------------


def test_answers_that_pass_and_fail_when_called_again_are_counted_trial_by_trial():
    cases = [
        one_case(trials(".x."), trials("xx")),  # one that passes fails; the other failed before
        one_case(trials("..."), trials(".")),
    ]
    found = audit(cases, ALPHA)
    assert (found.passing, found.broken) == (2, 1)


def test_the_cases_that_depart_most_come_first():
    still = [one_case(trials("." * 9), trials("."), case_id=f"s{n}") for n in range(3)]
    half = one_case(trials("." * 9), trials("x."), case_id="half")
    whole = [one_case(trials("." * 9), trials("x"), case_id=f"w{n}") for n in range(2)]
    found = audit([*still, half, *whole], ALPHA)
    assert [each.case.case_id for each in found.worst] == ["w0", "w1", "half"]
    assert [(level.metric, level.recorded, level.live) for level in found.worst[2].levels] == [
        ("failures", 0.0, 0.5)
    ]
    assert len(audit([half, *whole, *whole], ALPHA).worst) == 3


def test_a_dear_case_counts_by_its_share_and_not_by_its_size():
    long = costs([1000] * 9, [1100])
    short = replace(costs([1] * 9, [2]), case_id="short")
    found = audit([long, short], 0.5)
    assert [each.case.case_id for each in found.worst] == ["short", "c"]


def test_a_case_of_two_answers_is_shown_without_the_text_that_was_not_tested():
    pairs = [one_case(trials("."), trials("x"), case_id=f"p{n}") for n in range(3)]
    found = audit([*pairs, *[texts(["aa"] * 9, ["bb"])] * 3], 0.5)
    assert [each.metric for each in found.implausible] == ["failures", "text"]
    assert [[level.metric for level in each.levels] for each in found.worst] == [["failures"]] * 3
