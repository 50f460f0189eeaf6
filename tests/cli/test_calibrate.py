"""`gate calibrate`: what it prints, what it writes, and what it makes of the review threshold."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from cli.project import run
from cli.reviewed import LABELS, PROXY, labels, labels_file, output, reviewed_project
from jsonschema import Draft202012Validator

from gate.core.schemas import SCHEMAS

if TYPE_CHECKING:
    from conftest import Folder


def calibrated(folder: Folder, rows, *arguments: str, **override: object):
    folder.write({**reviewed_project(**override), LABELS: labels_file(rows)})
    return run(folder, "calibrate", "s", LABELS, *arguments)


def test_a_proxy_that_knows_what_reviewers_do_is_written(folder: Folder) -> None:
    done = calibrated(folder, labels())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("CALIBRATED: suite s: on labels that it did not see: AUC 0.")
    assert "300 labels in labels.jsonl by 2 reviewers: " in done.stdout
    assert done.stdout.endswith(f"written: {PROXY}\n")
    written = json.loads(folder.read(PROXY))
    Draft202012Validator(SCHEMAS["override"]).validate(written)
    assert written["fitted_on"]["labels"] == 300
    assert written["fitted_on"]["newest"] == max(row["at"] for row in labels())
    # Reviewers override 10 % of the right queues and 90 % of the wrong ones: log-odds of 4.4 apart.
    (_, (_, rise)) = written["signals"]["decision"]["points"]
    assert rise == pytest.approx(4.4, abs=0.5)


def test_the_same_labels_give_the_same_file_in_any_order(folder: Folder) -> None:
    calibrated(folder, labels())
    first = json.loads(folder.read(PROXY))
    calibrated(folder, labels()[::-1])
    second = json.loads(folder.read(PROXY))
    for name in ("signals", "segments", "held_out", "intercept"):
        assert first[name] == second[name], name


def test_labels_may_come_as_csv(folder: Folder) -> None:
    calibrated(folder, labels())
    first = json.loads(folder.read(PROXY))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(labels()[0]))
    writer.writeheader()
    writer.writerows(labels())
    folder.write({"labels.csv": text.getvalue()})
    assert run(folder, "calibrate", "s", "labels.csv").returncode == 0
    second = json.loads(folder.read(PROXY))
    assert second["signals"] == first["signals"]


def test_what_the_human_made_of_an_output_decides_where_no_decision_is_given(
    folder: Folder,
) -> None:
    rows = labels()
    for row in rows:
        is_kept = row.pop("decision") == "accepted"
        row["final"] = row["output"] if is_kept else output("c")
    assert calibrated(folder, rows).returncode == 0
    decisions = [row["decision"] != "accepted" for row in labels()]
    assert json.loads(folder.read(PROXY))["fitted_on"]["overridden"] == sum(decisions)


def test_a_label_knows_its_case_by_its_input_too(folder: Folder) -> None:
    rows = labels()
    calibrated(folder, rows)
    by_id = json.loads(folder.read(PROXY))
    for row in rows:
        number = int(row.pop("case")[1:])
        row["input"] = {"answer": output("a"), "text": f"message {number}"}
    calibrated(folder, rows)
    by_input = json.loads(folder.read(PROXY))
    assert by_input["signals"] == by_id["signals"]


def test_nothing_is_written_in_a_dry_run(folder: Folder) -> None:
    done = calibrated(folder, labels(), "--dry-run")
    assert done.returncode == 0
    assert not (folder.path / PROXY).exists()
    assert done.stdout.endswith("nothing was written: --dry-run\n")


def test_a_file_that_gate_yaml_does_not_name_says_how_to_use_it(folder: Folder) -> None:
    folder.write({**reviewed_project(), LABELS: labels_file(labels())})
    config = json.loads(folder.read("gate.yaml"))
    del config["suites"]["s"]["override"]["proxy"]
    folder.write({"gate.yaml": json.dumps(config)})
    done = run(folder, "calibrate", "s", LABELS)
    assert (folder.path / PROXY).exists()
    assert f"next: add override: {{proxy: {PROXY}}} to suite s in gate.yaml" in done.stdout


# --- the review threshold


def test_a_threshold_is_adopted_where_it_spares_reviewers_work(folder: Folder) -> None:
    rows = labels(1200, right=0.01, wrong=0.95)
    for number, row in enumerate(rows):
        row["cluster"] = f"thread {number}"
    done = calibrated(folder, rows, "--max-miss", "0.1")
    assert "review threshold: at most 10 % of the overridden outputs unseen" in done.stdout
    assert "adopted: it lowers the false positives from " in done.stdout
    review = json.loads(folder.read(PROXY))["review"]
    # Between the score of a right queue and that of a wrong one.
    assert 0.1 < review["threshold"] < 0.95
    assert (review["max_miss"], review["confidence"]) == (0.1, 0.95)


def test_limits_of_the_misses_may_stand_in_gate_yaml(folder: Folder) -> None:
    done = calibrated(folder, labels(), max_miss=0.2, confidence=0.8)
    told = "review threshold: at most 20 % of the overridden outputs unseen, with 80 % confidence"
    assert told in done.stdout


def test_no_threshold_is_promised_on_few_labels(folder: Folder) -> None:
    done = calibrated(folder, labels(120), "--max-miss", "0.01")
    assert "not adopted: no threshold can promise at most 1 % missed" in done.stdout
    assert json.loads(folder.read(PROXY))["review"] is None


def test_a_threshold_that_spares_nothing_is_not_adopted(folder: Folder) -> None:
    rows = labels(1200, right=0.01, wrong=0.95)
    for number, row in enumerate(rows):
        row["cluster"] = f"thread {number}"
    done = calibrated(folder, rows, "--max-miss", "0.1", "--current", "0.9999")
    assert "not adopted: it would not lower the false positives (0 before, " in done.stdout
    assert json.loads(folder.read(PROXY))["review"]["threshold"] == 0.9999
    assert "the current threshold misses 100.0 %" in done.stdout


def test_the_threshold_of_the_file_before_is_the_current_one(folder: Folder) -> None:
    rows = labels(1200, right=0.01, wrong=0.95)
    calibrated(folder, rows, "--max-miss", "0.3")
    before = json.loads(folder.read(PROXY))["review"]["threshold"]
    done = run(folder, "calibrate", "s", LABELS, "--max-miss", "0.3")
    assert f"{before:.4f}" in done.stdout.split("current")[1].splitlines()[0]
