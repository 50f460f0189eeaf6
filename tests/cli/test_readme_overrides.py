"""What the README says of overrides: its commands run, its files and numbers are right."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from cli.in_process import gate_in_process
from cli.project import run
from cli.real_labels import mt_project
from cli.reviewed import LABELS, labels, labels_file, reviewed_project
from conftest import SHARED_DATA

from gate.core.label import KEYS
from gate.core.schemas import SCHEMAS
from gate.core.signals import NAMES
from gate.store.labels import read_labels

if TYPE_CHECKING:
    from conftest import Folder

ROOT = Path(__file__).parents[2]
SECTION = (
    (ROOT / "README.md")
    .read_text(encoding="utf-8")
    .split("\n## Overrides: ")[1]
    .split("\n## Reports")[0]
)
COMMANDS = re.findall(r"^```sh\n(.*?)\n```$", SECTION, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def demonstration(folder: Folder) -> None:
    for name in ("fixtures", "baselines"):
        shutil.copytree(ROOT / name, folder.path / name)
    shutil.copy(ROOT / "gate.yaml", folder.path)


def decisions() -> str:
    """Decisions on the demonstration's own answers: nine of ten as its expectation has it."""
    cases, baseline = (
        [json.loads(line) for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
        for name in ("fixtures/triage/cases.jsonl", "baselines/triage.jsonl")
    )
    expected = {row["id"]: row["expected"]["queue"] for row in cases}
    draw, rows = random.Random(1), []  # noqa: S311 -- no secret
    for row in baseline[1:]:
        for trial in row["trials"]:
            try:
                is_right = json.loads(trial["output"])["queue"] == expected[row["case"]]
            except (ValueError, KeyError):
                is_right = False
            is_kept = is_right != (draw.random() < 0.1)
            decision = "accepted" if is_kept else "edited"
            rows.append({"case": row["case"], "output": trial["output"], "decision": decision})
    return labels_file(rows)


def test_the_command_fits_the_demonstrations_proxy(folder: Folder) -> None:
    demonstration(folder)
    folder.write({"labels.jsonl": decisions()})
    done = gate_in_process(folder, *COMMANDS[0].split()[1:])
    assert done.returncode == 0, done.stdout + done.stderr
    written = {path.name for path in (folder.path / "calibration").iterdir()}
    assert written == {"calibration.html", "calibration.json"}
    assert (folder.path / "baselines/triage.override.json").exists()


def test_the_command_writes_a_sheet(repo: Folder) -> None:
    repo.write(reviewed_project()).commit()
    repo.write({"fixtures/s.prompt.yml": repo.read("fixtures/s.prompt.yml").replace("{{", "so {{")})
    done = run(repo, *COMMANDS[1].split()[1:])
    assert done.returncode in {0, 1}, done.stderr
    assert 0 < len(repo.read("sheets/s.jsonl").splitlines()) <= 100


@pytest.mark.parametrize("block", blocks("yaml"))
def test_its_keys_are_those_of_gate_yaml(block: str) -> None:
    suite = SCHEMAS["config"]["properties"]["suites"]["additionalProperties"]
    known = suite["properties"]["override"]["properties"]
    assert yaml.safe_load(block)["override"].keys() <= known.keys()


def test_its_tables_name_every_signal_and_every_key_of_a_label() -> None:
    signals, keys = (
        re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for table in re.split(r"^\| (?:signal, in|key \|)", SECTION, flags=re.MULTILINE)[1:3]
    )
    named = {name for cell in signals for name in re.findall(r"`(\w+)`", cell)}
    assert named == set(NAMES)
    assert {name for cell in keys for name in re.findall(r"`(\w+)`", cell)} == set(KEYS)


def test_the_label_that_it_shows_is_one(folder: Folder) -> None:
    (line,) = blocks("json")
    folder.write({"labels.jsonl": line})
    (label,) = read_labels(folder.path / "labels.jsonl").rows
    assert (label.case_id, label.is_overridden) == ("t-001", True)


def test_the_lines_for_production_score_an_output(folder: Folder) -> None:
    rows = labels()
    for number, row in enumerate(rows):
        is_overridden = row["decision"] != "accepted"
        row["mean_logprob"] = -0.9 if is_overridden != (number % 9 == 0) else -0.1
        row["input"] = f"text {number}"
        del row["case"]
    folder.write(
        {**reviewed_project(proxy="baselines/mt.override.json"), LABELS: labels_file(rows)}
    )
    assert run(folder, "calibrate", "s", LABELS).returncode == 0
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder.path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"0\.\d\d (to a human|as it is)\n", done.stdout)


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no ../shared/data here")
def test_the_numbers_on_translations_are_those_that_are_printed(folder: Folder) -> None:
    folder.write(mt_project("mt"))
    shown = next(text for text in blocks("text") if text.startswith("$ gate calibrate mt"))
    command, told = shown.split("\n", 1)
    rows = dict(re.findall(r"^\| (\d+) % \| (.*? \|.*?) \|$", SECTION, re.MULTILINE))
    assert rows.keys() == {"5", "10", "20", "30"}
    for percent, cells in rows.items():
        done = run(folder, *command.split()[2:], "--dry-run", "--max-miss", str(int(percent) / 100))
        assert done.stdout.startswith(told)
        tuned = next(line for line in done.stdout.splitlines() if line.startswith("tuned"))
        found = re.findall(r"(\d+ of \d+) \(([\d.]+ %)", tuned)
        assert cells == " | ".join(f"{share} ({counted})" for counted, share in found)
