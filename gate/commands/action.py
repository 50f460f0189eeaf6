"""`gate action`: the steps of `action.yml` that are more than a line of shell."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.action_files import append_outputs
from gate.commands.action_inputs import given_inputs, read_inputs
from gate.errors import GateError, UsageError

if TYPE_CHECKING:
    from gate.commands.action_inputs import Inputs
    from gate.core.model import Prompt


@click.group("action", hidden=True)
def command() -> None:
    """Run the steps of the Action. They read its inputs from the environment."""
    if os.environ.get("GITHUB_EVENT_NAME") == "pull_request_target":
        raise UsageError(
            "the gate does not run on pull_request_target: there the author's code would run with "
            "the repository's secrets and its right to write",
            fix="on: pull_request; comments on forks are written on: workflow_run, see the README",
        )


@command.command("inputs")
def inputs() -> None:
    """See that the inputs are right, and say what the steps to come need of them."""
    given = given_inputs(os.environ)
    asked = read_inputs(given)
    append_outputs(
        {
            "inputs": json.dumps(given),  # one line, whatever is in them
            "command": asked.command,
            "comment": asked.comment,
            "key": asked.key,
            "artifact": asked.artifact,
            "shards": asked.shards,
            "shards-folder": str(Path(os.environ.get("RUNNER_TEMP", "")) / "gate-shards"),
            "local": "true" if _needs_model(asked) else "false",
        }
    )


@command.command("run")
def run() -> None:
    """Run the gate, write summary and outputs; a verdict fails a later step, not this one."""
    from gate.commands.action_run import run_gate

    append_outputs(run_gate(read_inputs(json.loads(os.environ["GATE_INPUTS"]))))


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
    from gate.flow.from_git import change_from_git
    from gate.flow.project import choose_suites
    from gate.store.prompts import read_prompt

    project = open_here(Path(asked.config) if asked.config else None)
    if asked.command == "drift":
        suites = choose_suites(project.config(), asked.suites).values()
        return [read_prompt(project.disk, each.prompt, disk=project.disk) for each in suites]
    change = change_from_git(project, base=asked.base or None, names=asked.suites, case=None)
    return [side.prompt for suite in change.suites for side in (suite.old, suite.new)]
