"""The command line without a process of its own, for tests whose subject is what it finds.

Starting Python and importing numpy takes longer than most of the runs do. How the command starts,
is interrupted and leaves is tested with `Folder.gate`, the real command.
"""

from __future__ import annotations

import io
import os
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

import pytest

from gate.cli import run

if TYPE_CHECKING:
    from conftest import Folder


def gate_in_process(
    folder: Folder, *arguments: str, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder, without the variables of whoever runs the tests."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder.path)
        for name in list(os.environ):
            if name.startswith(("GITHUB_", "OPENAI_", "ANTHROPIC_", "CI", "COLUMNS")):
                patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        with redirect_stdout(out), redirect_stderr(err):
            code = run(list(arguments))
    return subprocess.CompletedProcess(arguments, code, *map(_text, (out, err)))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()
