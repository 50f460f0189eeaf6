"""A change that edits its own rules: each knob has no effect, is named, and is shown beside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cli.project import (
    BROKEN,
    FEW,
    HARMLESS,
    IS_YES,
    MANY,
    bound_waiver,
    judged,
    logged,
    rows_of,
    run,
)
from conftest import prompt_file

if TYPE_CHECKING:
    from conftest import Folder

STRICT = {
    "alpha": 0.05,
    "metrics": {"failure_rate": {"max_rise": 0.01}, "cost": {"max_ratio": 1.01}},
    "segments": {"by": ["half"], "max_rise": 0.01},
    "inconclusive": "fail",
    "exact": True,
    "strict": True,
    "scope": "fixtures",
}
BY_OWN = "by the rules that this change brings, which count once they are merged"


def project(answers: dict[str, str] = MANY) -> dict[str, str | bytes]:
    rows = [json.loads(line) for line in rows_of(answers).splitlines()]
    for number, row in enumerate(rows):
        row["segment"] = {"half": "ab"[number % 2]}
    files = logged(answers, STRICT, checks=IS_YES)
    return {**files, "fixtures/cases.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows)}


def edited(files: dict[str, str | bytes], path: str, value: object) -> dict[str, str | bytes]:
    """The gate.yaml with one knob turned; None takes it out."""
    config = json.loads(files["gate.yaml"])
    *above, last = path.split(".")
    place = config
    for step in above:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return {"gate.yaml": json.dumps(config)}


KNOBS = [
    ("policy.alpha", 1e-9),
    ("policy.metrics.failure_rate.max_rise", 1),
    ("policy.metrics.failure_rate", None),
    ("policy.metrics.cost.max_ratio", 1000),
    ("policy.segments.max_rise", 1),
    ("policy.segments", None),
    ("policy.segments.by", ["nothing"]),
    ("policy.inconclusive", "pass"),
    ("policy.exact", None),
    ("policy.strict", None),
    ("policy.scope", "population"),
    ("policy.baseline_max_age_days", 10_000),
    ("policy.author_recordings", "call"),
    ("policy.trust", "head"),
    ("policy", None),
    ("waivers", [{"finding": "failure-rate-rise", "owner": "me", "reason": "mine",
                  "expires": "2999-01-01"}]),
    ("suites.s.checks", []),
    ("suites.s.checks", None),
    ("suites.s.detect_refusals", False),
    ("suites.s.override", {"decision": ["nothing"]}),
    ("suites.s.repeats", {"baseline": 1, "new": 1}),
    ("suites.s.retired", True),
    ("owner", "somebody else"),
]  # fmt: skip


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """A report without its clock, and without what it says of the edited rules."""
    words = ("this change", "the policy that it brings")
    notes = [each for each in report["notes"] if not any(word in each for word in words)]
    return {**report, "duration_s": 0, "own_rules": None, "notes": notes}


@pytest.mark.parametrize(("path", "value"), KNOBS, ids=[f"{p}={v}"[:60] for p, v in KNOBS])
def test_no_knob_that_a_change_turns_has_an_effect(repo: Folder, path: str, value) -> None:
    files = project()
    repo.write(files).commit()
    plain = judged(repo.write(BROKEN), exit_code=1)
    turned = judged(repo.write(edited(files, path, value)), "--offline", exit_code=1)
    for report in (plain, turned):
        calls = report["suites"][0]["calls"]
        calls.update(old_live=0, new_live=0, recorded=0, saved_by_stopping=0)
        report["suites"][0]["cost_usd"] = None
    assert comparable(turned) == comparable(plain)
    assert any("edited in this change" in note for note in turned["notes"])


def test_the_heads_verdict_is_shown_beside_it_where_it_differs(repo: Folder) -> None:
    files = project()
    repo.write(files).commit()
    unchecked = {**files, **edited(files, "suites.s.checks", [])}
    lenient = {"metrics": {"failure_rate": {"max_rise": 0.5}}}
    repo.write({**BROKEN, **edited(unchecked, "policy", lenient)})
    report = judged(repo, "--all-calls", exit_code=1)
    own = {"verdict": "pass", "exit_code": 0, "suites": {"s": "pass"}}
    assert report["own_rules"] == own
    told = f"{BY_OWN}, the same answers come to pass (exit 0)"
    again = ("check", "--all-calls", "--offline")
    assert run(repo, *again).stdout.splitlines()[1] == told
    assert f"\n\n{told.capitalize()}.\n\n" in run(repo, *again, "--format", "markdown").stdout
    assert f"<p>{told.capitalize()}.</p>" in run(repo, *again, "--format", "html").stdout


def test_where_the_heads_verdict_is_the_same_it_says_so(repo: Folder) -> None:
    files = project()
    repo.write(files).commit()
    repo.write({**BROKEN, **edited(files, "policy.metrics.failure_rate.max_rise", 0.02)})
    report = judged(repo, "--all-calls", exit_code=1)
    assert report["own_rules"] == {"verdict": "fail", "exit_code": 1, "suites": {"s": "fail"}}
    shown = run(repo, "check", "--all-calls", "--offline").stdout
    assert shown.splitlines()[1] == f"{BY_OWN}, the same answers come to fail, too"


def test_the_edits_of_a_policy_are_told_key_by_key(repo: Folder) -> None:
    files = project()
    repo.write(files).commit()
    policy = {**STRICT, "trust": "head", "metrics": {"failure_rate": {"max_rise": 0.5}}}
    report = judged(repo.write(edited(files, "policy", policy)), exit_code=0)
    (note,) = [each for each in report["notes"] if each.startswith("the policy that it brings")]
    assert note == (
        "the policy that it brings: failure_rate.max_rise 0.01 -> 0.5, "
        'cost.max_ratio 1.01 -> none, trust "base" -> "head"'
    )


def test_a_change_that_edits_no_rule_has_no_second_verdict(repo: Folder) -> None:
    repo.write(project()).commit()
    assert judged(repo.write(BROKEN), exit_code=1)["own_rules"] is None
    assert BY_OWN not in run(repo, "check", "--offline").stdout


def test_the_exit_code_of_the_heads_policy_counts_as_a_difference(repo: Folder) -> None:
    files = project(FEW)
    repo.write(files).commit()
    repo.write({**HARMLESS, **edited(files, "policy.inconclusive", "pass")})
    report = judged(repo, exit_code=3)
    assert (report["own_rules"]["verdict"], report["own_rules"]["exit_code"]) == ("inconclusive", 0)
    told = f"{BY_OWN}, the same answers come to inconclusive (exit 0)"
    assert told in run(repo, "check", "--offline").stdout


def test_a_waiver_of_the_same_change_is_shown_and_does_not_count(repo: Folder) -> None:
    files = project()
    waivers = [
        {**bound_waiver(repo, files), "finding": finding, **segment}
        for finding in ("failure-rate-rise", "cost-rise")
        for segment in ({}, {"segment": "half=a"}, {"segment": "half=b"})
    ]
    repo.write(files | {"fixtures/s.prompt.yml": prompt_file()}).commit()
    repo.write({**BROKEN, **edited(files, "waivers", waivers)})
    report = judged(repo, "--all-calls", exit_code=1)
    assert report["waivers"] == []
    assert report["own_rules"]["verdict"] == "pass"


def test_softer_expectations_and_fewer_cases_are_shown_beside(repo: Folder) -> None:
    files = project()
    checks = [{"equals": {"expected": "text"}}]
    repo.write({**files, **edited(files, "suites.s.checks", checks)}).commit()
    soft = rows_of({"c00": MANY["c00"], "c01": MANY["c01"]}, expected="{} indeed")
    repo.write({**BROKEN, "fixtures/cases.jsonl": soft})
    report = judged(repo, "--all-calls", exit_code=1)
    assert report["suites"][0]["cases"] == 30
    assert report["own_rules"]["suites"] == {"s": "inconclusive"}


def test_a_renamed_case_is_judged_under_its_old_name_and_its_new_one(repo: Folder) -> None:
    repo.write({**logged(MANY, checks=IS_YES), "fixtures/cases.jsonl": rows_of(MANY)}).commit()
    renamed = {f"new-{key}": "yes 1" for key in MANY}  # and easier, too
    repo.write({**BROKEN, "fixtures/cases.jsonl": rows_of(renamed)})
    report = judged(repo, "--all-calls", exit_code=1)
    assert report["suites"][0]["cases"] == 60
    assert "suite s: 30 new cases in this change; judged too" in report["notes"]
    assert any("30 cases deleted in this change" in note for note in report["notes"])


def test_a_case_whose_input_is_edited_has_no_answer_of_its_own(repo: Folder) -> None:
    repo.write(project()).commit()
    other = rows_of({key: f"{text}0" for key, text in MANY.items()})
    repo.write({**BROKEN, "fixtures/cases.jsonl": other})
    report = judged(repo, "--all-calls", exit_code=1)
    assert report["own_rules"] is None
    assert any("30 cases edited in this change" in note for note in report["notes"])


def test_cases_inside_a_prompt_that_stayed_are_named(repo: Folder) -> None:
    files = {**project(), "gate.yaml": json.dumps(
        {"version": 1, "suites": {"s": {"prompt": "fixtures/s.prompt.yml"}}})}  # fmt: skip
    data = [{"answer": text} for text in MANY.values()]
    repo.write({**files, "fixtures/s.prompt.yml": prompt_file(testData=data)}).commit()
    repo.write({"fixtures/s.prompt.yml": prompt_file(testData=data[:20])})
    report = judged(repo, exit_code=0)
    assert any("10 cases deleted in this change" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(
            rows_of({"c00": MANY["c00"]}), "29 cases deleted in this change (c01", id="deleted"
        ),
        pytest.param(rows_of(MANY, expected="x"), "30 cases edited in this change", id="edited"),
        pytest.param(rows_of({**MANY, "n": "no"}), "1 new case in this change", id="added"),
    ],
)
def test_cases_edited_beside_a_prompt_that_stayed_are_named(
    repo: Folder, rows: str, told: str
) -> None:
    """Nothing is judged, and yet the next change is judged by what this one leaves."""
    repo.write({**logged(MANY, checks=IS_YES), "fixtures/cases.jsonl": rows_of(MANY)}).commit()
    report = judged(repo.write({"fixtures/cases.jsonl": rows}), exit_code=0)
    (note,) = [each for each in report["notes"] if told in each]
    assert note.endswith("; the prompt stayed: none was judged")
