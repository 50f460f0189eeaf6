"""Taking turns at this machine's cores."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other gate of this user computes an answer on this machine.

    llama.cpp's threads wait for each other by spinning. Two models on two cores were measured
    forty times as slow as one after the other.
    """
    if sys.platform == "win32":  # pragma: no cover -- there every process goes at once
        yield
        return
    path = Path(tempfile.gettempdir()) / f"gate-local-{os.getuid()}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:  # no place for a lock: slower perhaps, but no reason to stop
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
