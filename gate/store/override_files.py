"""Reading calibrated override proxies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gate.core.override_file import from_json
from gate.errors import ConfigError
from gate.store.json_text import refuse_constant
from gate.store.validation import validate

if TYPE_CHECKING:
    from gate.core.override_file import OverrideFile
    from gate.core.tree import Tree


def override_path(suite: str) -> str:
    """Return where `gate calibrate` writes a suite's proxy."""
    return f"baselines/{suite}.override.json"


def read_override_file(tree: Tree, path: str, suite: str) -> OverrideFile | None:
    """Read a calibrated proxy, None if there is no such file.

    Raises:
        ConfigError: It is broken, of another suite, or a curve falls.
    """
    if not tree.exists(path):
        return None
    name = f"{tree.label}{path}"
    fix = "restore the file from git, or remove it and run gate calibrate"
    try:
        value = json.loads(tree.read(path), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not JSON: {error}", fix=fix) from error
    validate(value, "override", where=lambda _path: name)
    if value["suite"] != suite:
        raise ConfigError(f"{name}: belongs to suite {value['suite']!r}", fix=fix)
    try:
        return from_json(value)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}", fix=fix) from error
