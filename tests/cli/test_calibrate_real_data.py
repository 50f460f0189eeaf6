"""Real decisions: post-edited translations, and code suggestions that programmers kept or not."""

from __future__ import annotations

import csv
import json

import pytest
from cli.project import run
from conftest import SHARED_DATA, Folder, cases_file, config_file, prompt_file

pytestmark = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no ../shared/data here")

DECISIONS = {
    "accepted": "accepted",
    "edited": "edited",
    "rewritten": "edited",
    "rejected": "rejected",
}


def rows_of(name: str, *, given: str, cluster: tuple[str, ...], tag: str) -> str:
    """Labels of a file of real decisions, known by their input, with what the model was sure of."""
    rows = []
    with (SHARED_DATA / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sure = {key: float(row[key]) for key in ("mean_logprob", "min_logprob") if row.get(key)}
            rows.append(
                {
                    "input": row[given],
                    "output": row["machine_output"],
                    "decision": DECISIONS[row["verdict"]],
                    "segment": {tag: row["segment"]},
                    "cluster": " ".join(row[key] for key in cluster),
                    **sure,
                }
            )
    return cases_file(rows)


def calibrated(folder: Folder, labels: str, *arguments: str):
    folder.write(
        {
            "gate.yaml": config_file({"s": {"prompt": "s.prompt.yml", "cases": "cases.jsonl"}}),
            "s.prompt.yml": prompt_file("{{input}}", model="local/smollm2-135m"),
            "cases.jsonl": cases_file([{"id": "a", "input": "Hello"}]),
            "labels.jsonl": labels,
        }
    )
    done = run(folder, "calibrate", "s", "labels.jsonl", "--output", "report", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(folder.read("report/calibration.json"))


def test_translations_are_calibrated_in_every_language_pair(folder: Folder) -> None:
    labels = rows_of("mlqe_pe_dev.csv", given="source", cluster=("segment", "doc"), tag="pair")
    told, value = calibrated(folder, labels)
    fitted = value["fitted"]
    pooled, pairs = fitted["pooled"], fitted["segments"]
    assert pooled["rows"] == 4900
    assert pooled["ece"]["value"] <= 0.03
    assert len(pairs) == 7
    assert max(each["ece"]["value"] for each in pairs.values()) <= 0.08
    best = max(each["auc"] for each in fitted["signals"].values())
    assert 0.70 < best < pooled["auc"]["value"]
    assert pooled["gain"]["interval"][0] > 0
    # Each pair's own misses keep the limit on labels that neither model nor threshold saw.
    assert "adopted: it lowers the false positives from 1069 to " in told
    for each in (value["review"]["counted"], *value["review"]["segments"].values()):
        missed = each["after"]["misses"] / each["after"]["overridden"]
        assert missed <= 0.05, each


def test_code_suggestions_are_predicted_better_than_by_their_base_rate(folder: Folder) -> None:
    labels = rows_of("copilot_suggestions.csv", given="input_tail", cluster=("user",), tag="task")
    told, value = calibrated(folder, labels)
    pooled = value["fitted"]["pooled"]
    assert pooled["clusters"] == 12
    assert pooled["gain"]["value"] > 0.01
    assert pooled["auc"]["interval"][0] > 0.5
    # Twelve users are too few to promise what a thirteenth one would have missed.
    assert "not adopted: no threshold can promise at most 5 % missed" in told
