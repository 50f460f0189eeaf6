from __future__ import annotations

import csv
import math
from collections import Counter

import pytest
from conftest import SHARED_DATA
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar

from gate.core.position_bias import PositionBias, paired_difference, position_bias

POSITIONS = ("first", "second", "tie")
TURNED = {"first": "second", "second": "first", "tie": "tie"}


def judged(**counts):
    """Answers in both orders, by a letter each: `fs` is the first output of the first order."""
    words = {word[0]: word for word in POSITIONS}
    both = [[words[each] for each in name] for name, n in counts.items() for _ in range(n)]
    return [order1 for order1, _ in both], [order2 for _, order2 in both]


answers = st.lists(st.tuples(*[st.sampled_from(POSITIONS)] * 2), min_size=1)


# -- what is counted


def test_each_answer_counts_as_what_it_is():
    found = position_bias(*judged(fs=20, sf=10, tt=5, ff=12, ss=2, ft=3, ts=1, tf=4, st=3))
    # Consistent 35 of 60; a coin that falls 12 : 2 or further, 2 * (1 + 14 + 91) / 2^14
    assert (found.pairs, found.first, found.second) == (60, 12, 2)
    assert found.consistent == pytest.approx(35 / 60)
    assert found.p_value == pytest.approx(212 / 16384)


@pytest.mark.parametrize(
    ("counts", "consistent", "p_value"),
    [
        pytest.param({"fs": 10, "sf": 10}, 1.0, 1.0, id="always-the-same-output"),
        pytest.param({"tt": 10}, 1.0, 1.0, id="always-a-tie"),
        pytest.param({"ft": 5, "ts": 5}, 0.0, 1.0, id="a-tie-in-one-order-favours-nobody"),
        pytest.param({"ff": 10}, 0.0, 2 / 1024, id="always-the-first"),
        pytest.param({"ss": 10}, 0.0, 2 / 1024, id="always-the-second"),
        pytest.param({"ff": 5, "ss": 5}, 0.0, 1.0, id="as-often-either"),
        pytest.param({"ff": 1}, 0.0, 1.0, id="one-pair"),
    ],
)
def test_a_bias_is_what_inconsistent_answers_lean_to(counts, consistent, p_value):
    found = position_bias(*judged(**counts))
    assert found.consistent == consistent
    assert found.p_value == pytest.approx(p_value)


@pytest.mark.parametrize(
    ("order1", "order2", "says"),
    [
        pytest.param([], [], "no pair", id="no-pair"),
        pytest.param(["first"], [], "shorter", id="lengths"),
        pytest.param(["first"], ["2"], "neither a position nor a tie: '2'", id="a-number"),
        pytest.param([""], ["tie"], "neither a position nor a tie: ''", id="no-answer"),
    ],
)
def test_what_is_no_answer_is_an_error(order1, order2, says):
    with pytest.raises(ValueError, match=says):
        position_bias(order1, order2)


@given(answers, st.randoms())
@example([("tie", "tie")], None)
def test_the_order_of_the_pairs_changes_nothing_and_turning_positions_turns_the_bias(rows, random):
    found = position_bias(*zip(*rows, strict=True))
    mixed = random.sample(rows, len(rows)) if random else rows
    assert position_bias(*zip(*mixed, strict=True)) == found
    turned = position_bias(*[[TURNED[each] for each in order] for order in zip(*rows, strict=True)])
    assert turned == PositionBias(
        pairs=found.pairs,
        consistent=found.consistent,
        first=found.second,
        second=found.first,
        p_value=found.p_value,
        interval=turned.interval,
    )
    low, high = found.interval
    assert turned.interval == pytest.approx((-high, -low), abs=1e-8)
    assert -1 <= low <= (found.first - found.second) / found.pairs <= high <= 1


# -- how sure it is


@given(st.integers(0, 400), st.integers(0, 400))
@example(1000, 1200)
@example(3000, 0)
def test_the_p_value_is_scipys_and_mcnemars(first, second):
    found = position_bias(*judged(ff=first, ss=second, fs=1)).p_value
    exact = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert found == pytest.approx(exact)
    table = [[0, first], [second, 0]]
    assert found == pytest.approx(mcnemar(table, exact=True).pvalue)


@pytest.mark.parametrize(
    ("only_first", "only_second", "pairs", "interval"),
    [
        # Fagerland, Lydersen and Laake (2017), Statistical Analysis of Contingency Tables,
        # chapter 8, as their R package contingencytables prints it
        pytest.param(6, 16, 161, (-0.1240, -0.0054), id="complete-response"),
        # Nothing of n in disagreement: n d^2 = z^2 d (1 - d), so d = z^2 / (n + z^2)
        pytest.param(0, 0, 10, (-0.27753, 0.27753), id="nothing-found"),
        # All of n to one side: n (1 - d)^2 = z^2 (1 - d) (1 + d), so d = (n - z^2) / (n + z^2)
        pytest.param(5, 0, 5, (0.13104, 1.0), id="all-to-one-side"),
    ],
)
def test_the_interval_is_the_books(only_first, only_second, pairs, interval):
    found = paired_difference(only_first, only_second, pairs)
    assert found == pytest.approx(interval, abs=5e-5)


def score(only_first, only_second, pairs, difference):
    """The score statistic, its likeliest shares found by search."""
    agreeing = pairs - only_first - only_second

    def unlikely(share):
        cells = (share + difference, share, 1 - difference - 2 * share)
        counts = (only_first, only_second, agreeing)
        return -sum(n * math.log(max(cell, 1e-300)) for n, cell in zip(counts, cells, strict=True))

    limits = max(0.0, -difference), (1 - difference) / 2
    share = optimize.minimize_scalar(
        unlikely, bounds=limits, method="bounded", options={"xatol": 1e-10}
    ).x
    variance = (2 * share + difference - difference**2) / pairs
    return ((only_first - only_second) / pairs - difference) / math.sqrt(variance)


@pytest.mark.parametrize(
    ("only_first", "only_second", "pairs"),
    [
        pytest.param(6, 16, 161, id="to-the-second"),
        pytest.param(40, 20, 160, id="to-the-first"),
        pytest.param(3, 1, 12, id="few"),
        pytest.param(5, 5, 10, id="all-inconsistent"),
    ],
)
def test_at_the_limits_the_score_is_the_normal_quantile(only_first, only_second, pairs):
    # Source: Tango's definition, with scipy's search for the likeliest shares.
    low, high = paired_difference(only_first, only_second, pairs)
    assert score(only_first, only_second, pairs, low) == pytest.approx(1.95996, abs=1e-4)
    assert score(only_first, only_second, pairs, high) == pytest.approx(-1.95996, abs=1e-4)


def test_the_interval_of_ten_pairs_is_honest():
    # Source: all outcomes of ten pairs, with their chance.
    outcomes = [(first, second) for first in range(11) for second in range(11 - first)]
    intervals = [paired_difference(first, second, 10) for first, second in outcomes]
    counts = [[first, second, 10 - first - second] for first, second in outcomes]
    for share1, share2 in [
        (0, 0),
        (0.1, 0.1),
        (0.3, 0),
        (0.5, 0),
        (0.5, 0.5),
        (0.4, 0.1),
        (0.9, 0),
    ]:
        chances = stats.multinomial.pmf(counts, 10, [share1, share2, 1 - share1 - share2])
        difference = share1 - share2
        out = [not low - 1e-7 <= difference <= high + 1e-7 for low, high in intervals]
        assert sum(chances[out]) < 0.08


# -- real judges


@pytest.fixture(scope="module")
def verdicts():
    """LLMBar's verdicts by judge and prompt."""
    path = SHARED_DATA / "llmbar_judgements.csv"
    if not path.exists():
        pytest.skip("no ../shared/data here")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return lambda *wanted: [row for row in rows if (row["judge"], row["prompt"]) == wanted]


def positions(rows):
    """Where the winner stood. The columns name the output: the second order shows output 2 first.

    An equal score is a tie, though the columns name the output that stands second.
    """
    ties = [row["score_1"] != "" and row["score_1"] == row["score_2"] for row in rows]
    where = [{"1": "first", "2": "second"}, {"2": "first", "1": "second"}]
    return [
        ["tie" if tie else names[row[column]] for row, tie in zip(rows, ties, strict=True)]
        for column, names in zip(("winner_order1", "winner_order2"), where, strict=True)
    ]


def test_the_columns_name_outputs_and_not_positions(verdicts):
    # Where a judge can tell, it agrees with the human in both orders. If the second column named
    # positions, it would disagree as often.
    rows = [row for row in verdicts("ChatGPT", "Vanilla") if row["segment"] == "Natural"]
    assert len(rows) == 100
    assert sum(row["winner_order1"] == row["human_label"] for row in rows) == 80
    assert sum(row["winner_order2"] == row["human_label"] for row in rows) == 83


@pytest.mark.parametrize(
    ("judge", "prompt", "consistent", "first", "second"),
    [
        pytest.param("ChatGPT", "Vanilla", 276, 133, 10, id="vanilla"),
        pytest.param("ChatGPT", "Metrics_Reference", 236, 175, 8, id="reference"),
        pytest.param("ChatGPT-0301", "Metrics_Reference", 188, 225, 6, id="older-judge"),
        pytest.param("ChatGPT-0301", "Swap", 318, 87, 14, id="told-of-its-contradiction"),
        pytest.param("ChatGPT", "Rating", 419, 0, 0, id="rates-each-alone"),
    ],
)
def test_a_real_judge_leans_to_the_first(verdicts, judge, prompt, consistent, first, second):
    rows = verdicts(judge, prompt)
    found = position_bias(*positions(rows))
    assert (found.pairs, found.first, found.second) == (419, first, second)
    assert found.consistent == consistent / 419
    assert found.p_value == pytest.approx(
        stats.binomtest(first, first + second).pvalue if first else 1
    )
    assert (found.interval[0] > 0) == (first > 0)
    # The same by counting the columns as they are: two outputs named is one position named.
    named = Counter((row["winner_order1"], row["winner_order2"]) for row in rows)
    if prompt != "Rating":
        assert (named["1", "2"], named["2", "1"]) == (first, second)
        assert named["1", "1"] + named["2", "2"] == consistent


def test_equal_scores_that_are_read_as_wins_look_like_a_bias(verdicts):
    rows = verdicts("ChatGPT", "Rating")
    untied = [{**row, "score_1": ""} for row in rows]
    assert position_bias(*positions(untied)).second == 213
    assert position_bias(*positions(rows)).second == 0
