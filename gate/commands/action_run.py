"""Running the gate in a step of the Action: its report on the page of the job, its outputs."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.action_files import append_summary, empty_what_others_wrote
from gate.commands.medium_here import medium_here
from gate.core.ending import blind
from gate.core.report import Verdict
from gate.core.secrets import Secrets
from gate.core.variables_of_others import RUNNER_FILES
from gate.errors import ConfigError, IncompleteError
from gate.reports.formats import FORMATS, render
from gate.reports.medium import Medium
from gate.reports.safe_text import command_property, command_value, visible
from gate.store.atomic import write_whole
from gate.store.stored_report import read_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.commands.action_inputs import Inputs
    from gate.core.report import Report

_TAIL = 40  # lines of standard error that the summary tells where there is no report
_NO_REPORT = 70  # the gate said how it ended, and its report says otherwise or is not there
_SIGNALLED = 128
_LARGEST = 255  # exit code that a shell knows
_ERROR = "gate: "  # what an error of the command line starts with
_PLACE = re.compile(r"((?:[\w.-]+/)*[\w.-]+):([0-9]{1,7}): ", re.ASCII)
NO_VERDICT = "error"


def run_gate(asked: Inputs) -> tuple[int, dict[str, str]]:
    """Run the gate and show its report; return the exit code and the outputs of the step.

    Nothing of a verdict is decided here: the exit code is the gate's own. Where it and the report
    do not fit each other, the exit code is that of a defect.

    Raises:
        IncompleteError: There is no shard to merge.
    """
    room = os.environ.get("RUNNER_TEMP") or None
    # A folder of its own, so that no report of an earlier run can be taken for this one's.
    folder = Path(tempfile.mkdtemp(prefix="gate-report-", dir=room))
    shards = os.environ.get("GATE_SHARDS", "")
    if asked.command == "merge" and not Path(shards).is_dir():
        raise IncompleteError(
            f"no shard of this run is there: no artifact is named {asked.shards}i-of-n",
            fix="let this job need the ones that replay with the input shard",
        )
    code, said = _gate(asked.arguments(str(folder), shards))
    written = empty_what_others_wrote()
    if written:
        told = f"something that this run started wrote to {', '.join(written)}: it may be hostile"
        code, said = _NO_REPORT, [*said, f"{_ERROR}{told}"]
        click.echo(f"{_ERROR}{told}", err=True)
    if asked.shard:
        verdict = "none" if code == 0 else NO_VERDICT
        return code, {**_outputs(folder, verdict, code), "findings": "0", "cost": "0"}
    report = _report(folder)
    code, verdict = settled(code, report)
    if report is None or verdict == NO_VERDICT:
        # So that no older report of the pull request stays on show.
        cause = _cause(said)
        report = blind(*cause, f"the gate ended with exit {code}, and without a report")
        write_whole(folder / "report.json", [render(report, "json", Medium())])
        _annotate(cause, asked)
    _tell(report, asked)
    is_told = asked.comment != "off" and os.environ.get("GITHUB_EVENT_NAME") == "pull_request"
    comments = {"comments": "true" if is_told else "false"}
    return code, {**_outputs(folder, verdict, code), **_numbers(report), **comments}


def _cause(said: list[str]) -> list[str]:
    """Return what the gate said at its end, from its error on."""
    starts = [index for index, line in enumerate(said) if line.startswith(_ERROR)]
    last = said[starts[-1] :] if starts else said
    return [line.removeprefix(_ERROR).strip() for line in last]


def _annotate(cause: list[str], asked: Inputs) -> None:
    """Let an error stand at its place in the change, if it names one."""
    place = _PLACE.match(cause[0]) if cause else None
    if place is None or not asked.annotations:
        return
    path = posixpath.normpath(posixpath.join(asked.working_directory, place[1]))
    where = f"file={command_property(path)},line={place[2]}"
    click.echo(f"::error {where},title=gate::{command_value(' '.join(cause))}")


def settled(code: int, report: Report | None) -> tuple[int, str]:
    """Return exit code and verdict of the step.

    Without a report, or with one that says otherwise, there is no verdict, and no way leads from
    there to 0 or to 1, whatever the gate said.
    """
    if report is not None and report.exit_code == code:
        return code, report.verdict.value
    # A shell takes the rest of 256, and would read that one as 0.
    return (code if 1 < code <= _LARGEST else _NO_REPORT), NO_VERDICT


def _report(folder: Path) -> Report | None:
    try:
        return read_report(folder / "report.json")
    except ConfigError:
        return None


def _gate(arguments: list[str]) -> tuple[int, list[str]]:
    """Run the command line in a process of its own; return its exit code and what it said last."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "gate", *arguments],
        env=_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    said: deque[str] = deque(maxlen=_TAIL)
    secrets = Secrets(os.environ)
    assert process.stderr is not None  # noqa: S101 -- it is a pipe
    for line in process.stderr:
        # The runner masks secrets in its log, and nowhere else.
        name = secrets.found_in(line)
        told = f"(not shown: it holds the value of {name})\n" if name else line
        sys.stderr.write(told)
        said.append(visible(told.rstrip("\n")))
    code = process.wait()
    return (code if code >= 0 else _SIGNALLED - code), list(said)


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return what the gate, and a worker that it starts, may know of the step.

    In a container the checkout belongs to somebody else, and git asks that it be named as safe.
    """
    hidden = {*RUNNER_FILES, "RUNNER_TEMP"}
    kept = {name: value for name, value in given.items() if name not in hidden}
    workspace = given.get("GITHUB_WORKSPACE", "")
    if workspace:
        number = given.get("GIT_CONFIG_COUNT", "0")
        index = int(number) if number.isdecimal() else 0
        kept["GIT_CONFIG_COUNT"] = str(index + 1)
        kept[f"GIT_CONFIG_KEY_{index}"] = "safe.directory"
        kept[f"GIT_CONFIG_VALUE_{index}"] = workspace
    return kept


def _tell(report: Report, asked: Inputs) -> None:
    for name in ("table", *(("github",) if asked.annotations else ())):
        click.echo(render(report, name, medium_here(is_stdout=True)), nl=False)
    append_summary(render(report, "markdown", medium_here(is_stdout=False)))


def _outputs(folder: Path, verdict: str, code: int) -> dict[str, str]:
    def there(name: str) -> str:
        path = folder / str(FORMATS[name].file_name)
        return str(path) if path.is_file() else ""

    return {
        "verdict": verdict,
        "exit-code": str(code),
        "folder": str(folder),
        "report-json": there("json"),
        "report-html": there("html"),
    }


def _numbers(report: Report) -> dict[str, str]:
    cost_usd = sum(suite.cost_usd or 0.0 for suite in report.suites)
    return {
        "findings": str(
            sum(len(suite.failed) for suite in report.suites if suite.verdict is Verdict.FAIL)
        ),
        "cost": f"{cost_usd:.6f}",
    }
