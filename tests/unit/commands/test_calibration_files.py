"""The files of a calibration are both there, or the reason why not is told."""

from __future__ import annotations

import json

import pytest
from browser.page_reader import Page
from unit.reports.calibrations import calibration, refused

from gate.commands.calibration_files import write_calibration
from gate.errors import UsageError


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        pytest.param(calibration, "CALIBRATED", id="calibrated"),
        pytest.param(refused, "REFUSED", id="refused"),
    ],
)
def test_both_files_are_written_whatever_the_verdict(tmp_path, report, verdict):
    write_calibration(report(), tmp_path / "a" / "b")
    assert sorted(each.name for each in (tmp_path / "a" / "b").iterdir()) == [
        "calibration.html",
        "calibration.json",
    ]
    page = Page((tmp_path / "a" / "b" / "calibration.html").read_text(encoding="utf-8"))
    assert page.one("h1").text.startswith(verdict)
    value = json.loads((tmp_path / "a" / "b" / "calibration.json").read_text(encoding="utf-8"))
    assert value["calibrated"] is (verdict == "CALIBRATED")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"--output .*file: cannot be written: "):
        write_calibration(refused(), tmp_path / "file")
