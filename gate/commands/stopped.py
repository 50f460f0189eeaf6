"""A run that could not go on, with what it knew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import IncompleteError

if TYPE_CHECKING:
    from gate.core.report import Report


class StoppedError(IncompleteError):
    """The gate could not look; which suites it was to judge, and by which rules, it knew.

    Attributes:
        report: What was known when it stopped.
    """

    def __init__(self, cause: IncompleteError, report: Report) -> None:
        super().__init__(str(cause), fix=cause.fix)
        self.report = report
