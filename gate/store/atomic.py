"""Writing a file in one step."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_whole(target: Path, lines: Iterable[str]) -> None:
    """Write lines, each with its end, so that a reader sees the old file or the new, never half.

    Raises:
        OSError: The file cannot be written; the old one is untouched.
    """
    temporary: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise
