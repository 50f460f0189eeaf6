"""The files through which a step tells the runner something."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gate.core.variables_of_others import RUNNER_FILES
from gate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def append_outputs(outputs: Mapping[str, str]) -> None:
    """Add outputs of the step.

    Raises:
        UsageError: There is no such file, or a value would be more than one line: it could set
            another output.
    """
    for name, value in outputs.items():
        if not f"{name}{value}".isprintable():
            raise UsageError(f"output {name}: {value!r} holds a control character")
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))


def empty_what_others_wrote() -> list[str]:
    """Empty the files of this step, which nothing but this process may have written to yet.

    A program of the change can find them, and could set outputs, or the environment of later steps.

    Returns:
        The variables of those that were not empty.
    """
    written = []
    for variable in RUNNER_FILES:
        path = Path(os.environ.get(variable) or os.devnull)
        if path.is_file() and path.stat().st_size:
            path.write_bytes(b"")
            written.append(variable)
    return written


def append_summary(markdown: str) -> None:
    """Add markdown to the page of the job.

    Raises:
        UsageError: There is no such file.
    """
    _append("GITHUB_STEP_SUMMARY", f"{markdown}\n")


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable, "")
    if not path:
        raise UsageError(
            f"the variable {variable} is not set", fix="run it in a step of action.yml"
        )
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{variable}: {path}: cannot be written: {error.strerror}") from error
