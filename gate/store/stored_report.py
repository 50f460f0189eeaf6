"""Reading a `report.json` back."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gate.core.ending import is_consistent
from gate.core.report_json import report_of
from gate.core.schemas import SCHEMAS
from gate.errors import ConfigError
from gate.store.json_text import refuse_constant
from gate.store.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gate.core.report import Report

_FIX = "name a report.json that gate check has written"


def read_report(path: Path) -> Report:
    """Read a report that was written as JSON.

    Raises:
        ConfigError: There is none, or it is no report of this version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", fix=_FIX) from error
    return report_from(data, str(path))


def report_from(data: bytes, name: str) -> Report:
    """Return the report that was written as JSON.

    Args:
        data: The whole of it, by whomever.
        name: Of where it comes from, for errors.

    Raises:
        ConfigError: It is no report of this version, or one that contradicts itself.
    """
    try:
        value = json.loads(data, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not JSON: {error}", fix=_FIX) from error
    if not isinstance(value, dict) or value.get("version") != 1:
        raise ConfigError(f"{name}: no report of version 1", fix=_FIX)
    _see_it_valid(value, name)
    report = report_of(value)
    if not is_consistent(report):
        raise ConfigError(
            f"{name}: verdict {report.verdict.value!r} and exit code {report.exit_code} do not fit "
            "each other, or the verdicts of the suites",
            fix=_FIX,
        )
    return report


def _see_it_valid(value: Any, name: str) -> None:
    """Refuse what the schema does; in an eighth of the time that a validator takes to tell why."""
    from fastjsonschema import JsonSchemaValueException

    try:
        _quick()(value)
    except JsonSchemaValueException as error:
        validate(value, "report", where=lambda _path: name)
        raise ConfigError(f"{name}: {error.message}", fix=_FIX) from error


@lru_cache(maxsize=1)
def _quick() -> Callable[[Any], Any]:
    import fastjsonschema

    # It knows drafts up to 7; the schema uses nothing that is younger.
    schema = {key: part for key, part in SCHEMAS["report"].items() if key != "$schema"}
    compiled: Callable[[Any], Any] = fastjsonschema.compile(schema)
    return compiled
