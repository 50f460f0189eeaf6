"""inspect: a task a side over the same samples, with its cache.

Source:
    https://inspect.aisi.org.uk/caching.html, …/providers.html (openai-api), …/parallelism.html;
    `inspect eval --help` of 0.3.285.
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

_HEAD = """\
from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import exact
from inspect_ai.solver import generate
"""
_TASK = """
@task
def {side}():
    return Task(dataset=json_dataset("{side}.jsonl"), solver=generate(), scorer=exact())
"""


def _write(folder: Path, cases: int, sides: tuple[str, ...], url: str) -> None:
    del url  # it stands in the environment
    for side in sides:
        rows = (
            {"id": number, "input": messages(side, ticket(number)), "target": "right"}
            for number in range(cases)
        )
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{side}.jsonl").write_text(text, encoding="utf-8")
    tasks = _HEAD + "".join(_TASK.format(side=side) for side in sides)
    (folder / "tasks.py").write_text(tasks, encoding="utf-8")


def _environment(folder: Path, url: str) -> Mapping[str, str]:
    return environment(
        STUB_API_KEY=KEY,
        STUB_BASE_URL=f"{url}/v1",
        INSPECT_CACHE_DIR=str(folder / "cache"),
        XDG_DATA_HOME=str(folder / "data"),
        XDG_CACHE_HOME=str(folder / "xdg"),
    )


PEER = Peer(
    name="inspect",
    program="inspect",
    install="pip install inspect-ai openai",
    exit_codes="it ends in 0 however the samples score",
    command=(
        *("inspect", "eval", "tasks.py", "--model", f"openai-api/stub/{MODEL}"),
        *("--max-connections", str(WIDTH), "--cache", "1D"),
        *("--log-dir", "logs", "--display", "none"),
    ),
    write=_write,
    environment=_environment,
)
