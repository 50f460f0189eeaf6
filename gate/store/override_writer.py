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
    lines = [f"  {_json(key)}: {_value(value)}" for key, value in as_json(file).items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _value(value: Any) -> str:
    if not (isinstance(value, dict) and value):
        return _json(value)
    lines = [f"    {_json(key)}: {_json(inner)}" for key, inner in value.items()]
    return "{\n" + ",\n".join(lines) + "\n  }"


def _json(value: Any) -> str:
    """Return JSON on one line; escaped only if lone surrogates, which UTF-8 lacks, ask for it."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


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
