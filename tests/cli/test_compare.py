"""`gate compare`: outputs made elsewhere, through the real command."""

from __future__ import annotations

import csv
import json

import pytest
from cli.in_process import gate_in_process
from conftest import (
    SHARED_DATA,
    Folder,
    cases_file,
    config_file,
    echo_project,
    prompt_file,
)

ONLY_FAILURES = {"metrics": {"failure_rate": {"max_rise": 0.02}}}
TWO = ("compare", "old.jsonl", "new.jsonl")
USABLE = {"case": "a", "failed": False}


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def marked(marks: str, **more: object) -> str:
    """A row a mark: `.` usable, `x` failed, `?` without an answer."""
    what = {".": {"failed": False}, "x": {"failed": True}, "?": {"output": None}}
    return lines(*({"case": f"c{i}", **what[mark], **more} for i, mark in enumerate(marks)))


def policy(**keys: object) -> str:
    return config_file({}, owner="me", policy={**ONLY_FAILURES, **keys})


def judged(folder: Folder, *more: str, exit_code: int) -> dict:
    done = gate_in_process(folder, *TWO, "--format", "json", *more)
    assert done.returncode == exit_code, done.stderr + done.stdout
    assert done.stderr == ""
    return json.loads(done.stdout)


def refused(folder: Folder, *more: str, says: tuple[str, ...], exit_code: int = 2) -> None:
    before = folder.snapshot()
    done = gate_in_process(folder, *TWO, *more)
    assert done.returncode == exit_code, done.stderr + done.stdout
    assert done.stdout == ""
    assert len([line for line in done.stderr.splitlines() if line.startswith("gate: ")]) == 1
    for needle in says:
        assert needle in done.stderr
    assert folder.snapshot() == before


# -- the verdict


@pytest.mark.parametrize(
    ("old", "new", "keys", "exit_code", "verdict"),
    [
        pytest.param("." * 900, "." * 900, {}, 0, "pass", id="nothing-changed"),
        pytest.param("." * 80, "x" * 9 + "." * 71, {}, 1, "fail", id="worse"),
        pytest.param("." * 5, "...x.", {}, 0, "inconclusive", id="too-few-to-tell"),
        pytest.param(
            "." * 5, "...x.", {"inconclusive": "fail"}, 3, "inconclusive", id="too-few-and-strict"
        ),
        pytest.param("." * 900, "?" * 90 + "." * 810, {}, 4, "incomplete", id="answers-missing"),
        pytest.param("." * 9, "?" * 9, {}, 4, "incomplete", id="no-answer-at-all"),
    ],
)
def test_every_verdict_has_its_exit_code(
    folder: Folder, old, new, keys, exit_code, verdict
) -> None:
    folder.write({"old.jsonl": marked(old), "new.jsonl": marked(new), "p.yaml": policy(**keys)})
    report = judged(folder, "--policy", "p.yaml", exit_code=exit_code)
    (suite,) = report["suites"]
    assert (report["verdict"], report["exit_code"], suite["verdict"]) == (
        verdict, exit_code, verdict,
    )  # fmt: skip
    assert (report["owner"], report["policy"]["source"]) == ("me", "p.yaml")
    assert (suite["suite"], suite["cases"]) == ("compare", len(old))
    assert suite["prompts"] == {"old": None, "new": None}
    assert suite["calls"]["recorded"] == len(old) + len(new)
    assert suite["calls"]["missing"] == new.count("?")
    assert any("answers are missing" in note for note in report["notes"]) == ("?" in new)


def test_the_report_shows_codes_cases_and_outputs(folder: Folder) -> None:
    tags = {"segment": {"channel": "email"}}
    bad = {"failed": True, "failure_code": "schema", "output": '{"queue": "other"}'}
    good = {"failed": False, "output": '{"queue": "billing"}'}
    old = [{"case": f"c{i}", **good, **tags, "repeat": k} for i in range(8) for k in range(2)]
    new = [{"case": f"c{i}", **(bad if i < 7 else good), **tags} for i in range(8)]
    by = policy(segments={"by": ["channel"]})
    folder.write({"old.jsonl": lines(*old), "new.jsonl": lines(*new), "p.yaml": by})
    (suite,) = judged(folder, "--policy", "p.yaml", exit_code=1)["suites"]
    assert suite["trials"] == {"old": 16, "new": 8}
    assert suite["failure_codes"] == {"old": {}, "new": {"schema": 7}}
    assert suite["cases_changed"][0]["diff"] == [
        {"path": "queue", "old": "billing", "new": "other"}
    ]
    assert {each["segment"] for each in suite["findings"]} == {None, "channel=email"}
    table = gate_in_process(folder, *TWO, "--policy", "p.yaml").stdout
    assert table.startswith("FAIL: suite compare: failures rose from 0.0 % to 87.5 %")
    assert "failures 0/2 -> 1/1  schema" in table


def test_every_metric_of_the_rows_is_measured(folder: Folder) -> None:
    fast = {"latency_ms": 100.0, "cost_usd": 0.001, "override": 0.1}
    slow = {"latency_ms": 200.0, "cost_usd": 0.002, "override": 0.2}
    folder.write({"old.jsonl": marked("." * 60, **fast), "new.jsonl": marked("." * 60, **slow)})
    report = judged(folder, exit_code=1)
    (suite,) = report["suites"]
    assert {each["metric"]: (each["old"], each["new"]) for each in suite["findings"]} == {
        "failure_rate": (0.0, 0.0),
        "override_rate": pytest.approx((0.1, 0.2)),
        "latency_p95": (100.0, 200.0),
        "cost": pytest.approx((0.001, 0.002)),
    }
    assert report["policy"]["source"] == "(defaults)"
    (note,) = [note for note in report["notes"] if "latencies" in note]
    assert "only if both sides ran side by side" in note


def test_what_the_rows_do_not_hold_is_named_and_no_pass(folder: Folder) -> None:
    folder.write({"old.jsonl": marked("." * 2000), "new.jsonl": marked("." * 2000)})
    assert judged(folder, exit_code=0)["verdict"] == "pass"  # nobody asked for more than failures
    folder.write({"gate.yaml": config_file({})})
    report = judged(folder, exit_code=0)
    (suite,) = report["suites"]
    assert report["verdict"] == "inconclusive"
    assert suite["not_measured"]["override_rate"] == "no row of old has 'override'"
    assert any("cost, override_rate, or leave it out" in note for note in report["notes"])


def test_the_policy_is_the_projects_unless_another_is_named(folder: Folder) -> None:
    folder.write({"old.jsonl": marked("." * 80), "new.jsonl": marked("x" * 9 + "." * 71)})
    waiver = {"finding": "failure-rate-rise", "owner": "ada", "reason": "known"}
    folder.write({"none.yaml": config_file({}, policy=ONLY_FAILURES)})
    (note,) = [
        each
        for each in judged(folder, "--policy", "none.yaml", exit_code=1)["notes"]
        if "waivers of this fail would name" in each
    ]
    bound = note.partition("prompt: ")[2].partition(";")[0]
    waived = {**waiver, "expires": "2999-01-01", "prompt": bound}
    folder.write(
        {
            "gate.yaml": config_file({}, policy=ONLY_FAILURES, waivers=[waived]),
            "expired.yaml": config_file(
                {}, policy=ONLY_FAILURES, waivers=[{**waiver, "expires": "2001-01-01"}]
            ),
        }
    )
    report = judged(folder, exit_code=0)
    assert report["policy"]["source"] == "gate.yaml"
    assert [each["owner"] for each in report["waivers"]] == ["ada"]
    assert report["suites"][0]["findings"][0]["waived"]
    report = judged(folder, "--policy", "expired.yaml", exit_code=1)
    assert (report["waivers"], report["policy"]["source"]) == ([], "expired.yaml")
    assert judged(folder, "--config", "expired.yaml", exit_code=1)["policy"]["source"]


def test_several_formats_go_into_a_folder(folder: Folder) -> None:
    folder.write({"old.jsonl": marked("...", override=0), "new.jsonl": marked("...", override=0)})
    done = gate_in_process(folder, *TWO, "--format", "table,json", "--output", "out")
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(folder.read("out/report.json"))["exit_code"] == 0


# -- with a suite


def suite_project(folder: Folder, **suite: object) -> Folder:
    """Three cases that expect their own id."""
    cases = [
        {"id": name, "input": {"answer": "?"}, "expected": {"queue": name},
         "segment": {"kind": "letter"}, "cluster": "k"}
        for name in "abc"
    ]  # fmt: skip
    files = echo_project({}, checks=[{"matches": {"path": "queue", "expected": "queue"}}], **suite)
    config = json.loads(str(files["gate.yaml"]))
    config["policy"] = {
        "metrics": {"failure_rate": {"max_rise": 0.02}, "override_rate": {"max_rise": 0.02}},
        "segments": {"by": ["kind"]},
    }
    return folder.write(
        {**files, "gate.yaml": json.dumps(config), "fixtures/cases.jsonl": cases_file(cases)}
    )


def outputs(answers: dict[str, str | None], repeats: int = 4, **more: object) -> str:
    return lines(
        *(
            {"case": name, "repeat": repeat, "output": text and json.dumps({"queue": text}), **more}
            for name, text in answers.items()
            for repeat in range(repeats)
        )
    )


RIGHT = {"a": "a", "b": "b", "c": "c"}
SUITE = ("--suite", "s")


def test_the_checks_of_a_suite_score_the_outputs(folder: Folder) -> None:
    suite_project(folder)
    wrong = dict.fromkeys(RIGHT, "z")
    folder.write({"old.jsonl": outputs(RIGHT), "new.jsonl": outputs(wrong)})
    report = judged(folder, *SUITE, exit_code=1)
    (suite,) = report["suites"]
    assert (suite["suite"], suite["trials"]) == ("s", {"old": 12, "new": 12})
    assert suite["failure_codes"]["new"] == {"matches:queue": 12}
    assert suite["cases_changed"][0]["segment"] == {"kind": "letter"}
    found = {(each["metric"], each["segment"]): each["new"] for each in suite["findings"]}
    assert found["failure_rate", None] == found["override_rate", "kind=letter"] == 1.0
    assert any("proxy is uncalibrated" in note for note in report["notes"])


def test_evaluators_of_the_prompt_count_and_refusals_are_found(folder: Folder) -> None:
    evaluators = [{"name": "polite", "string": {"contains": "please"}}]
    files = echo_project({"a": "?", "b": "?"})
    folder.write({**files, "fixtures/s.prompt.yml": prompt_file(evaluators=evaluators)})
    both = ({"case": name, "output": "yes please"} for name in "ab")
    refusal = {"case": "b", "output": "I'm sorry, but I can't help with that, please."}
    folder.write(
        {"old.jsonl": lines(*both), "new.jsonl": lines({"case": "a", "output": "yes"}, refusal)}
    )
    (suite,) = judged(folder, *SUITE, exit_code=0)["suites"]
    assert suite["failure_codes"] == {"old": {}, "new": {"contains": 1, "refusal": 1}}


def test_approved_outputs_are_what_the_proxy_holds_free_text_against(folder: Folder) -> None:
    folder.write(echo_project({"a": "a warm welcome"}))
    assert gate_in_process(folder, "refresh", "--quiet").returncode == 0
    same, other = ({"case": "a", "output": text} for text in ("a warm welcome", "zzz 123"))
    folder.write({"old.jsonl": lines(same), "new.jsonl": lines(other)})
    (suite,) = judged(folder, *SUITE, exit_code=0)["suites"]
    (override,) = [each for each in suite["findings"] if each["metric"] == "override_rate"]
    assert override["old"] == 0.0
    assert override["new"] > 0.3


def test_a_null_output_is_missing_and_not_wrong(folder: Folder) -> None:
    suite_project(folder)
    folder.write({"old.jsonl": outputs(RIGHT), "new.jsonl": outputs({**RIGHT, "b": None})})
    report = judged(folder, *SUITE, exit_code=4)
    assert report["suites"][0]["calls"]["missing"] == 4
    assert report["suites"][0]["failure_codes"]["new"] == {}


def test_a_case_of_the_suite_without_a_row_is_incomplete_and_named(folder: Folder) -> None:
    suite_project(folder)
    folder.write({"old.jsonl": outputs(RIGHT), "new.jsonl": outputs({"a": "a"})})
    says = (
        "gate: new.jsonl: 2 of 3 cases of suite 's' have no row: 'b', 'c'",
        "repair: add their outputs",
    )
    refused(folder, *SUITE, says=says, exit_code=4)
    done = gate_in_process(folder, *TWO, *SUITE, "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (4, "incomplete")


# -- what is refused


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param("", lines(USABLE), ("old.jsonl: no rows", "repair: an empty"), id="empty"),
        pytest.param(lines(USABLE), "\n\n", ("new.jsonl: no rows",), id="blank-lines-only"),
        pytest.param(
            lines(USABLE), lines(USABLE) + '{"case": "b', ("new.jsonl:2: the last line is cut",),
            id="cut",
        ),
        pytest.param(
            lines(USABLE), '{"case": "a", "failed": false, "latency_ms": NaN}\n',
            ("new.jsonl:1: not JSON: NaN",), id="nan",
        ),
        pytest.param(
            lines(USABLE), '{"case": "a", "failed": false, "latency_ms": 1e999}\n',
            ("new.jsonl:1: latency_ms: inf is not between",), id="beyond-any-float",
        ),
        pytest.param(
            lines(USABLE), "\n" + lines({"case": "a", "faild": True}),
            ("new.jsonl:2: unknown key 'faild'", "repair: did you mean 'failed'?"), id="typo",
        ),
        pytest.param(
            lines(USABLE, USABLE), lines(USABLE),
            ("old.jsonl:2: case 'a' stands already at old.jsonl:1", "repair: give each trial"),
            id="twice",
        ),
        pytest.param(
            lines(USABLE), lines({"case": "a", "output": "hi"}),
            ("new.jsonl:1: key 'failed' is missing", "repair: add 'failed'"), id="not-scored",
        ),
        pytest.param(
            lines(USABLE), marked("...."),
            ("new.jsonl: 1 of 1 cases of old.jsonl have no row: 'a'", "repair: give both sides"),
            id="other-cases",
        ),
        pytest.param(
            lines({**USABLE, "segment": {"year": "2024"}}),
            lines({**USABLE, "segment": {"year": "2025"}}),
            ("new.jsonl:1: case 'a' has the segment {'year': '2025'} here, and {'year': '2024'} "
             "at old.jsonl:1",),
            id="another-segment",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_rows_ends_in_2_and_is_named(folder: Folder, old, new, says) -> None:
    refused(folder.write({"old.jsonl": old, "new.jsonl": new}), says=says)


@pytest.mark.parametrize(
    ("new", "more", "says"),
    [
        pytest.param(
            outputs(RIGHT, failed=False), SUITE,
            ("new.jsonl:1: with --suite, 'failed' comes from the suite", "or leave --suite out"),
            id="scored-twice",
        ),
        pytest.param(
            outputs({**RIGHT, "d": "d"}), SUITE,
            ("new.jsonl:13: suite 's' has no case 'd'", "its ids look like 'a'"), id="unknown-case",
        ),
        pytest.param(
            lines({"case": "a"}), SUITE, ("new.jsonl:1: key 'output' is missing",), id="no-output"
        ),
        pytest.param("", ("--suite", "t"), ("gate.yaml: no suite 't'", "suites there: s"), id="t"),
        pytest.param("", ("--suite", ""), ("gate.yaml: no suite ''",), id="no-name"),
        pytest.param("", ("--policy", "p.yaml"), ("p.yaml: no such file",), id="no-policy"),
        pytest.param("", ("--format", "json,table"), ("need --output DIR",), id="formats"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_project_is_refused(folder: Folder, new, more, says) -> None:
    suite_project(folder).write({"old.jsonl": outputs(RIGHT), "new.jsonl": new})
    refused(folder, *more, says=says)


def test_files_that_are_not_there_or_one_file_twice_are_refused(folder: Folder) -> None:
    folder.write({"notes.txt": ""})
    refused(folder, says=("old.jsonl: no such file",))
    folder.write({"old.jsonl": lines(USABLE)})
    refused(folder, says=("new.jsonl: no such file",))
    refused(folder, *SUITE, says=("no gate.yaml in", "repair: run: gate init"))
    (folder.path / "new.jsonl").symlink_to("old.jsonl")
    refused(folder, says=("old.jsonl and new.jsonl are the same file", "repair: name the outputs"))


# -- real data


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no ../shared/data here")
def test_gpt_4_of_june_fails_against_that_of_march(folder: Folder) -> None:
    with (SHARED_DATA / "llmdrift_leetcode.csv").open(encoding="utf-8", newline="") as file:
        tasks = list(csv.DictReader(file))

    def side(model: str) -> str:
        return lines(
            *(
                {"case": row["id"], "output": row["answer"], "failed": row["score"] == "0",
                 "latency_ms": float(row["latency"]) * 1000, "cost_usd": float(row["cost"])}
                for row in tasks
                if row["model"] == model
            )
        )  # fmt: skip

    folder.write({"old.jsonl": side("gpt-4-0314"), "new.jsonl": side("gpt-4-0613")})
    report = judged(folder, exit_code=1)
    (suite,) = report["suites"]
    failures = suite["findings"][0]
    assert (failures["old"], failures["new"], failures["n"]) == (0.48, 0.9, 50)
    # 23 tasks were solved in March only, 2 in June only. Of Binomial(25, 1/2): (25 + 1) ways
    # above 23 of 2 ** 25, and half of the 300 ways of 23 itself.
    regressed = sum(each["outcome"] == "regressed" for each in suite["cases_changed"])
    fixed = sum(each["outcome"] == "fixed" for each in suite["cases_changed"])
    assert (regressed, fixed) == (23, 2)
    assert failures["p_value"] == pytest.approx(176 / 2**25, rel=1e-6)
