"""Links into the table of cases: what is behind `#` says which cases it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from gate.reports.safe_text import visible_name

if TYPE_CHECKING:
    from gate.core.report import SuiteReport


def segment_link(segment: str, suite: SuiteReport) -> str:
    """Link to the cases of a segment."""
    return _link(segment=visible_name(segment), suite=visible_name(suite.suite))


def outcome_link(outcome: str, suite: SuiteReport) -> str:
    """Link to the cases that moved in one way."""
    return _link(outcome=outcome, suite=visible_name(suite.suite))


def code_link(code: str, suite: SuiteReport) -> str:
    """Link to the cases whose new answers fail with a code."""
    return _link(code=visible_name(code), suite=visible_name(suite.suite))


def case_link(case_id: str, suite: SuiteReport) -> str:
    """Link to one case, opened."""
    return _link(case=visible_name(case_id), of=visible_name(suite.suite))


def _link(**parts: str) -> str:
    return "#" + "&".join(f"{key}={quote(value, safe='')}" for key, value in parts.items())
