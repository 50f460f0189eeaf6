"""The files through which a step tells the runner something."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a worker of the change must not be handed: with them it could speak for the gate's step.
RUNNER_FILES = (
    "GITHUB_ENV",
    "GITHUB_OUTPUT",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
)


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
