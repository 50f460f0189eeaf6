from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.label import DECISIONS, KEYS, Label, label_of
from gate.core.labels import gather_labels
from gate.errors import ConfigError

ROW = {"case": "a", "output": "x", "decision": "accepted"}
KNOWN = "is unknown; known: accepted, edited, rejected"
NO_CASE = "add 'case': the id of the case, or 'input'"
NO_INPUT = "is neither an object nor text"
NO_OUTPUT = "add 'output': what the reviewer saw; text may be empty"
SILENT = (
    "add 'decision', one of accepted, edited, rejected, "
    "or 'final': what the reviewer made of the output"
)
CHANGED = "decision is 'accepted', and yet 'final' differs from 'output'"
EQUAL = "decision is 'edited', and yet 'final' equals 'output'"
TIME = "write it as 2026-05-31 or 2026-05-31T14:30:00Z"
NO_LIST = "write the natural log of each token's probability, or remove 'logprobs'"
BOTH = "'logprobs' and '{}' are both given"
MEAN_GIVEN, LEAST_GIVEN = (
    f"remove '{key}_logprob': 'logprobs' gives it" for key in ("mean", "min")
)
NO_LOG = "is no log of a probability"
LOGS = "write natural logs, numbers up to 0, or remove '{}' where they are not known"
MEAN = LOGS.format("mean_logprob")


def label(**changed) -> Label:
    """The label of a row with these keys changed; a key of None is left out."""
    row = {**ROW, **changed}
    return label_of({key: value for key, value in row.items() if value is not None}, 1)


def test_a_case_counts_and_an_input_beside_it_is_there_to_be_read() -> None:
    assert label(case="a", input={"text": "hi"}) == label(case="a", input=None)


LEAST = Label(
    case_id="a", input=None, output="x", decision="accepted", segment={}, reviewer=None, at=None,
    at_s=0.0, cluster=None, prompt=None, mean_logprob=None, min_logprob=None, line=1,
)  # fmt: skip


def test_a_row_may_say_no_more_than_a_case_an_output_and_a_decision() -> None:
    assert label_of(ROW, 1) == LEAST
    assert label_of({**dict.fromkeys(KEYS), **ROW}, 2) == replace(LEAST, line=2)


def test_a_row_may_say_all() -> None:
    told = {"segment": {"to": "email"}, "reviewer": "ann", "cluster": "k", "prompt": "0f"}
    at, logs = "1970-01-02T00:00:01Z", [-0.25, -1, -0.25]
    found = label(case=None, input={"text": "hi"}, output={"b": 1}, at=at, logprobs=logs, **told)
    summed = {"at_s": 86_401.0, "mean_logprob": -0.5, "min_logprob": -1.0}
    assert found == replace(
        LEAST, case_id=None, input={"text": "hi"}, output='{"b":1}', at=at, **summed, **told
    )


@pytest.mark.parametrize(
    ("output", "final", "decision"),
    [
        pytest.param("x", "x", "accepted", id="equal"),
        pytest.param("x", "y", "edited", id="differs"),
        pytest.param("x", "x ", "edited", id="a-space-is-an-edit"),
        pytest.param("x", "", "edited", id="emptied"),
        pytest.param("", "", "accepted", id="empty-and-left-so"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, "accepted", id="order-of-keys"),
        pytest.param({"a": 1}, '{"a":1}', "accepted", id="canonical-text"),
        pytest.param({"a": 1}, '{"a": 1}', "edited", id="text-is-taken-as-it-is"),
        pytest.param(False, 0, "edited", id="false-is-no-0"),
    ],
)
def test_a_final_decides_where_the_reviewer_does_not_say(output, final, decision) -> None:
    found = label(output=output, final=final, decision=None)
    assert found.decision == decision
    assert label(output=output, final=final, decision=decision) == found
    assert label(output=output, final=final, decision="rejected").decision == "rejected"


def test_only_what_is_accepted_is_not_overridden() -> None:
    overridden = [label(decision=each).is_overridden for each in DECISIONS]
    assert overridden == [False, True, True]


def test_a_case_and_an_input_are_never_one_item() -> None:
    by_text, by_object = (label(case=None, input=each) for each in ("a", {"a": "b", "c": "d"}))
    turned = label(case=None, input={"c": "d", "a": "b"})
    assert label().item == "case:a"
    assert len({label().item, by_text.item, by_object.item}) == 3
    assert by_object.item == turned.item
    assert label(case=by_text.item).item != by_text.item
    both = gather_labels([by_text, label(case=by_text.item, decision="edited")])
    assert both.disagreements == 0
    assert gather_labels([by_text, by_object, turned]).duplicates == 1


def test_equal_tags_and_names_are_held_once() -> None:
    text = json.dumps({**ROW, "segment": {"to": "email"}, "reviewer": "ann"})
    one, two = (label_of(json.loads(text), line) for line in (1, 2))
    assert one.segment is two.segment
    assert one.reviewer is two.reviewer
    assert label(segment="email").segment == {"segment": "email"}


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        pytest.param("1970-01-02", 86_400.0, id="date"),
        pytest.param("1970-01-01T01:00:00", 3600.0, id="no-zone-is-utc"),
        pytest.param("1970-01-01T01:00:00Z", 3600.0, id="z"),
        pytest.param("1970-01-01T01:00:00+01:00", 0.0, id="an-hour-ahead"),
        pytest.param("1969-12-31T23:59:59.500000-00:00", -0.5, id="before-the-epoch"),
        pytest.param("0001-01-01T00:00:00+14:00", -62_135_647_200.0, id="before-year-1-in-utc"),
    ],
)
def test_a_time_is_counted_in_seconds_since_the_epoch(monkeypatch, at, seconds) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        found = label(at=at)
    time.tzset()
    assert (found.at, found.at_s) == (at, seconds)


ZONES = st.timezones() | st.integers(-720, 720).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(min_value=datetime(1971, 1, 1), timezones=ZONES))  # noqa: DTZ001 -- zones come from ZONES
def test_any_time_is_counted_as_datetime_counts_it(moment) -> None:
    assert label(at=moment.isoformat()).at_s == moment.timestamp()


@pytest.mark.parametrize(
    ("given", "mean", "least"),
    [
        pytest.param({"logprobs": [-0.5]}, -0.5, -0.5, id="one-token"),
        pytest.param({"logprobs": [1e-7, -2]}, -1.0, -2.0, id="rounding-above-0"),
        pytest.param({"logprobs": [0.1] * 0 + [-0.1] * 10}, -0.1, -0.1, id="no-drift"),
        pytest.param({"mean_logprob": -1}, -1.0, None, id="mean-alone"),
        pytest.param({"min_logprob": 0.0}, None, 0.0, id="least-alone"),
        pytest.param({"mean_logprob": 1e-6, "min_logprob": -3.5}, 0.0, -3.5, id="both"),
    ],
)
def test_logs_of_probabilities_are_told_token_by_token_or_summed_up(given, mean, least) -> None:
    found = label(**given)
    assert (found.mean_logprob, found.min_logprob) == (mean, least)


def bad(name, says, fix, **changed):
    return pytest.param(changed, says, fix, id=name)


@pytest.mark.parametrize(
    ("changed", "says", "fix"),
    [
        bad("near-key", "unknown key 'DECISON'", "did you mean 'decision'?", DECISON=1),
        bad("far-key", "unknown key 'zzz'", "known: " + ", ".join(KEYS), zzz=1),
        bad("no-case", "neither 'case' nor 'input' is given", NO_CASE, case=None),
        bad("case-5", "case: 5 is no text", 'write it as text: "5"', case=5),
        bad("empty", "case: is empty", "fill it in, or remove 'case' from the row", case=""),
        bad("input-5", "input: 5 " + NO_INPUT, 'write it as text: "5"', case=None, input=5),
        bad("no-output", "key 'output' is missing", NO_OUTPUT, output=None),
        bad("silent", "neither 'decision' nor 'final' is given", SILENT, decision=None),
        bad(
            "big", f"decision: 'Accepted' {KNOWN}", "did you mean 'accepted'?", decision="Accepted"
        ),
        bad("near", f"decision: 'REJECT' {KNOWN}", "did you mean 'rejected'?", decision="REJECT"),
        bad(
            "far",
            f"decision: {'8' * 57}... {KNOWN}",
            "write one of these",
            decision=10**99 // 9 * 8,
        ),
        bad("changed", CHANGED, "write 'edited', or remove 'final'", final="y"),
        bad("equal", EQUAL, "write 'accepted', or remove 'final'", decision="edited", final="x"),
        bad(
            "tags",
            "segment: ['x'] is no mapping",
            'write it as {"channel": "email"}',
            segment=["x"],
        ),
        bad("tag", "segment.n: 5 is no text", 'write it as text: "5"', segment={"n": 5}),
        bad("name", "reviewer: ['x'] is no text", "write it as text", reviewer=["x"]),
        bad("no-date", "at: 'May 5' is no date or time of ISO 8601", TIME, at="May 5"),
        bad("february", "at: '2026-02-30' is no date or time of ISO 8601", TIME, at="2026-02-30"),
        bad("no-token", "logprobs: [] is no list of numbers", NO_LIST, logprobs=[]),
        bad("no-list", "logprobs: -1 is no list of numbers", NO_LIST, logprobs=-1),
        bad("mean", BOTH.format("mean_logprob"), MEAN_GIVEN, logprobs=[-1], mean_logprob=-1),
        bad("least", BOTH.format("min_logprob"), LEAST_GIVEN, logprobs=[-1], min_logprob=0),
        bad("false", "logprobs: False " + NO_LOG, LOGS.format("logprobs"), logprobs=[False]),
        bad("above-0", "mean_logprob: 1.1e-06 " + NO_LOG, MEAN, mean_logprob=1.1e-6),
        bad(
            "swapped",
            "min_logprob -0.5 is above mean_logprob -2",
            "the least of some numbers is no more than their mean: are they swapped?",
            mean_logprob=-2,
            min_logprob=-0.5,
        ),
        bad("nan", "mean_logprob: nan " + NO_LOG, MEAN, mean_logprob=float("nan")),
        bad("infinite", "mean_logprob: -inf " + NO_LOG, MEAN, mean_logprob=float("-inf")),
        bad("no-float", f"mean_logprob: -1{'0' * 55}... {NO_LOG}", MEAN, mean_logprob=-(10**400)),
        bad("text", "min_logprob: '-1' " + NO_LOG, LOGS.format("min_logprob"), min_logprob="-1"),
    ],
)
def test_what_is_no_label_is_refused_with_its_repair(changed, says, fix) -> None:
    with pytest.raises(ConfigError) as caught:
        label(**changed)
    assert (str(caught.value), caught.value.fix) == (says, fix)


A, E, R = DECISIONS


def said(*rows):
    """Labels of reviewer, decision, and more keys."""
    return [
        label_of({**ROW, "decision": decision, "reviewer": reviewer, **dict(*more)}, line)
        for line, (reviewer, decision, *more) in enumerate(rows, start=1)
    ]


@pytest.mark.parametrize(
    ("rows", "counted"),
    [
        pytest.param([], (0, 0, 0, 0), id="none"),
        pytest.param([("ann", A)], (1, 0, 0, 0), id="one-reviewer"),
        pytest.param([("ann", A), ("ann", A)], (1, 1, 0, 0), id="duplicate"),
        pytest.param([(None, A)] * 3, (1, 2, 0, 0), id="nobodys-duplicates"),
        pytest.param([("ann", A), ("bob", A), ("bob", A)], (2, 1, 0, 1), id="a-seconds-duplicate"),
        pytest.param([("ann", A, {"at": "2026-01-01"}), ("ann", A)], (2, 0, 0, 0), id="time"),
        pytest.param([("ann", A, {"segment": "x"}), ("ann", A)], (1, 1, 0, 0), id="tags-count-not"),
        pytest.param([("ann", A), ("ann", R)], (2, 0, 1, 0), id="changed-her-mind"),
        pytest.param([("ann", A), ("bob", E), ("cy", R)], (3, 0, 1, 1), id="three-disagree-once"),
        pytest.param([("ann", E), ("bob", R)], (2, 0, 0, 1), id="both-override"),
        pytest.param([("ann", A), (None, R)], (2, 0, 1, 0), id="nobody-is-no-reviewer"),
        pytest.param([(None, A), ("ann", A), (None, R)], (3, 0, 1, 0), id="one-among-nobodies"),
        pytest.param([(None, A), ("ann", A), ("bob", A)], (3, 0, 0, 1), id="two-after-nobody"),
        pytest.param([("ann", A), ("bob", R, {"output": "y"})], (2, 0, 0, 0), id="other-output"),
        pytest.param([("ann", A), ("bob", R, {"case": "b"})], (2, 0, 0, 0), id="other-case"),
    ],
)
def test_rows_on_one_output_are_counted(rows, counted) -> None:
    found = gather_labels(said(*rows))
    both = (found.disagreements, found.reviewed_twice)
    assert (len(found.rows), found.duplicates, *both) == counted
    assert found.reviewers == tuple(sorted({name for name, *_ in rows if name}))
    turned = gather_labels(reversed(said(*rows)))
    assert replace(turned, rows=()) == replace(found, rows=())
    assert [each.line for each in found.rows] == sorted(each.line for each in found.rows)
