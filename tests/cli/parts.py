"""Projects whose runs are made in parts."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

from cli.project import run
from conftest import Folder, cases_file, config_file, prompt_file

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = 4
CASES = 60
POLICY = {
    "metrics": {"failure_rate": {"max_rise": 0.05}, "cost": {"max_ratio": 1.5}},
    "segments": {"by": ["channel"], "max_rise": 0.1},
}
# Whether a call is answered, and how, hangs on its text and seed: the same in every process. The
# seed comes of the request, so the model's name holds no path: the same on every machine.
MODEL = "command/sh worker.sh"
WORKER = """\
import hashlib, json, os, sys
for line in sys.stdin:
    request = json.loads(line)
    asked = request["messages"][-1]["content"]
    with open(os.environ["WORKER_LOG"], "a") as log:
        log.write(asked + "\\n")
    drawn = hashlib.sha256(f"{asked} {request['seed']}".encode()).digest()
    reply = {"id": request["id"], "input_tokens": 10, "output_tokens": 1 + drawn[2] % 3}
    is_cured = os.path.exists(os.path.join(os.path.dirname(os.environ["WORKER_LOG"]), "cured"))
    if drawn[0] < LOST * 256 and not is_cured:
        reply = {"id": request["id"], "error": "not today"}
    else:
        broken = RATE[asked.split()[0]]
        reply["output"] = "wrong" if drawn[1] < broken * 256 else "right"
    print(json.dumps(reply), flush=True)
"""


def prompt(content: str) -> str:
    return prompt_file(content, model=MODEL)


def files(*, new: float = 0.05, lost: float = 0.0, **more: object) -> dict[str, str | bytes]:
    """A project whose old prompt fails in 10 % of its trials, the new one as often as said."""
    rows = [
        {"id": f"c{i:03}", "input": {"n": i}, "segment": {"channel": ("chat", "email")[i % 2]}}
        for i in range(CASES)
    ]
    suite = {
        "prompt": "s.prompt.yml",
        "cases": "cases.jsonl",
        "repeats": {"baseline": 2, "new": 3},
        "checks": [{"equals": "right"}],
    }
    rates = {"old": 0.1, "new": new}
    return {
        "worker.py": WORKER.replace("LOST", str(lost)).replace("RATE", repr(rates)),
        "worker.sh": f"exec {shlex.quote(sys.executable)} worker.py\n",
        "s.prompt.yml": prompt("old {{n}}"),
        "cases.jsonl": cases_file(rows),
        "gate.yaml": config_file({"s": suite}, policy={**POLICY, **more}),
    }


THIRD = "shards/shard-3-of-4.jsonl"
CHANGE = {"s.prompt.yml": prompt("new {{n}}")}


def changed_in(repo: Folder, **how: Any) -> Folder:
    """Make a repository whose prompt was changed; two of them differ in nothing but their place."""
    repo.init().write(files(**how)).commit()
    return repo.write(CHANGE)


def replay(repo: Folder, *arguments: str, parts: int = PARTS) -> None:
    for index in range(1, parts + 1):
        part = f"{index}/{parts}"
        done = run(repo, "check", "--shard", part, "--output", "shards", "--quiet", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


def report(repo: Folder, command: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = run(repo, command, "--format", "json", "--quiet", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def merge(repo: Folder, *arguments: str) -> tuple[int, dict[str, Any]]:
    return report(repo, "merge", "shards", *arguments)


def refused(repo: Folder, *arguments: str) -> str:
    done = run(repo, "merge", "shards", "--quiet", *arguments)
    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stdout == ""
    assert "repair: " in done.stderr
    return done.stderr


def seen(found: dict[str, Any]) -> object:
    """What a verdict is made of."""
    names = ("verdict", "trials", "findings", "failure_codes", "cases_changed", "stopped_early")
    return found["verdict"], [[suite.get(name) for name in names] for suite in found["suites"]]


def committed(repo: Folder) -> None:
    repo.git("add", "shards")


def edited(where: int, change: Callable[[str], str]) -> Callable[[Folder], None]:
    """Change one line of the third part."""

    def edit(repo: Folder) -> None:
        lines = repo.read(THIRD).splitlines(keepends=True)
        lines[where] = change(lines[where])
        repo.write({THIRD: "".join(lines)})

    return edit
