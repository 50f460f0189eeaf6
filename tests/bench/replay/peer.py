"""What the benchmark must know of another tool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another tool that replays cases, and how it is told to do the same as the gate."""

    name: str
    program: str
    install: str  # what to do where it is not installed
    exit_codes: str  # what they mean
    command: tuple[str, ...]
    write: Callable[[Path, int, tuple[str, ...], str], None]  # folder, cases, sides, URL
    environment: Callable[[Path, str], Mapping[str, str]]  # folder, URL
