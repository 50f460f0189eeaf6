"""Reviewers' labels of a run's own outputs: estimates beside the proxy, sheets, drift."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from cli.project import judged, run
from cli.reviewed import CASES, LABELS, PROXY, labels, labels_file, output, prompt, reviewed_project

if TYPE_CHECKING:
    from conftest import Folder

WORSE = {"fixtures/s.prompt.yml": prompt('{"queue": "{{ "b" if "1" in text else "a" }}"}')}


def adopt(repo: Folder) -> Folder:
    repo.write({**reviewed_project(labels=LABELS), LABELS: labels_file(labels())})
    assert run(repo, "calibrate", "s", LABELS).returncode == 0
    repo.commit()
    return repo.write(WORSE)


def filled(sheet: str, *, right: float = 0.3, wrong: float = 0.9) -> list[dict]:
    """A sheet on which reviewers decided: stricter than those whom the proxy learned from."""
    draw = random.Random(7)  # noqa: S311 -- no secret
    rows = [json.loads(line) for line in sheet.splitlines()]
    for row in rows:
        share = wrong if row["output"] == output("b") else right
        row["decision"] = "edited" if draw.random() < share else "accepted"
    return rows


def test_a_sheet_holds_random_outputs_of_both_sides_and_names_neither(repo: Folder) -> None:
    adopt(repo)
    report = judged(
        repo, "--all-calls", "--review-sheets", "sheets", "--review-size", "40", exit_code=1
    )
    rows = [json.loads(line) for line in repo.read("sheets/s.jsonl").splitlines()]
    (suite,) = report["suites"]
    sides = {suite["prompts"][side]["fingerprint"] for side in ("old", "new")}
    for fingerprint in sides:
        assert len({row["case"] for row in rows if row["prompt"] == fingerprint}) == 40
    assert len(rows) == 80
    # Mixed: neither half of the sheet is one side's.
    assert {row["prompt"] for row in rows[:20]} == {row["prompt"] for row in rows[-20:]} == sides
    assert all(row["decision"] is None and "old" not in row for row in rows)
    assert any(
        "80 outputs drawn for reviewers in sheets/s.jsonl; next: " in n for n in report["notes"]
    )


def test_a_sheet_with_decisions_is_not_overwritten(repo: Folder) -> None:
    adopt(repo).write({"sheets/s.jsonl": "decided\n"})
    done = run(repo, "check", "--review-sheets", "sheets")
    assert (done.returncode, done.stdout) == (2, "")
    assert "sheets/s.jsonl: is there already, perhaps with decisions" in done.stderr
    assert repo.read("sheets/s.jsonl") == "decided\n"


def test_a_sheet_that_nobody_filled_in_is_no_label(repo: Folder) -> None:
    adopt(repo)
    run(repo, "check", "--review-sheets", "sheets")
    repo.write({LABELS: repo.read("sheets/s.jsonl")})
    done = run(repo, "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{LABELS}: no labels: 92 rows wait for their decision" in done.stderr


def test_a_sheet_may_be_filled_in_as_far_as_one_likes(repo: Folder) -> None:
    adopt(repo)
    run(repo, "check", "--all-calls", "--review-sheets", "sheets")
    rows = filled(repo.read("sheets/s.jsonl"))
    for row in rows[60:]:
        row["decision"] = None
    repo.write({LABELS: labels_file(rows)})
    report = judged(repo, "--all-calls", exit_code=1)
    found = report["suites"][0]["override_estimates"]
    assert found["old"]["labels"] + found["new"]["labels"] == 60
    assert (
        f"suite s: 40 rows of {LABELS} wait for their decision and do not count" in report["notes"]
    )


def test_labels_of_the_runs_own_outputs_correct_the_proxy_beside_it(repo: Folder) -> None:
    adopt(repo)
    before = judged(repo, "--all-calls", "--review-sheets", "sheets", exit_code=1)
    assert before["suites"][0]["override_estimates"] is None
    rows = filled(repo.read("sheets/s.jsonl"))
    repo.write({LABELS: labels_file(labels()) + labels_file(rows)})
    report = judged(repo, "--all-calls", "--offline", exit_code=1)
    (suite,) = report["suites"]
    found = suite["override_estimates"]
    assert found["source"] == LABELS
    decided = {
        side: [
            row["decision"] != "accepted"
            for row in rows
            if row["prompt"] == suite["prompts"][side]["fingerprint"]
        ]
        for side in ("old", "new")
    }
    for side, said in decided.items():
        assert found[side]["labels"] == len(said) == 50, side
        # The proxy says 10 % of the right ones, these reviewers 30 %: the estimate follows them.
        assert found[side]["rate"] == pytest.approx(sum(said) / 50, abs=0.05)
        assert found[side]["interval"][0] < found[side]["rate"] < found[side]["interval"][1]
        assert found[side]["plain"] < found[side]["rate"]
    assert found["change"]["labels"] == 100
    # The verdict is by the plain proxy, and the report says so.
    assert suite["findings"] == before["suites"][0]["findings"]
    (note,) = [note for note in report["notes"] if "(PPI++)" in note]
    assert f"overrides by the proxy and the labels in {LABELS} together" in note
    assert note.endswith("; table and verdict show the plain proxy")


def test_labels_of_another_prompt_say_nothing_about_this_run(repo: Folder) -> None:
    adopt(repo)
    rows = labels(prompt="0" * 32)
    repo.write({LABELS: labels_file(rows)})
    report = judged(repo, "--all-calls", exit_code=1)
    assert report["suites"][0]["override_estimates"] is None


def test_too_few_labels_give_no_estimate_and_say_so(repo: Folder) -> None:
    adopt(repo)
    run(repo, "check", "--all-calls", "--review-sheets", "sheets", "--review-size", "4")
    repo.write({LABELS: labels_file(filled(repo.read("sheets/s.jsonl")))})
    report = judged(repo, "--all-calls", exit_code=1)
    told = f"suite s: too few labels in {LABELS} for an estimate of the overrides"
    assert told in report["notes"]


def test_newer_labels_that_the_proxy_does_not_fit_are_a_note(repo: Folder) -> None:
    adopt(repo)
    newer = labels(200, right=0.5, seed=3)
    for row in newer:
        row["at"] = row["at"].replace("2026-05", "2026-07")
    repo.write({LABELS: labels_file(labels() + newer)})
    report = judged(repo, "--all-calls", exit_code=1)
    (note,) = [note for note in report["notes"] if "newer than the override proxy" in note]
    assert note.startswith(
        "suite s: 200 labels are newer than the override proxy, and it does not "
    )
    assert note.endswith(f"; next: gate calibrate s {LABELS}")


def test_newer_labels_that_fit_are_none(repo: Folder) -> None:
    adopt(repo)
    newer = labels(200, seed=3)
    for row in newer:
        row["at"] = row["at"].replace("2026-05", "2026-07")
    repo.write({LABELS: labels_file(labels() + newer)})
    report = judged(repo, "--all-calls", exit_code=1)
    assert not any("newer than the override proxy" in note for note in report["notes"])


def test_labels_that_gate_yaml_names_and_nobody_wrote_are_an_error(repo: Folder) -> None:
    adopt(repo)
    (repo.path / LABELS).unlink()
    done = run(repo, "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{LABELS}: no such file" in done.stderr
    assert len(json.loads(repo.read(PROXY))["signals"]) > 0
    assert CASES == 60


def test_labels_of_outputs_that_the_run_did_not_give_make_no_estimate(repo: Folder) -> None:
    adopt(repo)
    first = judged(repo, "--all-calls", "--review-sheets", "sheets", exit_code=1)
    rows = filled(repo.read("sheets/s.jsonl"))
    elsewhere = [{**row, "output": output("c")} for row in rows[:20]]
    repo.write({LABELS: labels_file(elsewhere + rows[20:])})
    report = judged(repo, "--all-calls", "--offline", exit_code=1)
    found = report["suites"][0]["override_estimates"]
    assert (found["outside"], found["old"], found["new"]) == (20, None, None)
    assert any("20 labels in labels.jsonl are of outputs" in note for note in report["notes"])
    assert first["suites"][0]["override_estimates"] is None
