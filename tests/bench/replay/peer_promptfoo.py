"""promptfoo: two prompts over the same tests, with its cache.

Source:
    https://www.promptfoo.dev/docs/configuration/caching/, …/configuration/telemetry/,
    …/usage/command-line/, …/providers/openai/; `promptfoo eval --help` of 0.121.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .measure import environment
from .peer import Peer
from .project import KEY, MODEL, WIDTH, messages, ticket

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SILENT = ("TELEMETRY", "UPDATE", "REMOTE_GENERATION", "SHARING")


def _write(folder: Path, cases: int, sides: tuple[str, ...], url: str) -> None:
    provider = {
        "id": f"openai:chat:{MODEL}",
        "config": {"apiBaseUrl": f"{url}/v1", "apiKey": KEY},
    }
    tests = [
        {"vars": {"text": ticket(number)}, "assert": [{"type": "equals", "value": "right"}]}
        for number in range(cases)
    ]
    config = {
        "prompts": [f"file://{side}.json" for side in sides],
        "providers": [provider],
        "tests": "file://tests.json",
    }
    files = {
        "promptfooconfig.json": config,
        "tests.json": tests,
        **{f"{side}.json": messages(side, "{{text}}") for side in sides},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")


def _environment(folder: Path, url: str) -> Mapping[str, str]:
    del url  # it stands in the configuration
    return environment(
        PROMPTFOO_CONFIG_DIR=str(folder / "home"),
        PROMPTFOO_CACHE_PATH=str(folder / "cache"),
        **{f"PROMPTFOO_DISABLE_{what}": "1" for what in _SILENT},
    )


PEER = Peer(
    name="promptfoo",
    program="promptfoo",
    install="npm install -g promptfoo (Node.js 22.22 or later)",
    exit_codes="it ends in 100 where any test fails, as 5 % do here",
    command=(
        *("promptfoo", "eval", "--config", "promptfooconfig.json"),
        *("--max-concurrency", str(WIDTH)),
        *("--no-progress-bar", "--no-table", "--no-share", "--output", "out.json"),
    ),
    write=_write,
    environment=_environment,
)
