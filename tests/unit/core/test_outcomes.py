from __future__ import annotations

import pytest
from unit.core.builders import case, score, scored

from gate.core.outcomes import (
    answers,
    changes,
    failure_codes,
    failure_share,
    field_changes,
    outcome_of,
    unchanged,
)
from gate.core.report import Answer, FieldChange, Outcome
from gate.core.score import ScoredCase

UNCHANGED, FIXED, REGRESSED, FLAKY, UNSCORED = Outcome


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        pytest.param("..", "..", UNCHANGED, id="passed-and-passes"),
        pytest.param("xx", "xx", UNCHANGED, id="failed-and-fails"),
        pytest.param("xx", "..", FIXED, id="failed-and-passes"),
        pytest.param("..", "xx", REGRESSED, id="passed-then-failed-is-a-regression"),
        pytest.param("....", "xx.", REGRESSED, id="now-fails-mostly"),
        pytest.param(".x", "xx", REGRESSED, id="failed-at-times-and-fails"),
        pytest.param("xx.", "...", FIXED, id="failed-mostly-and-passes"),
        pytest.param("xxx", "x..", FIXED, id="failed-and-fails-at-times"),
        pytest.param("...", "x..", FLAKY, id="now-fails-at-times"),
        pytest.param("..", ".x", FLAKY, id="now-fails-half-of-the-time"),
        pytest.param(".x", "..", FLAKY, id="failed-half-of-the-time"),
        pytest.param(".x", ".x", FLAKY, id="flaky-as-before"),
        pytest.param("xx.", "xx.", FLAKY, id="mostly-failing-as-before"),
        pytest.param("", "..", UNSCORED, id="no-old-trial"),
        pytest.param("..", "", UNSCORED, id="no-new-trial"),
        pytest.param("", "", UNSCORED, id="no-trial"),
        pytest.param("", "xx", UNSCORED, id="an-unscored-side-is-never-a-regression"),
    ],
)
def test_an_outcome_is_decided_by_table(old, new, outcome):
    assert outcome_of(scored(old, new)) is outcome


def test_an_unscored_side_is_never_a_pass():
    assert outcome_of(scored("", ".")) is not UNCHANGED
    assert outcome_of(scored(".", "")) is not UNCHANGED


@pytest.mark.parametrize(("marks", "share"), [("", 0), ("..", 0), ("x..", 1 / 3), ("xx", 1)])
def test_the_share_of_failures(marks, share):
    assert failure_share([score(mark) for mark in marks]) == pytest.approx(share)


def test_changes_come_worst_first_and_the_unchanged_not_at_all():
    found = changes(
        [
            scored("x", ".", case_id="fixed"),
            scored(".", ".", case_id="same"),
            scored("..", ".x", case_id="flaky"),
            scored(".", "", case_id="unscored"),
            scored("...", "xx.", case_id="regressed-mostly"),
            scored(".", "x", case_id="regressed-b"),
            scored(".", "x", case_id="regressed-a"),
        ]
    )
    assert [change.case.case_id for change in found] == [
        "regressed-a",
        "regressed-b",
        "regressed-mostly",
        "unscored",
        "flaky",
        "fixed",
    ]


def change_of(old, new):
    """The change of a case from its (failure code, text) pairs."""
    (change,) = changes(
        [
            ScoredCase(
                case=case(),
                old=tuple(score(code or ".", text=text) for code, text in old),
                new=tuple(score(code or ".", text=text) for code, text in new),
            )
        ]
    )
    return change


def test_a_regression_shows_the_commonest_good_and_the_commonest_bad_output():
    change = change_of(
        [(None, "a"), (None, "b"), (None, "b")],
        [(None, "c"), ("schema", "d"), ("schema", "e"), ("json", "e")],
    )
    assert (change.old_output, change.new_output) == ("b", "e")
    assert (change.old_trials, change.new_trials) == (3, 4)
    assert (change.old_failures, change.new_failures) == (0, 3)
    assert change.failure_code == "schema"
    assert change.diff == (FieldChange(path="", old="b", new="e"),)


def test_a_fixed_case_shows_what_was_wrong():
    change = change_of([("json", "a"), ("json", "a"), (None, "b")], [(None, "c"), (None, "c")])
    assert change.outcome is FIXED
    assert (change.old_output, change.new_output, change.failure_code) == ("a", "c", None)


def test_a_side_without_trials_shows_no_output():
    change = change_of([(None, "a")], [])
    assert change.outcome is UNSCORED
    assert (change.old_output, change.new_output, change.diff) == ("a", None, ())


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        pytest.param(None, "a", [], id="no-old-output"),
        pytest.param("a", None, [], id="no-new-output"),
        pytest.param("a", "a", [], id="equal"),
        pytest.param("a", "b", [("", "a", "b")], id="words"),
        pytest.param('{"q": 1}', "b", [("", '{"q": 1}', "b")], id="one-is-not-json"),
        pytest.param("[1]", "[2]", [("", "[1]", "[2]")], id="lists-are-shown-whole"),
        pytest.param('{"q": 1}', '{ "q": 1 }', [], id="only-blanks"),
        pytest.param('{"q": "a", "n": 1}', '{"n": 1, "q": "b"}', [("q", "a", "b")], id="a-field"),
        pytest.param('{"a": {"b": 1}}', '{"a": {"b": 2}}', [("a.b", 1, 2)], id="an-inner-field"),
        pytest.param('{"a": [1]}', '{"a": [1, 2]}', [("a", [1], [1, 2])], id="a-list"),
        pytest.param('{"a": 1}', '{"b": 2}', [("a", 1, None), ("b", None, 2)], id="gone-and-new"),
        pytest.param('{"a": {"b": 1}}', '{"a": 1}', [("a", {"b": 1}, 1)], id="another-shape"),
        pytest.param('{"a": true}', '{"a": 1}', [("a", True, 1)], id="true-is-not-one"),
        pytest.param('{"a": {"b": 1}}', '{"a": {"b": 1.0}}', [("a.b", 1, 1.0)], id="1-is-not-1.0"),
    ],
)
def test_two_outputs_are_told_apart_field_by_field(old, new, diff):
    found = field_changes(old, new)
    assert [(each.path, each.old, each.new) for each in found] == diff
    assert [type(each.new) for each in found] == [type(new) for _, _, new in diff]


def test_failure_codes_are_counted_on_each_side_the_commonest_first():
    cases = [
        ScoredCase(
            case=case(),
            old=(score("json"), score(".")),
            new=(score("schema"), score("json"), score("schema")),
        ),
        scored(".", "."),
    ]
    old, new = failure_codes(cases)
    assert list(old.items()) == [("json", 1)]
    assert list(new.items()) == [("schema", 2), ("json", 1)]


def test_equal_answers_of_a_side_are_told_once_with_their_number():
    given = [score(".", text="a"), score("x", text="b"), score(".", text="a")]
    assert answers(given) == (
        Answer(text="a", trials=2, override=given[0].override),
        Answer(text="b", trials=1, failure_code=given[1].failure_code, override=given[1].override),
    )
    assert answers([]) == ()


def test_a_change_holds_every_trial_of_its_case():
    (change,) = changes([scored("..", "xx.")])
    assert sum(each.trials for each in change.old_answers) == 2
    assert sum(each.trials for each in change.new_answers) == 3


def test_the_unchanged_are_named():
    cases = [scored(old, new, case_id=name) for name, old, new in
             [("a", "..", ".."), ("b", "..", "xx"), ("c", "xx", "xx"), ("d", "", ".")]]  # fmt: skip
    assert unchanged(cases) == ("a", "c")


def test_of_equal_rises_the_one_that_more_trials_show_comes_first():
    cases = [scored(old, new, case_id=name) for name, old, new in
             [("a", ".", "x"), ("b", "...", "xxx"), ("c", "...", "x")]]  # fmt: skip
    assert [each.case.case_id for each in changes(cases)] == ["b", "a", "c"]
