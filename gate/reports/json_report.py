"""The JSON report, by `gate schema report`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gate.core.report_json import as_value

if TYPE_CHECKING:
    from gate.core.report import Report
    from gate.reports.medium import Medium

_DEPTH = 4  # levels written line by line: report, suites, a suite, its lists


def render(report: Report, _medium: Medium) -> str:
    """Return the report as JSON text; escapes keep hostile text from doing anything.

    A finding and a case stand in one line each: what is that long is searched by line.
    """
    return _lines(as_value(report), _DEPTH) + "\n"


def _lines(value: Any, depth: int) -> str:
    indent = " " * (_DEPTH - depth + 1)
    if depth and isinstance(value, dict) and value:
        parts = [f"{json.dumps(key)}: {_lines(each, depth - 1)}" for key, each in value.items()]
        return f"{{\n{indent}" + f",\n{indent}".join(parts) + f"\n{indent[1:]}}}"
    if depth and isinstance(value, list) and value and isinstance(value[0], dict):
        parts = [_lines(each, depth - 1) for each in value]
        return f"[\n{indent}" + f",\n{indent}".join(parts) + f"\n{indent[1:]}]"
    return json.dumps(value, allow_nan=False)
