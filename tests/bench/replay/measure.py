"""Running a command and measuring what it took."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LIMIT_S = 600.0
_NOT_OURS = ("GITHUB_", "OPENAI_", "ANTHROPIC_", "CI")
STUCK = "stuck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process, from its start to its end."""

    seconds: float
    cpu_s: float  # user and system, of the process and of the children that it waited for
    peak_mib: float  # of the largest of these, and of this process, from which they were forked
    exit_code: int
    out: str
    err: str
    is_stuck: bool  # killed at its time limit

    @property
    def ending(self) -> str:
        """The exit code as it is printed."""
        return STUCK if self.is_stuck else str(self.exit_code)


def measure(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], limit_s: float = LIMIT_S
) -> Run:
    """Run a command to its end, or kill it and its children at the time limit."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        stopper = Timer(limit_s, os.killpg, (process.pid, signal.SIGKILL))
        stopper.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:  # ^C reaches this process only: the command has its own session
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            stopper.cancel()
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
    return Run(
        seconds=seconds,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_mib=used.ru_maxrss / 1024,
        exit_code=process.returncode,
        out=texts[0],
        err=texts[1],
        is_stuck=process.returncode == -signal.SIGKILL and seconds >= limit_s,
    )


def best(
    runs: int,
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    limit_s: float = LIMIT_S,
) -> Run:
    """Return the fastest of several runs."""
    return min(
        (measure(command, cwd=cwd, env=env, limit_s=limit_s) for _ in range(runs)),
        key=lambda run: run.seconds,
    )


def environment(**more: str) -> dict[str, str]:
    """Return the variables of this process, without keys, CI's own and proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_NOT_OURS) and not name.lower().endswith("_proxy")
    }
    return {**kept, **more}
