from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from unit.core.audit_builders import one_case, trials, value_test
from unit.core.builders import case, response

from gate.core.audit import audit
from gate.core.audited import AuditCase, AuditTrial, audit_trial
from gate.core.model import Price
from gate.core.score import Rules

ALPHA = 0.05


# --- costs that are not what they seem ----------------------------------------------------------


def test_a_cost_is_in_usd_where_every_trial_has_one():
    dear = trials("..", cost_usd=0.5, output_tokens=9), trials(".", cost_usd=0.75, output_tokens=9)
    found = value_test(audit([one_case(*dear)], ALPHA), "cost")
    assert (found.unit, found.recorded, found.live) == ("usd", 0.5, 0.75)
    bare = (*dear[0], *trials(".", output_tokens=9))
    assert value_test(audit([one_case(bare, dear[1])], ALPHA), "cost").unit == "tokens"


@pytest.mark.parametrize("left_out", ["input_tokens", "output_tokens"])
def test_leaving_a_count_out_of_the_recording_makes_nothing_cheaper(left_out):
    counts = {"input_tokens": 30, "output_tokens": 12}
    live = trials(".", **counts)
    recorded = trials("...", **{**counts, left_out: None})
    # Each of four may be the dearest one: 1/4 a case.
    assert value_test(
        audit([one_case(recorded, live)] * 4, ALPHA), "cost"
    ).p_value == pytest.approx(1 / 256)


def test_without_any_count_a_cost_is_not_tested():
    found = audit([one_case(trials(".."), trials("."))], ALPHA)
    assert found.not_tested == {"cost": "the provider reports no tokens"}


@pytest.mark.parametrize(
    "number", [math.nan, math.inf, -1, -0.5, "12", True, 10**400, [3], None], ids=repr
)
def test_what_is_no_number_in_an_edited_file_is_not_known(number):
    raw = response("ok", input_tokens=number, output_tokens=number, cost_usd=number)
    found = audit_trial(raw, case(), Rules(checks=()), Price(input=1, output=1))
    assert (found.input_tokens, found.output_tokens, found.cost_usd) == (None, None, None)
    assert found.tokens == 0


def test_an_answer_is_scored_by_the_rules_of_its_suite():
    price = Price(input=1.0, output=3.0)
    raw = response("", input_tokens=2, output_tokens=4)
    assert audit_trial(raw, case(), Rules(checks=()), price) == AuditTrial(
        text="", failure_code="empty", cost_usd=14e-6, input_tokens=2, output_tokens=4
    )
    billed = audit_trial(replace(raw, text="ok", cost_usd=2), case(), Rules(checks=()), price)
    assert (billed.failure_code, billed.cost_usd) == (None, 2.0)


@pytest.mark.parametrize(
    ("recorded", "live", "expected"),
    [
        pytest.param([7, 7], [7], False, id="as-recorded"),
        pytest.param([7, 8], [8], False, id="as-one-recorded"),
        pytest.param([7, 7], [8], True, id="otherwise"),
        pytest.param([None, None], [8], True, id="left-out"),
        pytest.param([None, None], [None], False, id="never-counted"),
    ],
)
def test_a_request_that_is_counted_otherwise_is_named_and_fails_nothing(
    recorded, live, *, expected
):
    sides = [
        tuple(AuditTrial(text="same", input_tokens=count) for count in side)
        for side in (recorded, live)
    ]
    only = one_case(*sides)
    found = audit([only], ALPHA)
    assert found.counted_otherwise == ((only,) if expected else ())
    assert not found.implausible


# --- honest files and forged ones ---------------------------------------------------------------

WORDS = ["queue", "billing", "refund", "order", "please", "check", "ticket", "send", "team"]


def drawn(rng, number, failing):
    """An answer of a model that fails so often, and never writes the same text twice."""
    length = int(rng.integers(5, 15))
    failed = rng.random() < failing
    return AuditTrial(
        text=f"{'broken' if failed else 'ok'} {number} {' '.join(rng.choice(WORDS, length))}",
        failure_code="regex" if failed else None,
        input_tokens=40,
        output_tokens=length + int(rng.integers(0, 4)),
    )


def world(rng, forge=lambda recorded: recorded, *, cases=12, recorded=4, failing=0.3):
    return [
        AuditCase(
            case_id=str(number),
            recorded=forge(tuple(drawn(rng, number, failing) for _ in range(recorded))),
            live=(drawn(rng, number, failing),),
        )
        for number in range(cases)
    ]


def edited(**changes):
    return lambda recorded: tuple(replace(each, **changes) for each in recorded)


def halved(recorded):
    return tuple(replace(each, output_tokens=(each.output_tokens or 0) // 2) for each in recorded)


@pytest.mark.parametrize("recorded", [1, 4])
def test_honest_recordings_are_rejected_at_most_alpha_of_the_time(recorded):
    runs = 300
    rng = np.random.default_rng(3)
    found = sum(bool(audit(world(rng, recorded=recorded), ALPHA).implausible) for _ in range(runs))
    assert found <= ALPHA * runs + 3 * math.sqrt(ALPHA * (1 - ALPHA) * runs)


@pytest.mark.parametrize(
    ("forge", "metric"),
    [
        pytest.param(edited(failure_code=None), "failures", id="failures-made-passes"),
        pytest.param(halved, "cost", id="half-the-tokens"),
        pytest.param(edited(output_tokens=None), "cost", id="tokens-left-out"),
        pytest.param(edited(text="ok, by hand", failure_code=None), "text", id="one-text-by-hand"),
    ],
)
def test_a_forged_file_is_found_by_the_value_that_was_forged(forge, metric):
    runs, found = 20, 0
    rng = np.random.default_rng(4)
    for _ in range(runs):
        seen = audit(world(rng, forge, cases=20, failing=0.5), ALPHA)
        found += metric in {each.metric for each in seen.implausible}
        assert not seen.implausible or seen.worst
    assert found == runs
