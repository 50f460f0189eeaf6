"""What standard output is, as the environment and the terminal tell."""

from __future__ import annotations

import os
import shutil
import sys

from gate.reports.medium import PIPE_WIDTH, Medium


def medium_here(*, is_stdout: bool) -> Medium:
    """Return what a report is shown on: standard output, or a file.

    `NO_COLOR` and `FORCE_COLOR` count if they are not empty, in this order; `COLUMNS` tells the
    width where no terminal does. On GitHub and GitLab a report can name the page of its job.
    """
    if not is_stdout:
        return Medium(link=_job())
    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if is_terminal else _columns()
    return Medium(width=width, is_coloured=_is_coloured(is_terminal=is_terminal), link=_job())


def _columns() -> int:
    asked = os.environ.get("COLUMNS", "")
    return int(asked) if asked.isdecimal() and int(asked) else PIPE_WIDTH


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
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return os.environ.get("CI_JOB_URL", "")
