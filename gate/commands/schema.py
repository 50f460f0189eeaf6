"""`gate schema`: the JSON Schemas."""

from __future__ import annotations

import click

_NAMES = ["config", "prompt", "case", "report", "override"]


@click.command("schema", short_help="Print the JSON Schema of a file.")
@click.argument("name", type=click.Choice(_NAMES), default="config")
def command(name: str) -> None:
    """Print the JSON Schema of a file: gate.yaml (config), prompt, case, report.json or proxy."""
    import json

    from gate.core.schemas import SCHEMAS

    click.echo(json.dumps(SCHEMAS[name], indent=2, ensure_ascii=False))
