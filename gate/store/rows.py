"""Reading outputs made elsewhere: one JSON object a line."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from gate.errors import ConfigError
from gate.store.json_text import once, refuse_constant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART = 1 << 20  # bytes


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a file with the numbers of their lines; blank lines are skipped.

    A line at a time: the file is never in memory whole.

    Raises:
        ConfigError: It cannot be read, or a line is not a JSON object in UTF-8.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.isspace():
                    yield number, _row(line, number, path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", fix="see that the path is right") from None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}", fix="name a file of rows that you may read"
        ) from error


def fingerprint_of_rows(path: Path) -> str:
    """Return 32 hexadecimal digits that tell a file of rows from any other.

    Raises:
        OSError: It cannot be read.
    """
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_PART):
            seen.update(part)
    return seen.hexdigest()[:32]


def same_file(old: Path, new: Path) -> bool:
    """Tell whether two paths name one file; `read_rows` tells what else is wrong with them."""
    try:
        return old.samefile(new)
    except (OSError, ValueError):
        return False


# One for all lines: making one takes longer than a line.
_DECODER = json.JSONDecoder(parse_constant=refuse_constant, object_pairs_hook=once)


def _row(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        row = _DECODER.decode(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}:{number}: not UTF-8: {error.reason}", fix="write the file in UTF-8"
        ) from error
    except (ValueError, RecursionError) as error:
        if not line.endswith(b"\n"):
            raise ConfigError(
                f"{path}:{number}: the last line is cut short: {error}",
                fix="write the file again, to its end",
            ) from error
        raise ConfigError(
            f"{path}:{number}: not JSON: {error}", fix="one JSON object a line"
        ) from error
    if not isinstance(row, dict):
        raise ConfigError(f"{path}:{number}: not a JSON object", fix="one JSON object a line")
    return row
