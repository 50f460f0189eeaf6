from __future__ import annotations

import pytest
from unit.core.builders import case, response, trial

from gate.core.checks import parse_check
from gate.core.cost import cost_usd
from gate.core.model import Price
from gate.core.score import Rules, score_case

PRICE = Price(input=2, output=10)


def score_of(old, new, *, approved=(), prices=(None, None), given=None, is_same=False, **rules):
    return score_case(
        given or case(),
        old,
        new,
        rules=Rules(**{"checks": (), **rules}),
        prices=prices,
        approved=approved,
        is_same=is_same,
    )


@pytest.mark.parametrize(
    ("answer", "price", "cost"),
    [
        # 1,000 x 2 USD + 100 x 10 USD a million
        pytest.param({"input_tokens": 1000, "output_tokens": 100}, PRICE, 0.003, id="by-tokens"),
        pytest.param(
            {"input_tokens": 1000, "output_tokens": 100, "cost_usd": 0.5}, PRICE, 0.5, id="a-bill"
        ),
        pytest.param({"cost_usd": 0.0}, None, 0.0, id="a-bill-of-nothing"),
        pytest.param({"input_tokens": 0, "output_tokens": 0}, PRICE, 0.0, id="no-token"),
        pytest.param({"input_tokens": 1, "output_tokens": 1}, None, None, id="no-price"),
        pytest.param({"output_tokens": 1}, PRICE, None, id="input-unknown"),
        pytest.param({"input_tokens": 1}, PRICE, None, id="output-unknown"),
    ],
)
def test_an_answer_costs_what_was_billed_or_what_its_tokens_cost(answer, price, cost):
    assert cost_usd(response(**answer), price) == (None if cost is None else pytest.approx(cost))


def test_each_side_has_its_own_price():
    answer = trial(input_tokens=1_000_000, output_tokens=0)
    found = score_of([answer], [answer], prices=(PRICE, Price(input=3, output=0)))
    assert (found.old[0].cost_usd, found.new[0].cost_usd) == (2, 3)


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        pytest.param({"input_tokens": 10, "output_tokens": 5}, 15, id="in-and-out"),
        pytest.param({"input_tokens": 10}, None, id="output-unknown"),
        pytest.param({"output_tokens": 5}, None, id="input-unknown"),
    ],
)
def test_tokens_are_those_in_and_out(answer, tokens):
    assert score_of([trial(**answer)], []).old[0].tokens == tokens


def at(seconds, **more):
    """A trial whose answer came then."""
    return trial(received_at=float(seconds), **more)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param([at(1000)], [at(1600)], ([5.0], [5.0]), id="ten-minutes-apart"),
        pytest.param([at(1600)], [at(1000)], ([5.0], [5.0]), id="new-first"),
        pytest.param([at(1000)], [at(1601)], ([None], [None]), id="longer-apart"),
        pytest.param(
            [at(1000)],
            [at(1700, latency_ms=700_000.0)],
            ([5.0], [700_000.0]),
            id="a-slow-answer-is-not-left-out-for-being-slow",
        ),
        pytest.param(
            [at(1000, source="recording")],
            [at(1000, source="recording")],
            ([5.0], [5.0]),
            id="called-together-by-an-earlier-run",
        ),
        pytest.param([at(0)], [at(0)], ([None], [None]), id="nobody-knows-when"),
        pytest.param([], [at(1000)], ([], [None]), id="new-was-called-alone"),
        pytest.param([trial(None)], [at(1000)], ([], [None]), id="old-brought-no-answer"),
        pytest.param([at(1000)], [trial(None)], ([None], []), id="new-brought-no-answer"),
        pytest.param(
            [at(1000), at(1000, repeat=1)],
            [at(1000), at(9000, repeat=1)],
            ([5.0, None], [5.0, None]),
            id="each-repeat-by-itself",
        ),
    ],
)
def test_only_calls_side_by_side_have_a_latency(old, new, expected):
    found = score_of(old, new)
    assert tuple([each.latency_ms for each in side] for side in (found.old, found.new)) == expected


def test_a_missing_trial_is_neither_a_failure_nor_a_pass():
    found = score_of([trial(None), trial()], [trial(None), trial(None)])
    assert [score.failed for score in found.old] == [False]
    assert found.new == ()
    assert (found.old_missing, found.new_missing) == (1, 2)


@pytest.mark.parametrize(("source", "expected"), [("baseline", True), ("live", False)])
def test_a_baseline_makes_the_old_side_a_recorded_one(source, expected):
    assert score_of([trial(source=source)], [trial()]).old_recorded is expected
    assert score_of([], [trial(source="baseline")]).old_recorded is False


def test_whether_both_sides_ask_the_same_goes_with_the_case():
    assert score_of([trial()], [trial()], is_same=True).is_same
    assert not score_of([trial()], [trial()]).is_same


def test_a_check_that_fails_names_the_code_and_makes_an_override_certain():
    check = parse_check("json", True, load_schema=lambda _path: None)  # noqa: FBT003 -- an operand
    (score,) = score_of([trial("words")], [], checks=(check,), given=case(expected="words")).old
    assert (score.failure_code, score.failed, score.override) == ("unparsable", True, 1.0)
    assert score.text == "words"


def test_refusals_count_unless_the_rules_say_otherwise():
    answers = [trial("I cannot help with that.")]
    assert score_of(answers, []).old[0].failure_code == "refusal"
    assert score_of(answers, [], detect_refusals=False).old[0].failure_code is None


def overrides(scores):
    return [score.override for score in scores]


def test_old_trials_that_are_references_are_not_on_trial_themselves():
    a, b = '{"queue": "a"}', '{"queue": "b"}'
    found = score_of(
        [trial(a), trial(b), trial(a), trial(b)], [trial(a), trial(b)], decision=("queue",)
    )
    # References: the first two, a and b. Each output differs from one of them: 0.9 / 2.
    assert overrides(found.old) == [None, None, pytest.approx(0.45), pytest.approx(0.45)]
    assert overrides(found.new) == pytest.approx([0.45, 0.45])


def test_at_most_three_old_trials_are_set_apart():
    found = score_of([trial("x") for _ in range(10)], [trial("x")])
    assert overrides(found.old) == [None] * 3 + [0.0] * 7


def test_one_old_trial_alone_cannot_be_spared_so_nothing_is_judged():
    found = score_of([trial("x")], [trial("entirely different")])
    assert overrides(found.old) == [None]
    assert overrides(found.new) == [None]


def test_outputs_of_the_baseline_come_before_the_old_sides_own():
    a, b = trial('{"queue": "a"}'), trial('{"queue": "b"}')
    found = score_of(
        [b, b, b], [a, b], approved=['{"queue": "a"}', '{"queue": "a"}'], decision=("queue",)
    )
    assert overrides(found.old) == pytest.approx([0.9, 0.9, 0.9])
    assert overrides(found.new) == pytest.approx([0.0, 0.9])


def test_the_expectation_comes_before_both():
    a, b = trial('{"queue": "a"}'), trial('{"queue": "b"}')
    found = score_of(
        [b, b],
        [a, b],
        approved=['{"queue": "b"}'],
        given=case(expected={"queue": "a"}),
        decision=("queue",),
    )
    assert overrides(found.old) == pytest.approx([0.9, 0.9])
    assert overrides(found.new) == pytest.approx([0.0, 0.9])
