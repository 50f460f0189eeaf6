"""What a report is shown on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """What a report is shown on."""

    width: int | None = None  # columns of the terminal; None: a pipe or a file has no end
    is_coloured: bool = False
    link: str = ""  # where the whole report can be seen, if anywhere
    taken: int = 0  # characters of a comment that stand before the report
