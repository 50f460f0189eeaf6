"""Projects whose baseline is audited: honest as `gate refresh` leaves it, or edited by hand."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from cli.in_process import gate_in_process
from cli.project import calls, log_of
from conftest import cases_file, config_file, prompt_file

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from conftest import Folder

# Draws each answer by the seed of its request: a third fails, and no two are the same.
DRAWING_WORKER = """\
import json, os, random, sys
WORDS = "queue billing refund order invoice account please check the ticket and send it on".split()
for line in sys.stdin:
    request = json.loads(line)
    asked = request["messages"][-1]["content"]
    with open(os.environ["WORKER_LOG"], "a") as log:
        log.write(asked + "\\n")
    draw = random.Random(request["seed"])
    words = draw.choices(WORDS, k=draw.randint(6, 16))
    text = " ".join(["sorry" if draw.random() < 0.33 else "yes", asked, *words])
    print(json.dumps({"id": request["id"], "output": text, "input_tokens": 10,
                      "output_tokens": len(words)}), flush=True)
"""
# Without a path that differs from one machine to the next, so that the seeds never do.
MODEL = "command/sh -c 'exec $WORKER_PYTHON worker.py'"
ALPHA = 0.01  # one honest file in a hundred is rejected; the forged ones are all the same
CASES = 30
TRIALS = 5


def project(cases: int = CASES, trials: int = TRIALS) -> dict[str, str | bytes]:
    rows: list[dict[str, object]] = [
        {"id": f"c{number:02}", "input": {"n": f"n{number:02}"}} for number in range(cases)
    ]
    suite = {
        "prompt": "s.prompt.yml",
        "cases": "cases.jsonl",
        "repeats": {"baseline": trials, "new": 1},
        "checks": [{"regex": "^yes"}],
    }
    return {
        "worker.py": DRAWING_WORKER,
        "s.prompt.yml": prompt_file("{{n}}", model=MODEL),
        "cases.jsonl": cases_file(rows),
        "gate.yaml": config_file({"s": suite}, policy={"alpha": ALPHA}),
    }


def run(
    folder: Folder, *arguments: str, exit_code: int | None = 0, **more: str
) -> subprocess.CompletedProcess[str]:
    env = {"WORKER_LOG": str(log_of(folder)), "WORKER_PYTHON": sys.executable, **more}
    done = gate_in_process(folder, *arguments, **env)
    assert "Traceback" not in done.stderr
    wanted = {0, 1} if exit_code is None else {exit_code}
    assert done.returncode in wanted, done.stdout + done.stderr
    return done


def recorded(repo: Folder, **keys: int) -> Folder:
    """A repository whose baseline is as honest as `gate refresh` makes it."""
    repo.write(project(**keys))
    run(repo, "refresh", "--quiet")
    repo.commit()
    calls(repo)
    return repo


def forged(repo: Folder, forge: Callable[[dict[str, Any]], None]) -> Folder:
    """Edit every recorded trial of the committed file."""
    head, *rows = map(json.loads, repo.read("baselines/s.jsonl").splitlines())
    for row in rows:
        for trial in row["trials"]:
            forge(trial)
    lines = [json.dumps(row) + "\n" for row in (head, *rows)]
    repo.write({"baselines/s.jsonl": "".join(lines)}).commit("recorded by the author")
    return repo


def passes(trial: dict[str, Any]) -> None:
    trial["output"] = trial["output"].replace("sorry", "yes")


def half_the_tokens(trial: dict[str, Any]) -> None:
    trial["output_tokens"] //= 2


def one_text(trial: dict[str, Any]) -> None:
    trial["output"] = "yes, your order is on its way"


def fields(**values: object) -> Callable[[dict[str, Any]], None]:
    return lambda trial: trial.update(values)
