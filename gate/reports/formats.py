"""Which report formats there are; a new one is one file and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from gate.reports.medium import Medium

if TYPE_CHECKING:
    from gate.core.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A module with `render(report, medium) -> str`, and its file's name under `--output`."""

    module: str
    file_name: str | None  # None: it acts where the command runs, on standard output


FORMATS = {
    "table": Format(module="gate.reports.table", file_name="report.txt"),
    "json": Format(module="gate.reports.json_report", file_name="report.json"),
    "markdown": Format(module="gate.reports.markdown", file_name="report.md"),
    "junit": Format(module="gate.reports.junit", file_name="junit.xml"),
    "html": Format(module="gate.reports.html", file_name="report.html"),
    "sarif": Format(module="gate.reports.sarif", file_name="report.sarif"),
    "github": Format(module="gate.reports.github", file_name=None),
    "gitlab": Format(module="gate.reports.gitlab", file_name="gl-code-quality.json"),
}


def render(report: Report, name: str, medium: Medium | None = None) -> str:
    """Return a report in one of `FORMATS`; every line of it can be encoded as UTF-8."""
    text: str = import_module(FORMATS[name].module).render(report, medium or Medium())
    return text
