from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import SHARED_DATA
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from gate.core.policy import Policy, Tolerance
from gate.core.report import Verdict
from gate.core.rows import judge, paired, scored_side, unscored_side
from gate.errors import ConfigError, UsageError

real_data = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no ../shared/data here")
RATE = Policy(metrics={"failure_rate": Tolerance(max_rise=0.01)})


def rows(marks, **more):
    """A row a mark: `.` usable, `x` failed, `?` without an answer."""
    what = {".": {"failed": False}, "x": {"failed": True}, "?": {"output": None}}
    return [{"case": f"c{i}", **what[mark], **more} for i, mark in enumerate(marks)]


def read(*given, name="old"):
    return scored_side(name, enumerate(given), lambda number: f"{name}.jsonl:{number + 1}")


def score(**row):
    ((found,),) = read({"case": "a", **row}).cases.values()
    return found.trial


def refused(call, *, says, fix, kind=ConfigError):
    with pytest.raises(kind) as caught:
        call()
    assert says in str(caught.value)
    assert fix in caught.value.fix


# -- what a row says


@pytest.mark.parametrize(
    ("row", "code"),
    [
        pytest.param({"failed": False}, None, id="usable"),
        pytest.param({"failed": 0}, None, id="zero"),
        pytest.param({"failed": np.bool_(0)}, None, id="false-of-numpy"),
        pytest.param({"failed": True}, "failed", id="failed-without-a-code"),
        pytest.param({"failed": 1.0}, "failed", id="one"),
        pytest.param({"failed": np.int64(1)}, "failed", id="one-of-numpy"),
        pytest.param({"failed": True, "failure_code": "schema"}, "schema", id="with-a-code"),
        pytest.param({"failure_code": "schema"}, "schema", id="a-code-alone-is-a-failure"),
        pytest.param({"failed": None, "failure_code": "s"}, "s", id="null-says-nothing"),
        pytest.param({"failed": False, "output": None}, None, id="scored-though-not-shown"),
    ],
)
def test_a_row_says_whether_its_trial_failed(row, code) -> None:
    assert score(**row).failure_code == code


def test_a_row_carries_its_numbers_and_its_text() -> None:
    found = score(
        failed=False, output="hi", override=np.float32(0.5), latency_ms=12, cost_usd=0.25, tokens=9
    )
    assert (found.text, found.override, found.latency_ms) == ("hi", 0.5, 12.0)
    assert (found.cost_usd, found.tokens) == (0.25, 9)
    bare = score(failed=False, override=None)
    assert (bare.text, bare.override, bare.latency_ms, bare.cost_usd, bare.tokens) == (
        "", None, None, None, None,
    )  # fmt: skip


def test_an_output_of_null_that_nobody_scored_is_missing() -> None:
    assert score(output=None) is None
    assert score(output=None, failed=None, failure_code=None) is None


NAN = float("nan")


@pytest.mark.parametrize(
    ("row", "says", "fix"),
    [
        pytest.param({"failed": True}, "key 'case' is missing", "add 'case'", id="no-case"),
        pytest.param({"case": 7, "failed": True}, "case: 7 is no id", '"7"', id="case-number"),
        pytest.param({"case": "", "failed": True}, "case: '' is no id", "", id="case-empty"),
        pytest.param({"case": "a"}, "key 'failed' is missing", "true or false", id="not-scored"),
        pytest.param(
            {"case": "a", "output": "hi"},
            "key 'failed' is missing",
            "failure_code",
            id="output-only",
        ),
        pytest.param(
            {"case": "a", "faild": True}, "unknown key 'faild'", "did you mean 'failed'?", id="typo"
        ),
        pytest.param({"case": "a", 3: True}, "unknown key 3", "known: case", id="unknown"),
        pytest.param({"failed": "no"}, "failed: 'no' is neither", "null", id="failed-text"),
        pytest.param({"failed": 2}, "failed: 2 is neither", "null", id="failed-two"),
        pytest.param({"failed": NAN}, "failed: nan is neither", "df.notna()", id="failed-nan"),
        pytest.param({"failure_code": ""}, "failure_code: is empty", "null", id="code-empty"),
        pytest.param({"failure_code": 5}, "failure_code: 5 is no text", '"5"', id="code-number"),
        pytest.param({"output": {"a": 1}}, "output: {'a': 1} is no text", "as text", id="output"),
        pytest.param({"output": NAN}, "output: nan is no text", "df.notna()", id="output-nan"),
        pytest.param({"override": 1.01}, "override: 1.01 is not between 0 and 1", "", id="over-1"),
        pytest.param({"override": NAN}, "override: nan is not", "df.notna()", id="nan"),
        pytest.param({"latency_ms": np.float64(NAN)}, "latency_ms: nan", "df.notna()", id="np-nan"),
        pytest.param({"latency_ms": float("inf")}, "latency_ms: inf is not", "null", id="inf"),
        pytest.param({"latency_ms": "12"}, "latency_ms: '12' is no number", "null", id="text"),
        pytest.param({"latency_ms": True}, "latency_ms: True is no number", "null", id="bool"),
        pytest.param({"cost_usd": -0.1}, "cost_usd: -0.1 is not between", "null", id="negative"),
        pytest.param({"cost_usd": 10**400}, "cost_usd: 1000000000", "null", id="beyond-floats"),
        pytest.param({"tokens": 1.5}, "tokens: 1.5 is no whole number", "null", id="half-token"),
        pytest.param({"repeat": -1}, "repeat: -1 is no whole number", "0, 1, 2", id="repeat"),
        pytest.param({"repeat": True}, "repeat: True is no whole", "0, 1, 2", id="repeat-bool"),
        pytest.param({"cluster": 3}, "cluster: 3 is no text", '"3"', id="cluster-number"),
        pytest.param({"segment": "email"}, "segment: 'email' is no mapping", "{", id="segment"),
        pytest.param({"segment": {"year": 2024}}, "segment.year: 2024", '"2024"', id="tag-number"),
        pytest.param({"segment": {"ok": True}}, "segment.ok: True is", '"True"', id="tag-bool"),
        pytest.param({"segment": {1: "x"}}, "segment: the tag 1 is no text", '"1"', id="tag-name"),
    ],
)
def test_what_is_wrong_in_a_row_is_named(row, says, fix) -> None:
    whole = row if {"case", "failed"} & row.keys() else {"case": "a", "failed": False, **row}
    whole = whole if "case" in whole or says.startswith("key 'case'") else {"case": "a", **whole}
    refused(lambda: read(whole), says=f"old.jsonl:1: {says}", fix=fix)


# -- the trials of a case, and the two sides


def test_the_trials_of_a_case_are_told_apart_by_repeat() -> None:
    side = read(
        *({"case": "a", "failed": False, "repeat": repeat} for repeat in (0, 1, np.int64(2)))
    )
    assert [row.repeat for row in side.cases["a"]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("repeats", "says"),
    [
        pytest.param((None, None), ":2: case 'a' stands already at old.jsonl:1", id="none"),
        pytest.param(
            (0, 1, 0), ":3: case 'a', repeat 0, stands already at old.jsonl:1", id="twice"
        ),
        pytest.param((0, None), ":2: case 'a' stands already at old.jsonl:1", id="one-is-silent"),
        pytest.param((None, 0), ":2: case 'a', repeat 0, stands already at", id="silent-first"),
        pytest.param((0, 1, None), ":3: case 'a' stands already at old.jsonl:1", id="last-is"),
    ],
)
def test_a_trial_that_stands_twice_is_refused(repeats, says) -> None:
    given = [{"case": "a", "failed": False, "repeat": repeat} for repeat in repeats]
    refused(lambda: read(*given), says="old.jsonl" + says, fix="its own 'repeat'")


def test_an_empty_side_is_refused() -> None:
    refused(lambda: read(name="new.jsonl"), says="new.jsonl: no rows", fix="judges nothing")


def test_cases_that_only_one_side_has_are_named() -> None:
    old, new = read(*rows("......." * 2)), read(*rows("......."), name="new")
    says = "new: 7 of 14 cases of old have no row: 'c7', 'c8', 'c9', 'c10', 'c11', …"
    refused(lambda: paired(old, new), says=says, fix="the same cases")
    refused(lambda: paired(new, old), says=says, fix="the same cases")
    one = read(*rows("........"), name="new")
    refused(lambda: paired(one, read(*rows("......."))), says="'c7'", fix="the same cases")


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [("segment", {"channel": "email"}, {"channel": "chat"}), ("cluster", "k1", "k2")],
)
def test_what_a_case_is_may_not_differ_between_its_rows(key, one, other) -> None:
    def side(name, *values):
        said = ({} if value is None else {key: value} for value in values)
        each = ({"case": "a", "failed": False, "repeat": i, **more} for i, more in enumerate(said))
        return read(*each, name=name)

    (found,) = paired(side("old", None, one), side("new", one, None))
    assert getattr(found.case, key) == one
    for old, new, place in (
        ((one, other), (one,), "old.jsonl:2: "),
        ((None, one), (one, other), "new.jsonl:2: "),
    ):
        says = f"{place}case 'a' has the {key} {other!r} here, and {one!r} at old.jsonl:"
        refused(lambda old=old, new=new: paired(side("old", *old), side("new", *new)),
                says=says, fix=f"the same {key}")  # fmt: skip


def test_missing_trials_are_counted_and_not_scored() -> None:
    old = [{"case": "a", "failed": True, "repeat": 0}, {"case": "a", "output": None, "repeat": 1}]
    (found,) = paired(read(*old), read({"case": "a", "output": None}, name="new"))
    assert (len(found.old), found.old_missing, len(found.new), found.new_missing) == (1, 1, 0, 1)
    assert (found.case.segment, found.case.cluster) == ({}, None)


# -- rows that a suite scores


def unscored(**row):
    ((found,),) = unscored_side("old", [(1, {"case": "a", **row})], str).cases.values()
    return found.trial


def test_a_row_may_not_say_both_that_it_failed_and_that_it_did_not() -> None:
    with pytest.raises(
        ConfigError, match=r"'failed' is false, and yet .* failure_code 's'"
    ) as told:
        judge([{"case": "a", "failed": False, "failure_code": "s"}], rows("."), RATE)
    assert told.value.fix == "write 'failed': true, or remove the failure_code"


def test_outputs_for_a_suite_become_trials() -> None:
    trial = unscored(output="hi", repeat=2, latency_ms=5, cost_usd=0.5, tokens=7)
    assert (trial.case_id, trial.repeat, trial.source) == ("a", 2, "recording")
    answer = trial.response
    assert (answer.text, answer.finish_reason, answer.latency_ms) == ("hi", "stop", 5.0)
    assert (answer.cost_usd, answer.input_tokens + answer.output_tokens) == (0.5, 7)
    assert answer.received_at == 1.005  # all are taken to be called at 1.0
    sure = unscored(output="hi", mean_logprob=-0.5, min_logprob=np.float64(-2)).response
    assert sure.confidence == (-0.5, -2.0)
    bare = unscored(output="hi")
    assert (bare.repeat, bare.source, bare.response.output_tokens) == (0, "recording", None)
    assert unscored(output=None).response is None


@pytest.mark.parametrize(
    ("row", "says", "fix"),
    [
        pytest.param({}, "1: key 'output' is missing", "an 'output' of null", id="no-output"),
        pytest.param(
            {"output": "hi", "failed": False},
            "1: with --suite, 'failed' comes from the suite",
            "remove 'failed' from the rows, or leave --suite out",
            id="scored-already",
        ),
        pytest.param({"output": "", "segment": {}}, "'segment' comes from", "remove", id="segment"),
    ],
)
def test_what_the_suite_decides_may_not_stand_in_the_rows(row, says, fix) -> None:
    refused(lambda: unscored(**row), says=says, fix=fix)


# -- the judgement


def test_one_trial_a_side_is_the_exact_mcnemar_test() -> None:
    """12 cases got worse, 3 better; one-sided mid-p of Binomial(15, 1/2), from scipy."""
    found = judge(rows("." * 12 + "x" * 3 + "." * 85), rows("x" * 12 + "." * 88), RATE)
    (finding,) = found.findings
    mid_p = binom.sf(12, 15, 0.5) + 0.5 * binom.pmf(12, 15, 0.5)
    assert finding.p_value == pytest.approx(mid_p, rel=1e-9)
    assert (finding.old, finding.new, finding.n) == (0.03, 0.12, 100)
    assert found.verdict is Verdict.FAIL


def test_nothing_changed_in_many_cases_passes() -> None:
    found = judge(rows(".x" + "." * 998), rows("x." + "." * 998), RATE)
    assert (found.verdict, found.findings[0].change) == (Verdict.PASS, 0.0)


def test_missing_trials_that_could_decide_are_no_pass() -> None:
    assert judge(rows("." * 1000), rows("?" * 300 + "." * 700), RATE).verdict is Verdict.INCOMPLETE
    assert judge(rows("..."), rows("???"), RATE).verdict is Verdict.INCOMPLETE


def test_a_metric_that_the_rows_lack_is_told_and_no_pass() -> None:
    old, new = rows("." * 2000), rows("." * 2000, latency_ms=5.0, override=0.0)
    found = judge(old, new, Policy())
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.not_measured == {
        "override_rate": "no row of old has 'override'",
        "latency_p95": "no row of old has 'latency_ms'",
        "cost": "no row of old has 'cost_usd' or 'tokens'",
    }
    back = judge(new, old, Policy())
    assert back.not_measured["override_rate"] == "no row of new has 'override'"
    some = [{**row, **({"cost_usd": 0.1} if i else {})} for i, row in enumerate(old)]
    found = judge(some, some, Policy())
    assert found.not_measured["cost"] == "not every row has 'cost_usd', or every row 'tokens'"


def test_without_a_policy_the_metrics_that_the_rows_hold_are_judged_and_share_alpha() -> None:
    found = judge(rows("." * 2000), rows("." * 2000))
    assert (found.verdict, found.not_measured) == (Verdict.PASS, {})
    (finding,) = found.findings
    assert (finding.metric, finding.limit, finding.alpha) == ("failure_rate", 0.01, 0.05)


def test_a_reason_of_the_judgement_itself_is_kept() -> None:
    old = [{"case": "a", "failed": False}, {"case": "b", "output": None}]
    new = [{"case": "a", "output": None}, {"case": "b", "failed": False}]
    assert judge(old, new, RATE).not_measured == {
        "failure_rate": "no case has an answer on both sides"
    }
    population = replace(RATE, scope="population")
    one = rows("..", cluster="k")
    assert "one cluster" in judge(one, one, population).not_measured["failure_rate"]


def test_segments_are_judged() -> None:
    by = replace(RATE, segments_by=(("channel",),))
    old = [{**row, "segment": {"channel": "ab"[i % 2]}} for i, row in enumerate(rows("." * 200))]
    new = [{**row, "failed": row["segment"]["channel"] == "b"} for row in old]
    names = {each.segment: each.verdict for each in judge(old, new, by).findings}
    assert names == {None: "fail", "channel=a": "pass", "channel=b": "fail"}


marks = st.lists(st.sampled_from([".", "x"]), min_size=1, max_size=30)


@given(marks, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_nothing_changed_never_fails(given, random) -> None:
    old = rows(given)
    mixed = random.sample(old, len(old))
    found = judge(old, mixed, RATE)
    assert found.verdict is not Verdict.FAIL
    assert found.findings == judge(old, old, RATE).findings


# -- tables of a program


def columns(given):
    return {
        key: [row.get(key) for row in given] for key in dict.fromkeys(k for r in given for k in r)
    }


def test_rows_columns_arrays_and_frames_say_the_same() -> None:
    old = [{**row, "segment": {"channel": "a"}, "latency_ms": 3.5} for row in rows("..x." * 20)]
    new = [{**row, "segment": {"channel": "a"}, "latency_ms": 4} for row in rows("x.x." * 20)]
    policy = replace(Policy(), segments_by=(("channel",),))
    wanted = judge(old, new, policy)
    arrays = {key: np.array(column) for key, column in columns(old).items()}
    assert judge(arrays, columns(new), policy) == wanted
    assert judge(pd.DataFrame(old), pd.DataFrame(new), policy) == wanted
    assert judge(iter(old), (row for row in new), policy) == wanted


def test_a_frame_may_hold_tags_in_columns_and_no_text_as_nan() -> None:
    frame = pd.DataFrame(
        {
            "case": ["a", "b"],
            "failed": [False, True],
            "failure_code": [None, "schema"],  # which pandas 3 turns into NaN
            "segment.channel": ["email", None],
        }
    )
    by = replace(RATE, segments_by=(("channel",),))
    assert judge(frame, frame, by).small_segments == ("channel=email",)


def test_the_repair_for_a_number_that_pandas_has_not_is_true() -> None:
    frame = pd.DataFrame({"case": ["a", "b"], "failed": [False, True], "latency_ms": [1.0, None]})
    refused(lambda: judge(frame, frame), says="old[1]: latency_ms: nan", fix="df.astype(object)")
    repaired = frame.astype(object).where(frame.notna(), None)
    assert judge(repaired, repaired).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("old", "says", "fix", "kind"),
    [
        pytest.param("o.jsonl", "old: str is no table", "a list of dicts", UsageError, id="text"),
        pytest.param(None, "old: NoneType is no table", "data frame", UsageError, id="nothing"),
        pytest.param(["a"], "old[0]: str is no row", "a mapping", ConfigError, id="texts"),
        pytest.param(
            {"case": ["a"], "failed": [True, False]}, "differ in length: case 1, failed 2",
            "each row a value", ConfigError, id="lengths",
        ),
        pytest.param(
            {"case": ["a"], "failed": False}, "old['failed']: is no column", "a list or an array",
            UsageError, id="scalar",
        ),
        pytest.param(
            {"case": "ab", "failed": [0, 1]}, "old['case']: is no column", "a list", UsageError,
            id="text-column",
        ),
        pytest.param(
            {"case": ["a"], "failed": [0], "segment": [{}], "segment.x": ["y"]},
            "'segment' and 'segment.x' stand side by side", "remove one", ConfigError, id="both",
        ),
        pytest.param({}, "old: no rows", "add rows", ConfigError, id="no-columns"),
        pytest.param([], "old: no rows", "add rows", ConfigError, id="no-rows"),
        pytest.param(
            [{"case": "a", "failed": 0}, {"case": "b"}], "old[1]: key 'failed' is missing", "add",
            ConfigError, id="counted-from-0",
        ),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(old, says, fix, kind) -> None:
    refused(lambda: judge(old, rows(".")), says=says, fix=fix, kind=kind)


# -- real data


@real_data
def test_four_models_on_gsm8k_by_scipy() -> None:
    text = (SHARED_DATA / "gsm8k_correct.jsonl").read_text(encoding="utf-8")
    solved = [json.loads(line) for line in text.splitlines()]

    def side(model):
        return [{"case": row["id"], "failed": not row[model]} for row in solved]

    worse = judge(side("6b_verification"), side("175b_finetuning"), RATE)
    lost = sum(row["6b_verification"] and not row["175b_finetuning"] for row in solved)
    won = sum(row["175b_finetuning"] and not row["6b_verification"] for row in solved)
    mid_p = binom.sf(lost, lost + won, 0.5) + 0.5 * binom.pmf(lost, lost + won, 0.5)
    (finding,) = worse.findings
    assert finding.p_value == pytest.approx(mid_p, rel=1e-6)
    assert finding.change == pytest.approx((lost - won) / 1319)
    assert worse.verdict is Verdict.FAIL
    assert judge(side("175b_finetuning"), side("175b_verification"), RATE).verdict is Verdict.PASS


@real_data
@pytest.mark.parametrize(
    ("march", "june", "solved"),
    [("gpt-4-0314", "gpt-4-0613", (26, 5)), ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613", (11, 1))],
)
def test_march_against_june_on_leetcode_fails(march, june, solved) -> None:
    frame = pd.read_csv(SHARED_DATA / "llmdrift_leetcode.csv")
    frame = frame.assign(case=frame["id"], failed=frame["score"] == 0, cost_usd=frame["cost"])
    frame["latency_ms"] = frame["latency"] * 1000
    wanted = ["case", "failed", "latency_ms", "cost_usd"]
    old, new = (frame.loc[frame["model"] == model, wanted] for model in (march, june))
    found = judge(old, new)
    by_id = {finding.id: finding for finding in found.findings}
    failures, latency = by_id["failure-rate-rise"], by_id["latency-p95-rise"]
    assert (failures.old, failures.new) == pytest.approx([1 - each / 50 for each in solved])
    both = old.merge(new, on="case")
    lost = int((~both["failed_x"] & both["failed_y"]).sum())
    won = int((both["failed_x"] & ~both["failed_y"]).sum())
    mid_p = binom.sf(lost, lost + won, 0.5) + 0.5 * binom.pmf(lost, lost + won, 0.5)
    assert failures.p_value == pytest.approx(mid_p, rel=1e-9)
    assert found.verdict is Verdict.FAIL
    # The 95th percentile that the report shows is that of numpy, call of 7,923 s included.
    assert latency.old == pytest.approx(np.quantile(old["latency_ms"], 0.95))
    assert latency.new == pytest.approx(np.quantile(new["latency_ms"], 0.95))


@pytest.mark.parametrize("value", [0.5, float("nan"), "-1", True])
def test_a_log_probability_of_a_row_is_a_number_up_to_0(value) -> None:
    with pytest.raises(ConfigError, match=r"min_logprob: .* is no log of a probability"):
        unscored(output="hi", min_logprob=value)
