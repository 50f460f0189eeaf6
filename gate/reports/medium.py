"""What a report is shown on."""

from __future__ import annotations

from dataclasses import dataclass

PIPE_WIDTH = 100  # columns where nobody tells; a log of CI shows as many


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """What a report is shown on."""

    width: int = PIPE_WIDTH  # columns
    is_coloured: bool = False
    link: str = ""  # where the whole report can be seen, if anywhere
