from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scipy.special import expit
from unit.core.override_files import FILE, files, override_file

from gate.core.calibrated import CalibratedProxy, Curve
from gate.core.override_file import ReviewRule, as_json, from_json
from gate.core.schemas.override import OVERRIDE
from gate.core.signals import Answer


def test_a_file_holds_the_proxy_with_where_it_comes_from():
    assert as_json(FILE) == {
        "format": "gate-override/1",
        "suite": "s",
        "fitted_at": "2026-01-31T12:00:00Z",
        "fitted_on": {
            "labels": 200, "overridden": 60, "reviewers": 2, "newest": "2026-01-30T09:00:00Z",
            "digest": "d1",
        },
        "held_out": {
            "auc": 0.8123, "brier": 0.15, "brier_of_base_rate": 0.21, "ece": 0.0312,
            "worst_segment": "tag=a", "worst_ece": 0.0712,
        },
        "judge": "f1",
        "intercept": -1.5,
        "signals": {
            "text": {"points": [[0.0, 0.0], [0.25, 0.5], [1.0, 2.0]]},
            "judge": {"points": [[0.0, 0.0], [1.0, 3.0]], "absent": 0.75},
        },
        "segments": {"tag=a": -0.25},
        "review": {
            "max_miss": 0.05, "confidence": 0.95, "threshold": 0.1234, "segments": {"tag=a": 0.05},
        },
    }  # fmt: skip


def test_numbers_are_rounded_to_four_digits():
    proxy = CalibratedProxy(
        intercept=-0.00001,
        curves={"text": Curve(points=((1 / 3, 0.0), (1.0, 2 / 3)), absent=1 / 7)},
        offsets={"tag=a": 1 / 9},
    )
    written = as_json(override_file(proxy=proxy))
    assert str(written["intercept"]) == "0.0"
    assert written["signals"] == {
        "text": {"points": [[0.3333, 0.0], [1.0, 0.6667]], "absent": 0.1429}
    }
    assert written["segments"] == {"tag=a": 0.1111}


@pytest.mark.parametrize(
    ("more", "key"),
    [
        pytest.param({"review": None}, "review", id="no-threshold-can-be-promised"),
        pytest.param({"judge": None}, "judge", id="no-judge"),
    ],
)
def test_what_there_is_not_is_null(more, key):
    file = override_file(**more)
    assert as_json(file)[key] is None
    assert from_json(as_json(file)) == file


@given(files())
def test_what_is_written_reads_back_equal(file):
    value = json.loads(json.dumps(as_json(file)))
    Draft202012Validator(OVERRIDE).validate(value)
    assert from_json(value) == file
    assert as_json(from_json(value)) == value


@pytest.mark.parametrize(
    ("points", "error"),
    [
        pytest.param([[0, 0], [1, 0]], None, id="flat"),
        pytest.param([[0, -1], [0.5, 0], [1, 2]], None, id="rising"),
        pytest.param(
            [[0, 0], [0.5, 2], [1, 1.9]],
            r"^signals\.text: \(1, 1\.9\) after \(0\.5, 2\): a curve never falls$",
            id="falling",
        ),
        pytest.param([[0, 0], [0, 1]], r"\(0, 1\) after \(0, 0\)", id="one-place-twice"),
        pytest.param([[0.5, 0], [0.4, 1]], r"\(0\.4, 1\) after \(0\.5, 0\)", id="backwards"),
    ],
)
def test_a_curve_never_falls(points, error):
    value = {**as_json(FILE), "signals": {"text": {"points": points}}}
    if error is None:
        assert from_json(value).proxy.curves["text"].points == tuple(map(tuple, points))
    else:
        with pytest.raises(ValueError, match=error):
            from_json(value)


@pytest.mark.parametrize(
    ("segment", "threshold"),
    [
        pytest.param({}, 0.5, id="no-segment"),
        pytest.param({"tag": "c"}, 0.5, id="one-without-its-own"),
        pytest.param({"tag": "a"}, 0.2, id="a-lower-one"),
        pytest.param({"tag": "b"}, 0.7, id="a-higher-one"),
        pytest.param({"tag": "b", "lang": "de"}, 0.4, id="the-lowest-of-two"),
        pytest.param({"lang": "a", "a": "tag"}, 0.5, id="tag-and-value-belong-together"),
    ],
)
def test_an_output_has_the_lowest_threshold_of_its_segments(segment, threshold):
    rule = ReviewRule(
        max_miss=0.1,
        confidence=0.9,
        threshold=0.5,
        segments={"tag=a": 0.2, "tag=b": 0.7, "lang=de": 0.4},
    )
    assert rule.threshold_of(segment) == threshold


@given(st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy")))
def test_a_rule_without_segments_is_the_same_for_all(segment):
    assert ReviewRule(max_miss=0.1, confidence=0.9, threshold=0.3).threshold_of(segment) == 0.3


# --- where outputs are made -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "more", "odds"),
    [
        # -1.5, and what `text` and `judge` add: 2 and 3 at 1, and 0.75 where no judge was asked.
        pytest.param({"judged": 1.0}, {"expected": "xyz"}, 3.5, id="another-text-and-rejected"),
        pytest.param({"judged": 1.0}, {"expected": "abc"}, 1.5, id="the-expected-text"),
        pytest.param({}, {"expected": "abc"}, -0.75, id="no-judge-was-asked"),
        # At 0.5 `text` adds 0.5 + 1.5 x 0.25 / 0.75.
        pytest.param({}, {"references": ["abc", "xyz"]}, 0.25, id="one-of-two-approved-ones"),
    ],
)
def test_an_output_has_the_score_of_its_signals(known, more, odds):
    answer = Answer(text="abc", failed=False, **known)
    assert FILE.score(answer, segment={}, **more) == pytest.approx(expit(odds))
    assert FILE.score(answer, segment={"tag": "a"}, **more) == pytest.approx(expit(odds - 0.25))


def test_without_a_signal_that_the_labels_never_lacked_an_output_has_no_score():
    assert FILE.score(Answer(text="abc", failed=False, judged=1.0), segment={}) is None


@pytest.mark.parametrize(
    ("score", "segment", "goes"),
    [
        pytest.param(0.1234, {}, True, id="at-the-threshold"),
        pytest.param(0.1233, {}, False, id="below-it"),
        pytest.param(0.06, {"tag": "a"}, True, id="above-that-of-its-segment"),
        pytest.param(None, {}, True, id="nobody-knows"),
    ],
)
def test_an_output_goes_to_a_human_from_the_threshold_on(score, segment, goes):
    assert FILE.goes_to_a_human(score, segment) is goes


def test_without_a_rule_every_output_goes_to_a_human():
    assert override_file(review=None).goes_to_a_human(0.0, {})
