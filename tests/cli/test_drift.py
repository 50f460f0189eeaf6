"""`gate drift`: a prompt that stays as it is, held against what it answered before."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from cli.in_process import gate_in_process
from cli.workers import FAILURES, calls, cases, mood, moody, run
from conftest import cases_file, config_file, prompt_file
from jsonschema import Draft202012Validator
from stub_vendor import Behaviour, StubVendor, body

if TYPE_CHECKING:
    from conftest import Folder

CASES = 60  # enough to prove a tolerance of ten points
REPAIR = "  repair: run: gate refresh s\n"


def recorded(folder: Folder, count: int = CASES, policy: object = FAILURES, **suite: Any) -> Folder:
    """A project with a baseline, as `gate refresh` leaves it, its recordings included."""
    folder.write(moody(count, policy, **suite))
    run(folder, "refresh")
    calls(folder)
    return folder


def drifted(folder: Folder, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    """The report of a drift."""
    done = run(folder, "drift", "--format", "json", *arguments, exit_code=exit_code)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["exit_code"] == exit_code
    return report


def a_night_passes(folder: Folder) -> None:
    with closing(sqlite3.connect(folder.path / ".gate/recordings.db")) as database, database:
        database.execute("UPDATE recordings SET recorded_at = recorded_at - 13 * 3600")


def test_the_same_answers_pass(folder: Folder) -> None:
    recorded(folder)
    before = folder.read("baselines/s.jsonl")
    done = run(folder, "drift")
    assert done.stdout.startswith("PASS: no regression; ")
    assert "\nsuite s: pass; 60 cases, trials 120 old, " in done.stdout
    assert folder.read("baselines/s.jsonl") == before  # only refresh writes it


def test_a_worker_that_got_worse_fails(folder: Folder) -> None:
    recorded(folder).write(mood("no"))
    done = run(folder, "drift", exit_code=1)
    assert done.stdout.startswith(
        "FAIL: suite s: failures rose from 0.0 % to 100.0 % (+100.0 pp, allowed +10.0 pp); "
    )
    report = drifted(folder, exit_code=1)
    (suite,) = report["suites"]
    assert suite["failure_codes"]["new"].keys() == {"regex"}
    assert suite["prompts"]["old"] == suite["prompts"]["new"]
    assert suite["confirmation"] is None  # there is no other old to call
    schema = json.loads(run(folder, "schema", "report").stdout)
    Draft202012Validator(schema).validate(report)


def test_a_fail_does_not_name_a_next_step_that_is_refused(folder: Folder) -> None:
    recorded(folder).write(mood("no"))
    lines = run(folder, "drift", exit_code=1).stdout.splitlines()
    for step in [each.removeprefix("next: gate ") for each in lines if each.startswith("next: ")]:
        run(folder, *step.split())


def test_better_answers_pass_with_a_note(folder: Folder) -> None:
    folder.write(mood("no"))
    recorded(folder)
    a_night_passes(folder)  # or refresh would take the answers of an hour ago for today's
    (folder.path / "mood.txt").unlink()
    report = drifted(folder)
    assert report["verdict"] == "pass"
    (note,) = [each for each in report["notes"] if "better" in each]
    assert re.fullmatch(
        r"suite s: failures fell from 100\.0 % to 0\.0 % \(p (= 0\.\d{4}|< 0\.0001)\): better than "
        "the baseline, which is out of date",
        note,
    )
    run(folder, "refresh")
    assert not [each for each in drifted(folder)["notes"] if "better" in each]


def test_a_few_better_answers_are_not_worth_a_note(folder: Folder) -> None:
    folder.write(mood("no", calls=[0]))
    recorded(folder)
    assert not [each for each in drifted(folder)["notes"] if "better" in each]


# --- what it is held against --------------------------------------------------------------------


def test_without_a_baseline_there_is_nothing_to_hold_it_against(folder: Folder) -> None:
    folder.write(moody(CASES))
    done = run(folder, "drift", exit_code=4)
    assert done.stderr == "gate: baselines/s.jsonl: no baseline for suite 's'\n" + REPAIR
    assert (done.stdout, calls(folder)) == ("", 0)
    assert drifted(folder, exit_code=4)["verdict"] == "incomplete"
    run(folder, "refresh", "s")  # the repair
    drifted(folder)


@pytest.mark.parametrize(
    ("files", "where"),
    [
        pytest.param(
            {"fixtures/s.prompt.yml": prompt_file("{{answer}} ")},
            "holds no answers of this prompt to 60 of 60 cases, the first is 'c000'",
            id="of-another-prompt",
        ),
        pytest.param(
            {
                "fixtures/cases.jsonl": cases_file(
                    [{"id": name, "input": {"answer": text}} for name, text in cases(62).items()]
                )
            },
            "holds no answers of this prompt to 2 of 62 cases, the first is 'c060'",
            id="without-two-new-cases",
        ),
    ],
)
def test_a_baseline_that_does_not_cover_the_prompt_is_refused(
    folder: Folder, files: dict[str, str | bytes], where: str
) -> None:
    recorded(folder).write(files)
    done = run(folder, "drift", exit_code=4)
    assert done.stderr == f"gate: baselines/s.jsonl: {where}\n{REPAIR}"
    assert (done.stdout, calls(folder)) == ("", 0)
    run(folder, "refresh", "s")  # the repair
    drifted(folder)


def test_an_unknown_suite_is_an_error(folder: Folder) -> None:
    recorded(folder, 3)
    assert "no suite 'nope'" in run(folder, "drift", "nope", exit_code=2).stderr


# --- what counts as today's answers -------------------------------------------------------------


def test_the_recordings_that_the_baseline_is_made_of_do_not_count(folder: Folder) -> None:
    recorded(folder)
    (suite,) = drifted(folder, "--all-calls")["suites"]
    assert calls(folder) == CASES
    assert suite["calls"]["new_live"] == CASES
    assert suite["trials"] == {"old": 2 * CASES, "new": CASES}


def test_a_second_drift_within_the_hour_calls_nothing(folder: Folder) -> None:
    recorded(folder, repeats={"baseline": 2, "new": 3})
    first = drifted(folder)
    assert CASES <= calls(folder) < 3 * CASES
    second = drifted(folder)
    assert calls(folder) == 0
    assert second["suites"][0]["findings"] == first["suites"][0]["findings"]
    assert second["suites"][0]["calls"]["new_live"] == 0


def test_the_answers_of_yesterday_are_not_todays(folder: Folder) -> None:
    recorded(folder)
    drifted(folder, "--all-calls")
    calls(folder)
    a_night_passes(folder)
    folder.write(mood("no"))
    drifted(folder, exit_code=1)
    assert calls(folder) > 0


def test_a_budget_that_is_spent_is_no_pass(folder: Folder) -> None:
    recorded(folder)
    report = drifted(folder, "--max-calls", "1", exit_code=4)
    assert report["verdict"] == "incomplete"
    assert calls(folder) == 1
    assert drifted(folder)["verdict"] == "pass"


def test_all_suites_share_alpha(folder: Folder) -> None:
    files = moody(CASES)
    config = json.loads(files["gate.yaml"])
    config["suites"]["t"] = config["suites"]["s"]
    folder.write({**files, "gate.yaml": json.dumps(config)})
    run(folder, "refresh")
    report = drifted(folder)
    assert [suite["suite"] for suite in report["suites"]] == ["s", "t"]
    assert {each["alpha"] for suite in report["suites"] for each in suite["findings"]} == {0.025}
    (alone,) = drifted(folder, "t")["suites"]
    assert alone["findings"][0]["alpha"] == 0.05


# --- vendors ------------------------------------------------------------------------------------


def renamed(model: str) -> Behaviour:
    message = {"role": "assistant", "content": "yes 1"}
    return body(
        {
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3},
        }
    )


def test_a_vendor_that_answers_as_another_model_is_named(folder: Folder) -> None:
    rows: list[dict[str, object]] = [{"id": f"c{n}", "input": {"n": f"{n}"}} for n in range(CASES)]
    suite = {
        "prompt": "p.prompt.yml",
        "cases": "cases.jsonl",
        "repeats": {"baseline": 2, "new": 1},
        "checks": [{"equals": "yes 1"}],
    }
    files = {
        "p.prompt.yml": prompt_file("{{n}}", model="openai/tiny"),
        "cases.jsonl": cases_file(rows),
        "gate.yaml": config_file({"s": suite}, policy=FAILURES),
    }
    folder.write(files)

    def told(stub: StubVendor, *arguments: str) -> str:
        env = {"OPENAI_BASE_URL": f"{stub.url}/v1", "OPENAI_API_KEY": "sk-made-up"}
        done = gate_in_process(folder, *arguments, **env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    with StubVendor(otherwise=renamed("tiny-2026-01-01")) as stub:
        told(stub, "refresh")
        assert "answers as" not in told(stub, "drift")
    (folder.path / ".gate/recordings.db").unlink()
    with StubVendor(otherwise=renamed("tiny-2026-02-02")) as stub:
        assert (
            "note: suite s: the vendor answers as tiny-2026-02-02; the baseline was recorded from "
            "tiny-2026-01-01; what that changed says gate drift s, and gate refresh s approves it\n"
        ) in told(stub, "drift")
        assert len(stub.seen) > 0
