"""Real decisions: post-edited translations, and code suggestions that programmers kept or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli.project import run
from cli.real_labels import copilot_project, mt_project
from conftest import SHARED_DATA

if TYPE_CHECKING:
    from conftest import Folder

pytestmark = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no ../shared/data here")


def calibrated(folder: Folder, files: dict[str, str | bytes]):
    folder.write(files)
    done = run(folder, "calibrate", "s", "labels.jsonl", "--output", "report")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(folder.read("report/calibration.json"))


def test_translations_are_calibrated_in_every_language_pair(folder: Folder) -> None:
    told, value = calibrated(folder, mt_project("s"))
    fitted = value["fitted"]
    pooled, pairs = fitted["pooled"], fitted["segments"]
    assert pooled["rows"] == 4900
    assert pooled["ece"]["value"] <= 0.03
    assert len(pairs) == 7
    assert max(each["ece"]["value"] for each in pairs.values()) <= 0.08
    best = max(each["auc"] or 0.5 for each in fitted["signals"].values())
    assert 0.70 < best < pooled["auc"]["value"]
    assert pooled["gain"]["interval"][0] > 0
    # Each pair's own misses keep the limit on labels that neither model nor threshold saw.
    assert "adopted: it lowers the false positives from 1069 to " in told
    for each in (value["review"]["counted"], *value["review"]["segments"].values()):
        missed = each["after"]["misses"] / each["after"]["overridden"]
        assert missed <= 0.05, each


def test_code_suggestions_are_predicted_better_than_by_their_base_rate(folder: Folder) -> None:
    told, value = calibrated(folder, copilot_project("s"))
    pooled = value["fitted"]["pooled"]
    assert pooled["clusters"] == 12
    assert pooled["gain"]["value"] > 0.01
    assert pooled["auc"]["interval"][0] > 0.5
    # Twelve users are too few to promise what a thirteenth one would have missed.
    assert "not adopted: no threshold can promise at most 5 % missed" in told
