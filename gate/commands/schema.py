"""`gate schema`: the JSON Schemas."""

from __future__ import annotations

import click


@click.command("schema", short_help="Print the JSON Schema of a file.")
@click.argument("name", type=click.Choice(["config", "prompt", "case", "report"]), default="config")
def command(name: str) -> None:
    """Print the JSON Schema of gate.yaml (config), a prompt file, a case, or report.json."""
    import json

    from gate.core.schemas import SCHEMAS

    click.echo(json.dumps(SCHEMAS[name], indent=2, ensure_ascii=False))
