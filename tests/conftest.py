"""What all tests share: real folders, real git repositories, the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# A first example may import what takes longer than Hypothesis allows; under CI it has its own.
settings.register_profile("without-a-clock", deadline=None)
if not os.environ.get("CI"):
    settings.load_profile("without-a-clock")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

# Answers every request with what its last message says, so a test writes outputs as prompts.
ECHO_WORKER = """\
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    text = request["messages"][-1]["content"]
    print(json.dumps({"id": request["id"], "output": text, "input_tokens": 10,
                      "output_tokens": len(text)}), flush=True)
"""


class Folder:
    """A project folder on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, files: dict[str, str | bytes]) -> Folder:
        for name, content in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            target.write_bytes(data)
        return self

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def snapshot(self) -> dict[str, bytes]:
        """Every file and its content, git's own and the recordings left out."""
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and not {".git", ".gate"} & set(path.parts)
        }

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *arguments],
            cwd=self.path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def init(self) -> Folder:
        self.path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        return self

    def commit(self, message: str = "change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def gate(
        self, *arguments: str, env: dict[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run the real command here, without the variables of whoever runs the tests."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GITHUB_", "OPENAI_", "ANTHROPIC_", "CI", "COLUMNS"))
        }
        return subprocess.run(
            [sys.executable, "-m", "gate", *arguments],
            cwd=self.path,
            env={**kept, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "project").write({})


@pytest.fixture
def repo(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "repo").init()


def prompt_file(
    content: str = "{{answer}}",
    *,
    model: str = f"command/{sys.executable} worker.py",
    **more: object,
) -> str:
    """A prompt file in YAML (JSON is YAML); by default the worker echoes `answer`."""
    keys: dict[str, object] = {
        "name": "test",
        "model": model,
        "messages": [{"role": "user", "content": content}],
        **({"depends": ["worker.py"]} if model.startswith("command/") else {}),
        **more,
    }
    return json.dumps(keys)


def cases_file(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def config_file(suites: dict[str, object], **more: object) -> str:
    return json.dumps({"version": 1, "suites": suites, **more})


def echo_project(answers: dict[str, str], **suite: object) -> dict[str, str | bytes]:
    """Files of a project whose cases are answered with the given texts."""
    rows: list[dict[str, object]] = [
        {"id": case_id, "input": {"answer": answer}} for case_id, answer in answers.items()
    ]
    return {
        "worker.py": ECHO_WORKER,
        "fixtures/s.prompt.yml": prompt_file(),
        "fixtures/cases.jsonl": cases_file(rows),
        "gate.yaml": config_file(
            {
                "s": {
                    "prompt": "fixtures/s.prompt.yml",
                    "cases": "fixtures/cases.jsonl",
                    "repeats": {"baseline": 2, "new": 1},
                    **suite,
                }
            }
        ),
    }
