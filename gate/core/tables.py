"""A side as a program holds it: rows, or columns such as a data frame's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Union

from gate.errors import ConfigError, UsageError

_TAG = "segment."
_TEXTS = ("output", "segment", "cluster", "failure_code")


class ColumnTable(Protocol):
    """Sequences by name; a data frame of pandas is one, and so is a dict."""

    def keys(self) -> Iterable[Any]:
        """Return the names of the columns."""
        ...

    def __getitem__(self, name: Any, /) -> Any:
        """Return one column."""
        ...


Table = Union[Iterable[Mapping[str, Any]], ColumnTable]  # noqa: UP007 -- read at run time by 3.10


def numbered(table: Table, name: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Yield the rows of a table, counted from 0.

    Raises:
        ConfigError: The columns do not fit together.
        UsageError: It is no table.
    """
    rows: Any = _from_columns(table, name) if hasattr(table, "keys") else table
    if isinstance(rows, str | bytes) or not isinstance(rows, Iterable):
        raise UsageError(
            f"{name}: {type(table).__name__} is no table",
            fix="pass a list of dicts, a dict of lists, or a data frame",
        )
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise ConfigError(
                f"{name}[{number}]: {type(row).__name__} is no row",
                fix='each row is a mapping, {"case": …, "failed": …}',
            )
        yield number, row


def _from_columns(table: Any, name: str) -> Iterable[Mapping[str, Any]]:
    columns = {key: _column(table[key], key, name) for key in table.keys()}  # noqa: SIM118
    lengths = {key: len(column) for key, column in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise ConfigError(
            f"{name}: the columns differ in length: {shown}", fix="give each row a value, or None"
        )
    tags = [key for key in columns if str(key).startswith(_TAG)]
    if tags and "segment" in columns:
        raise ConfigError(
            f"{name}: 'segment' and {tags[0]!r} stand side by side", fix="remove one of them"
        )
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        if tags:
            said = {tag[len(_TAG) :]: row.pop(tag) for tag in tags}
            row["segment"] = {tag: value for tag, value in said.items() if value is not None}
        yield row


def _column(values: Any, key: Any, name: str) -> list[Any]:
    if hasattr(values, "tolist"):  # numpy and pandas: numbers of Python's own
        values = values.tolist()
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise UsageError(
            f"{name}[{key!r}]: is no column", fix="give each row a value: a list or an array"
        )
    if key in _TEXTS or str(key).startswith(_TAG):
        # Where there is no text, pandas has a NaN. Among numbers it could be a sum gone wrong.
        return [None if _is_nan(value) else value for value in values]
    return list(values)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
