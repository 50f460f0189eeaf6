"""Projects whose worker notes its calls, and the command run in them."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cli.in_process import gate_in_process
from conftest import Folder, cases_file, echo_project, prompt_file

from gate.store.prompts import read_prompt
from gate.store.worktree import WorkTree

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

# As the echo worker, and notes each answer, so that a test counts what was called.
LOG_WORKER = """\
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    text = request["messages"][-1]["content"]
    time.sleep(float(os.environ.get("WORKER_PAUSE_S", "0")))
    with open(os.environ["WORKER_LOG"], "a") as log:
        log.write(text + "\\n")
    print(json.dumps({"id": request["id"], "output": text, "input_tokens": 10,
                      "output_tokens": len(text)}), flush=True)
"""
FAILURES_ONLY = {"metrics": {"failure_rate": {"max_rise": 0.01}}}
MANY = {f"c{i:02}": f"yes {i}" for i in range(30)}
FEW = {"a": "yes 1", "b": "yes 2", "c": "yes 3"}
IS_YES = [{"regex": r"^yes \d+$"}]
BROKEN = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed")}
WAIVER = {"finding": "failure-rate-rise", "owner": "me", "reason": "I say so"}
HARMLESS = {"fixtures/s.prompt.yml": prompt_file(modelParameters={"temperature": 0})}


def logged(
    answers: dict[str, str], policy: dict[str, Any] | None = None, **suite: object
) -> dict[str, str | bytes]:
    """Files of a project whose worker notes its calls."""
    files = echo_project(answers, **suite)
    config = json.loads(files["gate.yaml"])
    if policy is not None:
        config["policy"] = policy
    return {**files, "worker.py": LOG_WORKER, "gate.yaml": json.dumps(config)}


def all_broken(repo: Folder) -> Folder:
    """A change that breaks every answer."""
    repo.write(logged(MANY, FAILURES_ONLY, checks=IS_YES)).commit()
    return repo.write(BROKEN)


def with_config(files: dict[str, str | bytes], **keys: object) -> dict[str, str | bytes]:
    """The project's gate.yaml with some keys replaced."""
    return {"gate.yaml": json.dumps({**json.loads(files["gate.yaml"]), **keys})}


def rows_of(answers: dict[str, str], *, expected: str = "{}") -> str:
    """A cases file that expects of each case its own answer, or another text."""
    return cases_file(
        [
            {"id": key, "input": {"answer": text}, "expected": {"text": expected.format(text)}}
            for key, text in answers.items()
        ]
    )


def bound_waiver(folder: Folder, files: dict[str, str | bytes]) -> dict[str, Any]:
    """A waiver of the fail of a project whose prompt is broken, as a maintainer would add it."""
    folder.write({**files, **BROKEN})
    prompt = read_prompt(WorkTree(folder.path), "fixtures/s.prompt.yml")
    return {**WAIVER, "expires": "2999-01-01", "prompt": prompt.fingerprint}


def log_of(folder: Folder) -> Path:
    return folder.path.parent / "calls.log"


def run(folder: Folder, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command; no ending may show a trace."""
    done = gate_in_process(folder, *arguments, WORKER_LOG=str(log_of(folder)), **env)
    assert "Traceback" not in done.stderr
    return done


def calls(folder: Folder) -> Counter[str]:
    """Texts that workers answered since the last look, with their numbers."""
    log = log_of(folder)
    found = Counter(log.read_text().splitlines()) if log.exists() else Counter()
    log.unlink(missing_ok=True)
    return found


def judged(folder: Folder, *arguments: str, exit_code: int, **env: str) -> dict[str, Any]:
    """Run check and return its JSON report."""
    done = run(folder, "check", "--format", "json", *arguments, **env)
    assert done.returncode == exit_code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["exit_code"] == exit_code
    return report


def failure_rate(suite: dict[str, Any]) -> dict[str, Any]:
    """The finding on failures over all cases."""
    (finding,) = [
        each
        for each in suite["findings"]
        if each["id"] == "failure-rate-rise" and each["segment"] is None
    ]
    found: dict[str, Any] = finding
    return found


def live(suite: dict[str, Any]) -> int:
    """The calls that a suite's report owns up to."""
    return int(suite["calls"]["old_live"] + suite["calls"]["new_live"])


def recordings(folder: Folder) -> set[tuple[str, int]]:
    """Digest and repeat of every answer that is recorded."""
    with closing(sqlite3.connect(folder.path / ".gate/recordings.db")) as database:
        return set(database.execute("SELECT digest, repeat FROM recordings").fetchall())
