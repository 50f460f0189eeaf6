"""Writing what a calibration found for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import UsageError
from gate.reports import calibration_json, calibration_page
from gate.store.atomic import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.calibration_report import CalibrationReport


def write_calibration(report: CalibrationReport, output: Path) -> None:
    """Write the page and the JSON value into a folder, which is made if need be.

    Raises:
        UsageError: A file cannot be written.
    """
    # Both are rendered before the first is written, and each is there whole or not at all.
    texts = {each.FILE_NAME: each.render(report) for each in (calibration_page, calibration_json)}
    try:
        for name, text in texts.items():
            write_whole(output / name, [text])
    except OSError as error:
        raise UsageError(f"--output {output}: cannot be written: {error.strerror}") from error
