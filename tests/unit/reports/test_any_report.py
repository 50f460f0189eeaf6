"""Every format renders every report that the schema allows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_strategies import REPORTS

from gate.reports.formats import FORMATS, render
from gate.reports.medium import Medium

if TYPE_CHECKING:
    from gate.core.report import Report

MEDIA = st.builds(Medium, width=st.none() | st.integers(1, 200), is_coloured=st.booleans())


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(report=REPORTS, medium=MEDIA)
def test_any_report_can_be_rendered(report: Report, medium: Medium) -> None:
    texts = {name: render(report, name, medium) for name in FORMATS}
    for name, text in texts.items():
        text.encode()
        if name in {"json", "sarif", "gitlab"}:
            json.loads(text)
        if report.exit_code and name in {"sarif", "gitlab", "junit"}:
            assert _is_red(name, text)


def _is_red(name: str, text: str) -> bool:
    """Whether the file holds something that fails."""
    if name == "sarif":
        (run,) = json.loads(text)["runs"]
        return any(each["level"] == "error" for each in run["results"])
    if name == "gitlab":
        return any(each["severity"] in {"blocker", "critical"} for each in json.loads(text))
    root = ET.fromstring(text)  # noqa: S314 -- written here
    return root.attrib["failures"] + root.attrib["errors"] != "00"
