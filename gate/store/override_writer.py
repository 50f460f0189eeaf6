"""Writing calibrated proxies. Only `gate calibrate` may import this; import-linter keeps it so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gate.core.override_file import as_json
from gate.errors import BaselineError
from gate.store.atomic import write_whole

if TYPE_CHECKING:
    from gate.core.override_file import OverrideFile
    from gate.store.worktree import WorkTree


def override_text(file: OverrideFile) -> str:
    """Return the file: a line for each signal and each segment, so that a diff can be read."""
    lines = [f"  {json.dumps(key)}: {_value(value)}" for key, value in as_json(file).items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _value(value: Any) -> str:
    if not (isinstance(value, dict) and value):
        return json.dumps(value, ensure_ascii=False)
    lines = [
        f"    {json.dumps(key, ensure_ascii=False)}: {json.dumps(inner, ensure_ascii=False)}"
        for key, inner in value.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n  }"


def write_override_file(tree: WorkTree, path: str, file: OverrideFile) -> None:
    """Write a calibrated proxy in one step.

    Raises:
        BaselineError: The file cannot be written; the old one is untouched.
    """
    try:
        write_whole(tree.path(path), [override_text(file)])
    except OSError as error:
        raise BaselineError(
            f"{path}: cannot be written: {error.strerror}", fix="the old file is untouched"
        ) from error
