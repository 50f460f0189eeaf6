"""A project whose outputs reviewers decided on, and their labels."""

from __future__ import annotations

import json
import random
import shlex
import sys
from typing import Any

from cli.project import LOG_WORKER
from conftest import cases_file, config_file, prompt_file

# What is drawn for reviewers hangs on the prompt's fingerprint, so the model's name holds no path:
# the same on every machine.
MODEL = "command/sh worker.sh"
CASES = 60
POLICY = {"metrics": {"override_rate": {"max_rise": 0.05}}}
PROXY = "baselines/s.override.json"
LABELS = "labels.jsonl"


def prompt(content: str) -> str:
    """A prompt that is answered with its own text."""
    return prompt_file(content, model=MODEL)


def output(queue: str) -> str:
    return json.dumps({"queue": queue})


def reviewed_project(
    answer: str = "{{answer}}", policy: dict[str, Any] | None = None, **override: object
) -> dict[str, str | bytes]:
    """Files of a project that sorts messages into queues; the worker says what the case holds."""
    rows: list[dict[str, object]] = [
        {
            "id": f"c{number:02}",
            "input": {"answer": output("a"), "text": f"message {number}"},
            "expected": {"queue": "a"},
            "segment": {"channel": "email" if number % 2 else "chat"},
        }
        for number in range(CASES)
    ]
    suite = {
        "prompt": "fixtures/s.prompt.yml",
        "cases": "fixtures/cases.jsonl",
        "repeats": {"baseline": 2, "new": 2},
        "override": {"decision": ["queue"], "proxy": PROXY, **override},
    }
    return {
        "worker.py": LOG_WORKER,
        "worker.sh": f"exec {shlex.quote(sys.executable)} worker.py\n",
        "fixtures/s.prompt.yml": prompt(answer),
        "fixtures/cases.jsonl": cases_file(rows),
        "gate.yaml": config_file({"s": suite}, policy=policy or POLICY),
        ".gitignore": ".gate/\n",
    }


def labels(
    number: int = 300, *, right: float = 0.1, wrong: float = 0.9, seed: int = 1, **more: object
) -> list[dict[str, Any]]:
    """Decisions on outputs of which every third has the wrong queue.

    Args:
        number: Of labels.
        right: Share of the outputs with the right queue that reviewers override all the same.
        wrong: Share of those with the wrong one that they override.
        seed: Of the draws.
        more: Keys of every row.
    """
    draw = random.Random(seed)  # noqa: S311 -- no secret
    rows = []
    for each in range(number):
        is_wrong = each % 3 == 0
        is_overridden = draw.random() < (wrong if is_wrong else right)
        rows.append(
            {
                "case": f"c{each % CASES:02}",
                "output": output("b" if is_wrong else "a"),
                "decision": draw.choice(["edited", "rejected"]) if is_overridden else "accepted",
                "reviewer": draw.choice(["ann", "bob"]),
                "at": f"2026-05-{1 + each % 28:02}T{each // 28 % 24:02}:{each % 60:02}:00Z",
                **more,
            }
        )
    return rows


def labels_file(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)
