"""Reading cases: JSON lines, YAML or CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from gate.core.model import Case
from gate.errors import ConfigError
from gate.store.json_text import refuse_constant
from gate.store.validation import validate
from gate.store.yaml_text import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.core.tree import Tree

    Row = tuple[int, dict[str, Any]]  # its line, and what stands there

_PLAIN_ID = re.compile(r"[A-Za-z0-9][\w.:/-]{0,99}", re.ASCII).fullmatch


def read_cases(tree: Tree, pattern: str) -> tuple[Case, ...]:
    """Read the cases of all files that a path or glob names, in the order of the files.

    Raises:
        ConfigError: No file, no case, a broken row, a missing or repeated id.
    """
    paths = tree.find(pattern)
    if not paths:
        tree.read(pattern)  # says "no such file", or that the path leaves the root
    found: dict[str, tuple[str, Case]] = {}
    tags: dict[frozenset[tuple[str, str]], dict[str, str]] = {}
    for path in paths:
        for line, raw in _rows(tree.read(path), path, tree.label):
            where = f"{tree.label}{path}:{line}"
            if not _is_plain(raw):
                validate(raw, "case", where=lambda _path, where=where: where)  # type: ignore[misc]
            segment = raw.get("segment", {})
            # Cases with the same tags share them: many cases have few segments.
            shared = tags.setdefault(frozenset(segment.items()), segment)
            case = _case(raw, shared, path, line)
            if case.case_id in found:
                raise ConfigError(
                    f"{where}: case id {case.case_id!r} stands already at {found[case.case_id][0]}",
                    fix="give each case an id of its own",
                )
            found[case.case_id] = (where, case)
    if not found:
        raise ConfigError(
            f"{tree.label}{pattern}: no cases", fix="an empty file judges nothing; add cases"
        )
    return tuple(case for _, case in found.values())


def _is_plain(raw: Any) -> bool:
    """Tell at once that an ordinary row is valid; the schema takes thirty times as long."""
    return (
        isinstance(raw, dict)
        and raw.keys() <= {"id", "input", "expected", "segment"}
        and isinstance(raw.get("input"), (dict, str))
        and isinstance(case_id := raw.get("id"), str)
        and _PLAIN_ID(case_id) is not None
        and isinstance(tags := raw.get("segment", {}), dict)
        and all(isinstance(each, str) for each in tags.values())
    )


def _case(raw: dict[str, Any], segment: dict[str, str], path: str, line: int) -> Case:
    return Case(
        case_id=raw["id"],
        input=raw["input"],
        expected=raw.get("expected"),
        segment=segment,
        cluster=raw.get("cluster"),
        path=path,
        line=line,
    )


def _rows(content: bytes, path: str, label: str) -> Iterator[Row]:
    name = f"{label}{path}"
    suffix = path.rpartition(".")[2].lower()
    readers = {"jsonl": _jsonl, "yaml": _yaml, "yml": _yaml, "csv": _csv}
    if suffix not in readers:
        raise ConfigError(f"{name}: cases are read from .jsonl, .yaml or .csv")
    yield from readers[suffix](content, name)


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name}:{line}: not UTF-8: {error.reason}") from error


def _jsonl(content: bytes, name: str) -> Iterator[Row]:
    for number, line in enumerate(_text(content, name).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line, parse_constant=refuse_constant)
        except (ValueError, RecursionError) as error:
            raise ConfigError(
                f"{name}:{number}: not JSON: {error}", fix="one JSON object a line"
            ) from error
        yield number, raw


def _is_text(path: tuple[Any, ...]) -> bool:
    """Ids and tags stay as written: `NO` is a country and `1.10` is not 1.1."""
    return path[1:2] in {("id",), ("segment",), ("cluster",)}


def _yaml(content: bytes, name: str) -> Iterator[Row]:
    document = parse_yaml(content, name, as_text=_is_text)
    if not isinstance(document.value, list):
        raise ConfigError(f"{name}:1: cases in YAML are a list", fix="start each with '- id: …'")
    for index, raw in enumerate(document.value):
        yield document.line((index,)), raw


def _csv(content: bytes, name: str) -> Iterator[Row]:
    """Columns `id`, `input` or `input.x`, `expected` or `expected.x`, `segment.x`, `cluster`.

    Every cell is text; an empty cell of `expected`, `segment` or `cluster` is absent.
    """
    reader = csv.reader(io.StringIO(_text(content, name), newline=""), strict=True)
    try:
        header = next(reader, [])
        for column in header:
            if column.partition(".")[0] not in {"id", "input", "expected", "segment", "cluster"}:
                raise ConfigError(
                    f"{name}:1: unknown column {column!r}",
                    fix="known: id, input, input.NAME, expected, expected.NAME, segment.NAME, "
                    "cluster",
                )
            if header.count(column) > 1 or column.partition(".")[0] in set(header) - {column}:
                raise ConfigError(
                    f"{name}:1: column {column!r} stands here twice, or as a whole and in parts",
                    fix="remove one; the other would silently win",
                )
        last = reader.line_num
        for cells in reader:
            first, last = last + 1, reader.line_num  # a quoted cell may hold several lines
            if not cells:
                continue
            if len(cells) != len(header):
                raise ConfigError(
                    f"{name}:{reader.line_num}: {len(cells)} cells under {len(header)} columns"
                )
            yield first, _from_cells(header, cells)
    except csv.Error as error:
        raise ConfigError(f"{name}:{reader.line_num}: broken CSV: {error}") from error


def _from_cells(header: list[str], cells: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column, cell in zip(header, cells, strict=True):
        key, _, inner = column.partition(".")
        if not cell and key not in {"id", "input"}:
            continue
        if not inner:
            row[key] = cell
        elif isinstance(row.setdefault(key, {}), dict):
            row[key][inner] = cell
    return row
