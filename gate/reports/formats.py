"""Which report formats there are; a new one is one file and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.core.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A module with `render(report) -> str`, and its file's name under `--output`."""

    module: str
    file_name: str


FORMATS = {
    "table": Format(module="gate.reports.table", file_name="report.txt"),
    "json": Format(module="gate.reports.json_report", file_name="report.json"),
}


def render(report: Report, name: str) -> str:
    """Return a report in one of `FORMATS`."""
    text: str = import_module(FORMATS[name].module).render(report)
    return text
