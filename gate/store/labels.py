"""Reading reviewers' labels: JSON lines or CSV."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from gate.core.label import KEYS, label_of
from gate.core.labels import gather_labels
from gate.errors import ConfigError
from gate.store.rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gate.core.label import Label
    from gate.core.labels import Labels

    Row = tuple[int, dict[str, Any]]  # its line, and what stands there

_COLUMNS = tuple(key for key in KEYS if key != "logprobs")  # a cell holds no list
_IN_PARTS = frozenset({"input", "segment"})
_NUMBERS = frozenset({"mean_logprob", "min_logprob"})
_is_number = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII).fullmatch


def read_labels(path: Path) -> Labels:
    """Read what reviewers decided on outputs.

    Args:
        path: JSON lines (`.jsonl`), one object a line, or CSV (`.csv`).

    Returns:
        The labels in the order of the file, exact duplicates once.

    Raises:
        ConfigError: The file cannot be read, is neither JSON lines nor CSV, or holds no label; or
            a row is wrong: the message names its line.
    """
    undecided: list[int] = []
    labels = gather_labels(_labels(path, undecided))
    if not labels.rows:
        waiting = f": {len(undecided)} rows wait for their decision" if undecided else ""
        raise ConfigError(
            f"{path}: no labels{waiting}", fix="a file without decisions teaches nothing; add some"
        )
    return replace(labels, undecided=len(undecided))


def _labels(path: Path, undecided: list[int]) -> Iterator[Label]:
    """Yield the labels; rows of a review sheet that nobody decided on are only counted."""
    readers = {".jsonl": read_rows, ".csv": _read_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(
            f"{path}: labels are read from .jsonl or .csv",
            fix="name it as what it is, or write it as one of these",
        )
    for line, row in reader(path):
        if "decision" in row and row["decision"] is None and row.get("final") is None:
            undecided.append(line)
            continue
        yield _label(row, line, path)


def _label(row: dict[str, Any], line: int, path: Path) -> Label:
    try:
        return label_of(row, line)
    except ConfigError as error:
        raise ConfigError(f"{path}:{line}: {error}", fix=error.fix) from None
    except RecursionError:
        raise ConfigError(
            f"{path}:{line}: a value is nested too deep", fix="write it as text"
        ) from None


def _read_csv(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file with the first of their lines; blank lines are skipped.

    Columns have the names of the keys, `logprobs` left out, or are `input.x` and `segment.x`.
    """
    try:
        with path.open("rb") as file:
            yield from _rows(_lines(file, path), path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", fix="see that the path is right") from None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}",
            fix="name a file of labels that you may read",
        ) from error


def _lines(file: Iterable[bytes], path: Path) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        yield _text(line, number, path)


def _text(line: bytes, number: int, path: Path) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}:{number}: not UTF-8: {error.reason}", fix="write the file in UTF-8"
        ) from error


def _rows(lines: Iterable[str], path: Path) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    columns: list[tuple[str, str]] = []
    first = 1
    try:
        for cells in reader:
            if cells and columns:
                if len(cells) != len(columns):
                    raise _uneven(len(cells), len(columns), f"{path}:{first}")
                yield first, _from_cells(columns, cells)
            elif cells:
                columns = _columns(cells, f"{path}:{first}")
            first = reader.line_num + 1  # a quoted cell may hold several lines
    except csv.Error as error:
        raise ConfigError(
            f"{path}:{first}: broken CSV: {error}",
            fix="write it as JSON lines, or to its end as CSV with each quote in a cell doubled",
        ) from error


def _uneven(cells: int, columns: int, where: str) -> ConfigError:
    fix = "put a cell that holds a comma in quotes"
    if cells < columns:
        fix = "give each column a cell; if this is the last row, write the file again, to its end"
    return ConfigError(f"{where}: {cells} cells under {columns} columns", fix=fix)


def _columns(header: list[str], where: str) -> list[tuple[str, str]]:
    """Return the key of each column, and the name of its part."""
    columns = []
    for column in header:
        key, dot, part = column.partition(".")
        if key not in _COLUMNS or (dot and not (part and key in _IN_PARTS)):
            raise _unknown_column(column, where)
        if header.count(column) > 1 or key in set(header) - {column}:
            raise ConfigError(
                f"{where}: column {column!r} stands here twice, or as a whole and in parts",
                fix="remove one; the other would silently win",
            )
        columns.append((key, part))
    return columns


def _unknown_column(column: str, where: str) -> ConfigError:
    near = get_close_matches(column.partition(".")[0].lower(), _COLUMNS, n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_COLUMNS)}"
    if column == "logprobs":
        fix = "write 'mean_logprob' and 'min_logprob', or JSON lines; a cell holds no list"
    return ConfigError(f"{where}: unknown column {column!r}", fix=fix)


def _from_cells(columns: list[tuple[str, str]], cells: list[str]) -> dict[str, Any]:
    """Return a row, empty cells left out.

    An empty output is an output. So is an empty part of an input, as in a fixture, unless all its
    parts are empty.
    """
    row: dict[str, Any] = {}
    for (key, part), cell in zip(columns, cells, strict=True):
        if part and (cell or key == "input"):
            row.setdefault(key, {})[part] = cell
        elif cell or key == "output":
            row[key] = float(cell) if key in _NUMBERS and _is_number(cell) else cell
    if isinstance(given := row.get("input"), dict) and not any(given.values()):
        del row["input"]
    return row
