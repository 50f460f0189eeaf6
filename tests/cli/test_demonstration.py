"""The demonstration in fixtures/triage is what the README says it is."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Folder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def demonstration(folder: Folder) -> Folder:
    for name in ("fixtures", "baselines"):
        shutil.copytree(ROOT / name, folder.path / name)
    shutil.copy(ROOT / "gate.yaml", folder.path)
    return folder


def cases() -> list[dict[str, dict[str, str]]]:
    text = (ROOT / "fixtures/triage/cases.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_there_are_enough_cases_of_every_kind() -> None:
    rows = cases()
    assert len(rows) >= 120
    assert len({row["input"]["message"] for row in rows}) == len(rows)
    assert len({row["expected"]["queue"] for row in rows}) <= 6
    for tag, least in (("channel", 30), ("language", 10), ("topic", 10)):
        counts = Counter(row["segment"][tag] for row in rows)
        assert len(counts) >= 3
        assert min(counts.values()) >= least


def test_past_tickets_do_not_give_a_case_away() -> None:
    for row in cases():
        past = [ticket["message"] for ticket in row["input"]["similar"]]  # type: ignore[index]
        assert row["input"]["message"] not in past


def test_the_committed_baseline_is_of_the_committed_prompt(demonstration: Folder) -> None:
    done = demonstration.gate("validate")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("triage: 132 cases, 3 checks, local/smollm2-135m; baseline of ")
    assert done.stdout.endswith(" is complete\n")


@pytest.mark.model
def test_the_harmless_edit_is_let_through(demonstration: Folder) -> None:
    done = demonstration.gate(
        "check",
        *("--old", "fixtures/triage/triage.prompt.yml"),
        *("--new", "fixtures/triage/harmless.prompt.yml"),
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("PASS: ")
