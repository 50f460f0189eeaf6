"""`gate action`: the steps of `action.yml` that are more than a line of shell."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.action_files import append_outputs
from gate.commands.action_inputs import given_inputs, read_inputs
from gate.core.events import refuse_target
from gate.errors import GateError, UsageError
from gate.github.event import digest_of_event

if TYPE_CHECKING:
    from gate.commands.action_inputs import Inputs
    from gate.core.model import Prompt


@click.group("action", hidden=True)
def command() -> None:
    """Run the steps of the Action. They read its inputs from the environment."""
    refuse_target(os.environ.get("GITHUB_EVENT_NAME", ""))


@command.command("inputs")
def inputs() -> None:
    """See that the inputs are right, and say what the steps to come need of them."""
    given = given_inputs(os.environ)
    asked = read_inputs(given)
    _see_no_link(asked)
    append_outputs(
        {
            "inputs": json.dumps(given),  # one line, whatever is in them
            "command": asked.command,
            "key": asked.key,
            "artifact": asked.artifact,
            "shards": asked.shards,
            "shards-folder": str(_emptied("gate-shards")),
            "event": digest_of_event(os.environ),
            "local": "true" if _needs_model(asked) else "false",
        }
    )


@command.command("run")
@click.pass_context
def run(ctx: click.Context) -> None:
    """Run the gate, write summary and outputs, and leave with the gate's own exit code.

    The step's outcome is the verdict: what it leaves behind in files, a program of the change could
    have written.
    """
    from gate.commands.action_run import run_gate

    code, outputs = run_gate(read_inputs(json.loads(os.environ["GATE_INPUTS"])))
    append_outputs(outputs)
    ctx.exit(code)


def _see_no_link(asked: Inputs) -> None:
    """A folder that the change replaces by a symlink would have another one judged in its place."""
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or ".")
    for name in ("", asked.config):
        place = workspace / asked.working_directory / name
        steps = [each for each in (place, *place.parents) if workspace in each.parents]
        linked = [each for each in steps if each.is_symlink()]
        if linked:
            raise UsageError(
                f"{linked[0].relative_to(workspace)} is a symlink in this checkout",
                fix="name the folder itself, in working-directory or config",
            )


def _emptied(name: str) -> Path:
    """Return a folder of the job's, and remove what an earlier use of the Action left of it."""
    folder = Path(os.environ.get("RUNNER_TEMP", "")) / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _needs_model(asked: Inputs) -> bool:
    """Tell whether a prompt asks for the embedded model; what is wrong here is told by the run."""
    if asked.command == "comment":
        return False
    try:
        return any(prompt.provider == "local" for prompt in _prompts(asked))
    except GateError:
        return False


def _prompts(asked: Inputs) -> list[Prompt]:
    from gate.commands.options import open_here
    from gate.flow.from_git import Asked, change_from_git
    from gate.flow.project import choose_suites

    project = open_here(Path(asked.config) if asked.config else None)
    if asked.command == "drift":
        suites = choose_suites(project.config(), asked.suites).values()
        return [project.prompt(suite) for suite in suites]
    change = change_from_git(project, base=asked.base or None, asked=Asked(names=asked.suites))
    return [side.prompt for suite in change.suites for side in (suite.old, suite.new)]
