"""What standard output is, as the environment and the terminal tell."""

from __future__ import annotations

import os
import re
import shutil
import sys

from gate.reports.medium import Medium

_WIDEST = 1000  # columns that anybody may have
_ADDRESS = re.compile(r"https?://[\w.:/~%-]+", re.ASCII)


def medium_here(*, is_stdout: bool) -> Medium:
    """Return what a report is shown on: standard output, or a file.

    `NO_COLOR` and `FORCE_COLOR` count if they are not empty, in this order; `COLUMNS` tells the
    width where no terminal does. On GitHub and GitLab a report can name the page of its job.
    """
    if not is_stdout:
        return Medium(link=_job())
    is_terminal = sys.stdout is not None and sys.stdout.isatty()  # None: it is closed
    width = shutil.get_terminal_size().columns if is_terminal else _columns()
    return Medium(width=width, is_coloured=_is_coloured(is_terminal=is_terminal), link=_job())


def _columns() -> int | None:
    asked = os.environ.get("COLUMNS", "")
    return int(asked) if asked.isdecimal() and 0 < int(asked) <= _WIDEST else None


def _is_coloured(*, is_terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"


def _job() -> str:
    """Return the address of the job's page, where the runner tells one."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    on_github = f"{server}/{repository}/actions/runs/{run}" if server and run else ""
    address = on_github or os.environ.get("CI_JOB_URL", "")
    # It becomes a link, so it must be able to be nothing else.
    return address if _ADDRESS.fullmatch(address) else ""
