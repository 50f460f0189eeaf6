"""A calibration as JSON: all that the table tells, and nothing that no parser reads."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from attacks import ATTACKS, MARK
from unit.reports.calibrations import calibration, fitted, hostile, judge, labels, refused, review

from gate.core.clustered import Measure
from gate.reports.calibration_json import as_value, render


def value_of(**keys):
    return json.loads(render(calibration(**keys)))


def shape(value):
    """Names and kinds; of a list those of its first element, of segments those of the first."""
    if isinstance(value, dict):
        kept = list(value.items())[: 1 if any("=" in key for key in value) else None]
        return {"SEGMENT" if "=" in key else key: shape(each) for key, each in kept}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


MEASURE = {"value": "float", "interval": ["float"]}
AGREEMENT = {"kappa": "float", "interval": ["float"], "items": "int", "agreed": "float"}
RELIABILITY = {
    "rows": "int",
    "clusters": "int",
    "overridden": "float",
    "predicted": "float",
    "auc": MEASURE,
    "brier": MEASURE,
    "brier_of_base_rate": "float",
    "gain": MEASURE,
    "ece": MEASURE,
    "ece_by_chance": "float",
    "ece_above_chance": "bool",
    "bins": [{"rows": "int", "predicted": "float", "observed": "float", "interval": ["float"]}],
}
REVIEWED = {
    "accepted": "int",
    "false_positives": "int",
    "false_positive_rate": "float",
    "false_positive_interval": ["float"],
    "overridden": "int",
    "misses": "int",
    "miss_rate": "float",
    "miss_interval": ["float"],
}
COUNTED = {"before": REVIEWED, "after": REVIEWED}
SIGNAL = {"known": "int", "auc": "float", "log_odds": "float", "varies": "bool"}
POINTS = [["float"]]
ASSUMED = ("decision", "fields", "text", "length")  # no label has them: the prior speaks
STRUCTURE = {
    "version": "int",
    "suite": "str",
    "owner": "str",
    "calibrated": "bool",
    "refusals": [],
    "written": "str",
    "labels": {
        "source": "str",
        "rows": "int",
        "decisions": {"accepted": "int", "edited": "int", "rejected": "int"},
        "undecided": "int",
        "duplicates": "int",
        "disagreements": "int",
        "reviewed_twice": "int",
        "reviewers": ["str"],
        "newest": "str",
        "agreement": AGREEMENT,
    },
    "fitted": {
        "pooled": RELIABILITY,
        "within": MEASURE,
        "segments": {"SEGMENT": RELIABILITY},
        "small_segments": "int",
        "signals": {
            **dict.fromkeys(("failure", "doubt", "judge"), SIGNAL),
            **{key: {**SIGNAL, "auc": "NoneType"} for key in ASSUMED},
        },
        "proxy": {
            "intercept": "float",
            "curves": {
                "failure": {"points": POINTS, "absent": "NoneType"},
                "doubt": {"points": POINTS, "absent": "NoneType"},
                "judge": {"points": POINTS, "absent": "float"},
                **{key: {"points": POINTS, "absent": "float"} for key in ASSUMED},
            },
            "offsets": {"SEGMENT": "float"},
        },
    },
    "review": {
        "max_miss": "float",
        "confidence": "float",
        "current": {"threshold": "float", "segments": {}},
        "tuned": {"threshold": "float", "segments": {"SEGMENT": "float"}},
        "adopted": "bool",
        "reason": "str",
        "counted": COUNTED,
        "segments": {"SEGMENT": COUNTED},
    },
    "judge": {
        "model": "str",
        "may_decide_alone": "bool",
        "why_not_alone": "str",
        "agreement": AGREEMENT,
        "segments": {"SEGMENT": AGREEMENT},
        "bias": {
            "pairs": "int",
            "consistent": "float",
            "first": "int",
            "second": "int",
            "p_value": "float",
            "interval": ["float"],
        },
        "missing": "int",
    },
    "notes": ["str"],
}


def test_its_structure_is_that_of_version_1():
    # Who changes this table changes what other people's programs read.
    value = value_of()
    assert shape(value) == STRUCTURE
    assert value["version"] == 1


def test_every_key_is_there_when_nothing_could_be_fitted():
    value = json.loads(render(refused()))
    assert value.keys() == STRUCTURE.keys()
    assert value["calibrated"] is False
    assert value["refusals"] == ["40 labels are too few; it takes 50"]
    assert [value[key] for key in ("written", "fitted", "review", "judge")] == [None] * 4


def test_the_numbers_are_those_of_the_calibration():
    value = value_of()
    good, chosen = fitted(), review()
    assert value["labels"]["rows"] == 600
    pooled = value["fitted"]["pooled"]
    assert pooled["auc"]["value"] == good.pooled.auc.value
    assert pooled["bins"][3]["observed"] == good.pooled.bins[3].observed
    assert pooled["brier_of_base_rate"] == pytest.approx(
        good.pooled.brier.value + good.pooled.gain.value
    )
    segments = value["fitted"]["segments"]
    assert {name: each["ece_above_chance"] for name, each in segments.items()} == {
        "channel=chat": False,
        "channel=email": False,
        "channel=phone": True,
    }
    assert value["review"]["counted"]["after"]["misses"] == chosen.counted.after.misses
    assert value["review"]["tuned"]["segments"] == chosen.tuned.segments
    assert value["fitted"]["signals"]["judge"]["known"] == 300
    curve = value["fitted"]["proxy"]["curves"]["judge"]
    assert curve["absent"] == good.proxy.curves["judge"].absent
    assert curve["points"] == [list(each) for each in good.proxy.curves["judge"].points]
    assert value["fitted"]["signals"]["failure"]["varies"] is False


def test_no_label_stands_in_it():
    assert len(render(calibration())) < 40_000
    assert not {"in_sample", "held_out", "by_fold", "folds"} & value_of()["fitted"].keys()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_null(number):
    good = fitted()
    wide = replace(good.pooled, gain=Measure(value=0.1, interval=(-0.5, number)))
    text = render(calibration(fitted=replace(good, pooled=wide)))
    assert json.loads(text)["fitted"]["pooled"]["gain"] == {"value": 0.1, "interval": [-0.5, None]}
    assert not any(word in text for word in ("NaN", "Infinity"))


def test_what_is_not_known_is_null():
    without = replace(review(), tuned=None, counted=replace(review().counted, after=None))
    value = value_of(
        review=without,
        fitted=replace(fitted(), within=None),
        labels=labels(agreement=None, newest=None),
        judge=judge(alone="", bias=None),
    )
    assert value["review"]["tuned"] is None
    assert value["review"]["counted"]["after"] is None
    assert value["fitted"]["within"] is None
    assert value["labels"]["agreement"] is None
    assert value["judge"]["bias"] is None
    assert value["judge"]["may_decide_alone"] is True
    assert value["judge"]["why_not_alone"] is None
    assert value["judge"]["segments"]["channel=chat"]["kappa"] is None


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ATTACKS.items()])
def test_a_text_comes_back_as_it_was_and_acts_nowhere(text):
    written = render(hostile(text))
    assert written.isascii()
    assert all(char.isprintable() or char == "\n" for char in set(written))
    assert not any(line.startswith(("::", "##[")) for line in written.split("\n"))
    assert MARK in written
    assert json.loads(written) == as_value(hostile(text))
