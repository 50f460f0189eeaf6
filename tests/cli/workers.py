"""Projects whose workers note their calls, for tests that count them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cli.in_process import gate_in_process
from conftest import Folder, echo_project, prompt_file

if TYPE_CHECKING:
    import subprocess
    from typing import Any

# Echoes, and notes each call. What `mood.txt` says, a file that no prompt depends on:
# its first words are what it answers with from the call of that number on.
MOODY_WORKER = """\
import json, os, pathlib, sys
for line in sys.stdin:
    request = json.loads(line)
    asked = request["messages"][-1]["content"]
    with open(os.environ["WORKER_LOG"], "a") as log:
        log.write(asked + "\\n")
    mood, number = pathlib.Path("mood.txt"), pathlib.Path("number.txt")
    at = int(number.read_text()) if number.exists() else 0
    number.write_text(str(at + 1))
    text = asked
    if mood.exists():
        word, calls = json.loads(mood.read_text())
        text = word if calls is None or at in calls else asked
    print(json.dumps({"id": request["id"], "output": text, "input_tokens": 10,
                      "output_tokens": 6}), flush=True)
"""
IS_YES = [{"regex": r"^yes \d+( indeed)?$"}]
FAILURES = {"metrics": {"failure_rate": {"max_rise": 0.1}}}
INDEED = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed")}
HARMLESS = {"fixtures/s.prompt.yml": prompt_file(modelParameters={"temperature": 0})}


def cases(count: int) -> dict[str, str]:
    return {f"c{number:03}": f"yes {number}" for number in range(count)}


def moody(count: int, policy: object = FAILURES, **suite: object) -> dict[str, str | bytes]:
    """Files of a project of so many cases, all of which are answered as they should be."""
    files = echo_project(cases(count), **{"checks": IS_YES, **suite})
    config = json.loads(files["gate.yaml"])
    return {
        **files,
        "worker.py": MOODY_WORKER,
        "gate.yaml": json.dumps({**config, "policy": policy}),
    }


def mood(word: str, calls: list[int] | None = None) -> dict[str, str | bytes]:
    """From now on the worker answers with this; only the calls of these numbers, if given."""
    return {"mood.txt": json.dumps([word, calls])}


def run(folder: Folder, *arguments: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command; no ending may show a trace."""
    done = gate_in_process(folder, *arguments, WORKER_LOG=str(_log(folder)))
    assert "Traceback" not in done.stderr
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done


def calls(folder: Folder) -> int:
    """How often a worker was called since the last look."""
    log = _log(folder)
    found = len(log.read_text().splitlines()) if log.exists() else 0
    log.unlink(missing_ok=True)
    return found


def _log(folder: Folder):
    return folder.path.parent / "calls.log"


def planned(folder: Folder, *arguments: str) -> str:
    """What `plan` says; it calls nothing and leaves the files alone."""
    calls(folder)
    before = folder.snapshot()
    done = run(folder, "plan", *arguments)
    assert calls(folder) == 0
    assert folder.snapshot() == before
    assert done.stderr == ""
    return done.stdout


def checked(folder: Folder, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    """The only suite's part of a check's report."""
    done = run(folder, "check", "--all-calls", "--format", "json", *arguments, exit_code=exit_code)
    (suite,) = json.loads(done.stdout)["suites"]
    return suite


def refreshed(repo: Folder, files: dict[str, str | bytes]) -> None:
    repo.write(files)
    run(repo, "refresh")
    repo.commit()
    calls(repo)
