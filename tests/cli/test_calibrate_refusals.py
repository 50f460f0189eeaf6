"""Labels that carry no proxy, and labels that are wrong: one clear answer, and nothing is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli.project import run
from cli.reviewed import LABELS, PROXY, labels, labels_file, output, reviewed_project

if TYPE_CHECKING:
    from conftest import Folder

BEFORE = '{"the proxy": "before"}'


def refused(folder: Folder, rows) -> str:
    """Calibrate with labels that cannot carry a proxy; the file before stays as it was."""
    files = reviewed_project(proxy="baselines/other.json")
    folder.write({**files, LABELS: labels_file(rows)})
    done = run(folder, "calibrate", "s", LABELS)
    assert (done.returncode, done.stderr) == (1, ""), done.stderr
    assert done.stdout.startswith("REFUSED: suite s: ")
    assert done.stdout.endswith("nothing was written\n")
    assert not (folder.path / "baselines").exists()
    return done.stdout


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        pytest.param(labels(40), "40 labels are too few; it takes 50", id="few"),
        pytest.param(
            labels(300, right=0, wrong=0),
            "all 300 labels are accepted: nothing tells one output from another",
            id="one-class-only",
        ),
        pytest.param(
            labels(300, right=1, wrong=1),
            "all 300 labels are overridden: nothing tells one output from another",
            id="the-other-class-only",
        ),
        pytest.param(
            labels(300, right=0, wrong=0)[:-5]
            + [{**row, "decision": "rejected"} for row in labels(300)[-5:]],
            "only 5 of 300 labels are overridden; it takes 10",
            id="few-of-a-class",
        ),
        pytest.param(
            labels(300, cluster="one user"),
            "the labels come from 1 clusters; it takes 5 to hold some out",
            id="one-cluster",
        ),
        pytest.param(
            labels(300, right=0.5, wrong=0.5), "it does not beat the base rate: ", id="noise"
        ),
    ],
)
def test_labels_that_carry_no_proxy_are_refused_with_the_reason(folder, rows, reason) -> None:
    assert reason in refused(folder, rows)


def test_a_proxy_that_runs_the_wrong_way_in_a_segment_is_refused(folder: Folder) -> None:
    good = labels(800, segment={"team": "north"})
    bad = labels(400, right=0.9, wrong=0.1, seed=2, segment={"team": "south"})
    told = refused(folder, good + bad)
    assert "it runs the wrong way in team=south: AUC 0." in told
    assert "team=north: AUC" not in told.splitlines()[0]


def test_reviewers_who_disagree_are_kept_and_told(folder: Folder) -> None:
    rows = labels(300)
    more = [
        {**row, "reviewer": "cas", "decision": "accepted"}
        for row in rows
        if row["decision"] != "accepted"
    ][:20]
    folder.write({**reviewed_project(), LABELS: labels_file(rows + more)})
    done = run(folder, "calibrate", "s", LABELS)
    assert "320 labels in labels.jsonl by 3 reviewers" in done.stdout
    assert "outputs are overridden by one label and accepted by another; both count" in done.stdout
    assert "outputs were decided by two or more reviewers: kappa " in done.stdout


def test_rows_that_stand_there_twice_count_once(folder: Folder) -> None:
    rows = labels(300)
    folder.write({**reviewed_project(), LABELS: labels_file(rows + rows[:30])})
    done = run(folder, "calibrate", "s", LABELS)
    assert "300 labels in labels.jsonl" in done.stdout
    assert "30 rows stand there twice and count once" in done.stdout


def test_one_reviewer_alone_is_told(folder: Folder) -> None:
    folder.write({**reviewed_project(), LABELS: labels_file(labels(reviewer="ann"))})
    done = run(folder, "calibrate", "s", LABELS)
    assert "note: all labels are from one reviewer, ann: " in done.stdout


ROW = {"case": "c01", "output": output("a"), "decision": "accepted"}


@pytest.mark.parametrize(
    ("row", "message", "repair"),
    [
        pytest.param(
            {**ROW, "decision": "aproved"},
            "labels.jsonl:2: decision: 'aproved' is unknown; known: accepted, edited, rejected",
            "write one of these",
            id="unknown-decision",
        ),
        pytest.param(
            {**ROW, "case": "c99"},
            "labels.jsonl:2: suite 's' has no case 'c99'",
            "remove these rows, add the cases, or give 'input' in place of 'case'",
            id="unknown-case",
        ),
        pytest.param(
            {**ROW, "final": output("b")},
            "labels.jsonl:2: decision is 'accepted', and yet 'final' differs from 'output'",
            "write 'edited', or remove 'final'",
            id="a-contradiction",
        ),
    ],
)
def test_a_wrong_row_is_named_with_its_repair(folder, row, message, repair) -> None:
    folder.write({**reviewed_project(), LABELS: labels_file([ROW, row]), PROXY: BEFORE})
    config = json.loads(folder.read("gate.yaml"))
    del config["suites"]["s"]["override"]["proxy"]
    folder.write({"gate.yaml": json.dumps(config)})
    done = run(folder, "calibrate", "s", LABELS)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"gate: {message}\n" in done.stderr
    assert repair in done.stderr
    assert folder.read(PROXY) == BEFORE


def test_a_suite_and_a_file_that_are_not_there_are_named(folder: Folder) -> None:
    folder.write(reviewed_project())
    done = run(folder, "calibrate", "t", LABELS)
    assert (done.returncode, "no suite 't'" in done.stderr) == (2, True)
    done = run(folder, "calibrate", "s", "gone.jsonl")
    assert (done.returncode, "gone.jsonl: no such file" in done.stderr) == (2, True)


def test_a_broken_proxy_is_an_error_of_its_own(folder: Folder) -> None:
    folder.write({**reviewed_project(), PROXY: "{"})
    done = run(folder, "validate")
    assert done.returncode == 2
    assert f"{PROXY}: not JSON" in done.stderr
    assert "restore the file from git, or remove it and run gate calibrate" in done.stderr
