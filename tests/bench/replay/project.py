"""The suite that is replayed: small tickets, two prompts that differ in one harmless word."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from .measure import LIMIT_S, Run, measure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MODEL = "stub-05"  # the vendor answers 5 % of the requests with `wrong`
KEY = "sk-bench-0123456789"
WIDTH = 32  # calls at once
SYSTEM = "Sort the ticket. Answer with one word."
VERBS = {"old": "Take", "new": "Read"}
SIDES = ("--old", "old.prompt.yml", "--new", "new.prompt.yml")
_SUBJECTS = ("my parcel", "the invoice", "a broken pot", "the newsletter", "my password")
_QUESTIONS = ("where is it", "can I return it", "please help", "it came twice")
_CHANNELS = ("email", "chat", "form", "phone")
_LANGUAGES = ("en", "de", "fr")
_POLICY = {  # generous: two runs of the same prompt pass
    "metrics": {
        "failure_rate": {"max_rise": 0.05},
        "override_rate": {"max_rise": 0.05},
        "latency_p95": {"max_ratio": 3},
        "cost": {"max_ratio": 1.10},
    },
    "segments": {"by": ["channel", "language"], "max_rise": 0.2},
}


def ticket(number: int) -> str:
    """Return the text of a case."""
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    return f"Ticket {number:06} about {subject}: {_QUESTIONS[number % len(_QUESTIONS)]}?"


def messages(side: str, text: str) -> list[dict[str, str]]:
    """Return the messages of one request, or of the template."""
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{VERBS[side]} this: {text}"},
    ]


def _case(number: int) -> dict[str, Any]:
    return {
        "id": f"t-{number:06}",
        "input": {"text": ticket(number)},
        "expected": "right",
        "segment": {
            "channel": _CHANNELS[number % len(_CHANNELS)],
            "language": _LANGUAGES[number % len(_LANGUAGES)],
        },
    }


class Project:
    """A folder with `gate.yaml`, cases and two prompts."""

    def __init__(self, folder: Path, *, cases: int) -> None:
        self.folder = folder
        self.cases = cases
        folder.mkdir(parents=True)
        suite = {
            "prompt": "old.prompt.yml",
            "cases": "cases.jsonl",
            "repeats": {"baseline": 1, "new": 1},
            "checks": [{"equals": "right"}],
        }
        config = {"version": 1, "suites": {"s": suite}, "policy": _POLICY}
        rows = "".join(f"{json.dumps(_case(number))}\n" for number in range(cases))
        self._write("gate.yaml", json.dumps(config))
        self._write("cases.jsonl", rows)
        for side in VERBS:
            prompt = {"model": f"openai/{MODEL}", "messages": messages(side, "{{text}}")}
            self._write(f"{side}.prompt.yml", json.dumps(prompt))

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def commit(self) -> None:
        """Make the folder a git repository and commit what stands there."""
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.invalid")
        for arguments in (
            ("init", "--quiet", "--initial-branch=main"),
            ("add", "--all"),
            (*who, "commit", "--quiet", "--message=bench"),
        ):
            subprocess.run(["git", *arguments], cwd=self.folder, check=True)

    def gate(self, *arguments: str, env: Mapping[str, str], limit_s: float = LIMIT_S) -> Run:
        """Run the real command here."""
        command = [sys.executable, "-m", "gate", *arguments]
        return measure(command, cwd=self.folder, env=env, limit_s=limit_s)

    def check(self, *arguments: str, env: Mapping[str, str], limit_s: float = LIMIT_S) -> Run:
        """Run `gate check` of old against new."""
        return self.gate(
            *("check", *SIDES),
            *("--concurrency", str(WIDTH), "--format", "json", "--quiet"),
            *arguments,
            env=env,
            limit_s=limit_s,
        )
