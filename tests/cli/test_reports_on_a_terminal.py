"""What the shown table does with the width and the colours of what it is shown on."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest
from cli.project import all_broken, judged, run

if TYPE_CHECKING:
    from conftest import Folder

ANSI = re.compile(r"\x1b\[[0-9;]*m")
_TOLD = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM"}


@pytest.fixture
def changed(repo: Folder) -> Folder:
    """A change that breaks every answer."""
    return all_broken(repo)


def on_a_terminal(folder: Folder, *arguments: str, columns: int, **env: str) -> str:
    """Run the real command on a terminal and return what it shows."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: each for name, each in os.environ.items() if name not in _TOLD}
    process = subprocess.Popen(
        [sys.executable, "-m", "gate", *arguments],
        cwd=folder.path,
        env={**kept, "TERM": "xterm", **env},
        stdin=subprocess.DEVNULL,
        stdout=inner,
        stderr=subprocess.DEVNULL,
    )
    os.close(inner)
    shown = b""
    try:
        while part := os.read(outer, 65536):
            shown += part
    except OSError:  # the other end was closed
        pass
    os.close(outer)
    process.wait(timeout=60)
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_has_its_width_and_colours(changed: Folder) -> None:
    changed.write({"result.json": json.dumps(judged(changed, exit_code=1))})
    shown = on_a_terminal(changed, "report", "result.json", columns=80)
    assert shown.startswith("\x1b[1;31mFAIL\x1b[0m: suite s: ")
    assert max(len(ANSI.sub("", line)) for line in shown.splitlines()) <= 80
    wide = on_a_terminal(changed, "explain", "s", "c01", columns=120, NO_COLOR="1")
    assert "\x1b" not in wide
    (answer,) = [line for line in wide.splitlines() if "yes 1 indeed" in line and "│" in line][-1:]
    assert answer.split("│")[0].strip() == "yes 1"


@pytest.mark.parametrize(
    ("env", "is_coloured"),
    [
        pytest.param({}, False, id="a-pipe"),
        pytest.param({"FORCE_COLOR": "1"}, True, id="forced"),
        pytest.param({"FORCE_COLOR": ""}, False, id="empty-counts-as-not-set"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="no-color-comes-first"),
    ],
)
def test_colours_of_a_pipe(changed: Folder, env: dict[str, str], *, is_coloured: bool) -> None:
    done = run(changed, "check", "--quiet", "--output", "out", **env)
    assert ("\x1b[" in done.stdout) is is_coloured
    assert "\x1b[" not in changed.read("out/report.txt")


def test_a_pipe_can_be_told_its_width(changed: Folder) -> None:
    done = run(changed, "check", "--quiet", COLUMNS="80")
    assert max(map(len, done.stdout.splitlines())) <= 80
    for odd in ("0", "-3", "wide"):
        assert max(map(len, run(changed, "check", "--quiet", COLUMNS=odd).stdout.splitlines())) > 80
