from __future__ import annotations

import csv

import pytest
from conftest import SHARED_DATA
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from unit.core.raters import raters, reviewed

from gate.core.agreement import agreement, agreement_by_segment, between_reviewers, may_decide_alone
from gate.core.kappa import Agreement

# -- may it decide alone?


def of(kappa, *interval):
    return Agreement(kappa=kappa, interval=interval or None, items=100, agreed=0.9)


@pytest.mark.parametrize(
    ("judge", "humans", "reason"),
    [
        pytest.param(of(0.8, 0.7, 0.95), of(0.6, 0.5, 0.7), "", id="surely-above"),
        pytest.param(of(0.6, 0.5, 0.7), of(0.6, 0.5, 0.7), "", id="as-good-as-humans"),
        pytest.param(
            of(0.8, 0.4, 0.95),
            of(0.6, 0.5, 0.7),
            "the judge's kappa of 0.80 is less sure than the humans' own of 0.60: it may be 0.40, "
            "theirs 0.50",
            id="above-but-few-outputs-were-judged",
        ),
        pytest.param(
            of(0.55, 0.5, 0.6),
            of(0.6, 0.5, 0.7),
            "the judge's kappa of 0.55 is below the humans' own of 0.60",
            id="below",
        ),
        pytest.param(
            of(0.9, 0.85, 0.95),
            of(0.2, 0.0, 0.4),
            "the humans' own kappa of 0.20 could be chance: it measures no judge",
            id="humans-agree-as-by-chance",
        ),
        pytest.param(
            of(0.9, 0.85, 0.95),
            None,
            "the humans' own agreement is unknown: no output was decided by two reviewers",
            id="no-output-had-two-reviewers",
        ),
        pytest.param(
            of(None),
            of(0.6, 0.5, 0.7),
            "the judge's kappa is undefined: only one decision was ever made",
            id="judge-undefined",
        ),
        pytest.param(
            of(0.9, 0.85, 0.95),
            of(None),
            "the humans' own kappa is undefined: only one decision was ever made",
            id="humans-undefined",
        ),
        pytest.param(
            of(0.9),
            of(0.6, 0.5, 0.7),
            "the judge's kappa has no interval: it comes from too few independent outputs",
            id="judge-without-interval",
        ),
        pytest.param(
            of(0.9, 0.85, 0.95),
            of(0.6),
            "the humans' own kappa has no interval: it comes from too few independent outputs",
            id="humans-without-interval",
        ),
    ],
)
def test_a_judge_decides_alone_only_if_it_agrees_as_much_as_humans_do(judge, humans, reason):
    assert may_decide_alone(judge, humans) == reason


shares = st.floats(0.01, 0.99)


@given(shares, shares, st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_doubt_never_lets_a_judge_decide(judge, humans, low, high, more):
    known = of(humans, 0.001, humans + high)
    assume(may_decide_alone(of(judge, judge - low, 1), known))
    assert may_decide_alone(of(judge, judge - low - more, 1), known)


def test_a_few_outputs_on_which_all_agree_let_no_judge_decide():
    judge = agreement(*raters([[2, 0], [0, 2]]))
    humans = between_reviewers(reviewed(*["oo"] * 30, *["kk"] * 30, *["ok"] * 20))
    assert judge.kappa == 1
    assert "is less sure than" in may_decide_alone(judge, humans)
    assert may_decide_alone(agreement(*raters([[50, 0], [0, 50]])), humans) == ""


# -- real judges

real_data = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no ../shared/data here")


def verdicts(judge, prompt):
    """Verdicts of one judge prompt on 419 pairs of outputs, the human label beside."""
    with (SHARED_DATA / "llmbar_judgements.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["judge"] == judge]
    return [row for row in rows if row["prompt"] == prompt]


@real_data
@pytest.mark.parametrize(
    ("judge", "prompt", "kappas"),
    [
        pytest.param("ChatGPT", "Vanilla", (-0.447, -0.241, -0.188, 0.603, -0.586), id="vanilla"),
        pytest.param(
            "ChatGPT", "Metrics_Reference", (-0.333, -0.190, -0.148, 0.638, -0.247), id="reference"
        ),
        pytest.param(
            "ChatGPT-0301", "Metrics_Reference", (-0.199, 0.017, -0.015, 0.603, -0.221), id="older"
        ),
    ],
)
def test_a_real_judge_agrees_on_plain_outputs_and_no_more_than_by_chance_on_others(
    judge, prompt, kappas
):
    rows = verdicts(judge, prompt)
    ours, human = [row["winner_order1"] for row in rows], [row["human_label"] for row in rows]
    found = agreement_by_segment(ours, human, [{"kind": row["segment"]} for row in rows])
    names = ["GPTInst", "GPTOut", "Manual", "Natural", "Neighbor"]
    assert list(found) == [f"kind={name}" for name in names]
    assert [each.kappa for each in found.values()] == pytest.approx(list(kappas), abs=5e-4)
    assert [name for name in names if found[f"kind={name}"].interval[0] > 0] == ["Natural"]
    for name, each in zip(names, found.values(), strict=True):
        part = [row for row in rows if row["segment"] == name]
        pairs = [[row[key] for row in part] for key in ("winner_order1", "human_label")]
        assert each.items == len(part)
        assert each.kappa == pytest.approx(cohen_kappa_score(*pairs))
        assert each.agreed == sum(a == b for a, b in zip(*pairs, strict=True)) / len(part)


@real_data
def test_both_orders_of_a_real_pair_are_one_cluster():
    rows = verdicts("ChatGPT", "Metrics_Reference")
    ours = [row[order] for order in ("winner_order1", "winner_order2") for row in rows]
    human = [row["human_label"] for row in rows] * 2
    found = agreement(ours, human, clusters=[row["id"] for row in rows] * 2)
    assert found.items == 838
    assert found.kappa == pytest.approx(cohen_kappa_score(ours, human))
    low, high = agreement(ours, human).interval
    assert found.interval[0] < low < high < found.interval[1]
    assert may_decide_alone(found, None).startswith("the humans' own agreement is unknown")
