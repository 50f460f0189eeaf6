"""Reading calibrated override proxies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gate.core.override_file import from_json
from gate.errors import ConfigError
from gate.store.json_text import once, refuse_constant
from gate.store.validation import validate
from gate.store.worktree import WorkTree

if TYPE_CHECKING:
    from gate.core.override_file import OverrideFile
    from gate.core.tree import Tree

_FIX = "restore the file from git, or remove it and run gate calibrate"


def override_path(suite: str) -> str:
    """Return where `gate calibrate` writes a suite's proxy."""
    return f"baselines/{suite}.override.json"


def read_proxy(path: Path | str) -> OverrideFile:
    """Read what `gate calibrate` wrote, to score outputs where they are made.

    Raises:
        ConfigError: There is no such file, or it is broken.
    """
    path = Path(path)
    tree = WorkTree(path.parent)
    return _read(tree, path.name)


def read_override_file(tree: Tree, path: str, suite: str) -> OverrideFile | None:
    """Read a calibrated proxy, None if there is no such file.

    Raises:
        ConfigError: It is broken, of another suite, or a curve falls.
    """
    if not tree.exists(path):
        return None
    found = _read(tree, path)
    if found.suite != suite:
        raise ConfigError(f"{tree.label}{path}: belongs to suite {found.suite!r}", fix=_FIX)
    return found


def _read(tree: Tree, path: str) -> OverrideFile:
    name = f"{tree.label}{path}"
    try:
        value = json.loads(tree.read(path), parse_constant=refuse_constant, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not JSON: {error}", fix=_FIX) from error
    validate(value, "override", where=lambda _path: name)
    try:
        return from_json(value)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}", fix=_FIX) from error
