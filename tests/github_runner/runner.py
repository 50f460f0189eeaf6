"""A small runner of composite actions: real bash, real files, the steps of `action.yml` in order.

    job = Job(workspace, temp, event_environment)
    job.use({"working-directory": "bots"})
    assert job.conclusion == "failure"

What GitHub's runner would do between the steps is done: outputs, environment and path are read
from the files that a step was given, `if:` is evaluated, a failed step skips those after it. Three
actions are known by name and stand in for the real ones; each must be pinned by a commit.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from github_runner.expressions import filled, holds
from github_runner.files import commands, pairs

ACTION = Path(__file__).parents[2]
INSTALL = "install the gate"
_PINNED = re.compile(r"(actions/[\w-]+)@[0-9a-f]{40}")
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class Job:
    """One job on a machine of its own: its workspace, its temporary folder, its log."""

    def __init__(self, workspace: Path, temp: Path, environment: dict[str, str]) -> None:
        temp.mkdir(parents=True, exist_ok=True)
        self.workspace, self.temp = workspace, temp
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(temp),
            **environment,
        }
        self.log = ""
        self.summary = ""
        self.outputs: dict[str, str] = {}
        self.ran: list[str] = []  # names of the steps that were not skipped
        self.failed = ""  # the step that failed
        self.artifacts: dict[str, dict[str, bytes]] = {}

    @property
    def conclusion(self) -> str:
        """What the check on the pull request says."""
        return "failure" if self.failed else "success"

    @property
    def commands(self) -> list[str]:
        """Names of the workflow commands in the log."""
        return commands(self.log)

    def use(self, inputs: dict[str, str], *, token: str = "", installs: bool = False) -> Job:
        """Run the action.

        Args:
            inputs: As the workflow gives them, by name.
            token: Of the job, `github.token`.
            installs: Whether the step that installs runs; otherwise the gate of the tests counts.
        """
        action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
        contexts = {
            "github.token": token,
        }
        unknown = inputs.keys() - action["inputs"].keys()
        if unknown:
            raise KeyError(unknown)
        for name, each in action["inputs"].items():
            contexts[f"inputs.{name}"] = inputs.get(name, filled(each["default"], contexts))
        for step in action["runs"]["steps"]:
            # Without a condition it is `success()`.
            condition = step.get("if", "job.name == ''")
            runs = holds(condition, {"job.name": "", **contexts}, has_failed=bool(self.failed))
            outcome = self._step(step, contexts, installs=installs) if runs else "skipped"
            contexts[f"steps.{step.get('id', '')}.outcome"] = outcome
        for name, each in action["outputs"].items():
            self.outputs[name] = filled(each["value"], contexts)
        return self

    def _step(self, step: dict[str, Any], contexts: dict[str, str], *, installs: bool) -> str:
        """Run one step; return its outcome, before continue-on-error counts."""
        name = step.get("name") or step["uses"]
        self.ran.append(name)
        if name == INSTALL and not installs:
            contexts[f"steps.{step['id']}.outputs.python"] = sys.executable
        elif "uses" in step:
            self._use_action(step, contexts)
        elif self._bash(step, contexts):
            if not step.get("continue-on-error"):
                self.failed = self.failed or name
            return "failure"
        return "success"

    def _bash(self, step: dict[str, Any], contexts: dict[str, str]) -> int:
        assert step["shell"] == "bash"
        files = self._files()
        script = self.temp / f"script-{len(self.ran)}.sh"
        script.write_text(filled(step["run"], contexts), encoding="utf-8")
        own = {key: filled(str(value), contexts) for key, value in step.get("env", {}).items()}
        folder = filled(step.get("working-directory", "."), contexts)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace / folder,
            env={**self.environment, **{key: str(path) for key, path in files.items()}, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        self.log += done.stdout
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        for key, value in pairs(files["GITHUB_OUTPUT"]):
            contexts[f"steps.{step.get('id', '')}.outputs.{key}"] = value
        self.environment.update(pairs(files["GITHUB_ENV"]))
        for line in files["GITHUB_PATH"].read_text(encoding="utf-8").splitlines():
            self.environment["PATH"] = f"{line}{os.pathsep}{self.environment['PATH']}"
        return done.returncode

    def _files(self) -> dict[str, Path]:
        """The files of one step, empty, where GitHub's runner has them."""
        folder = self.temp / "_runner_file_commands"
        folder.mkdir(exist_ok=True)
        files = {
            variable: folder / f"{name}_{uuid4()}"
            for variable, name in (
                ("GITHUB_OUTPUT", "set_output"), ("GITHUB_ENV", "set_env"),
                ("GITHUB_PATH", "add_path"), ("GITHUB_STATE", "save_state"),
                ("GITHUB_STEP_SUMMARY", "step_summary"),
            )
        }  # fmt: skip
        for path in files.values():
            path.touch()
        return files

    def _use_action(self, step: dict[str, Any], contexts: dict[str, str]) -> None:
        pinned = _PINNED.fullmatch(step["uses"])
        assert pinned, f"{step['uses']} is not pinned by a commit"
        given = {key: filled(_text(value), contexts) for key, value in step["with"].items()}
        match pinned[1]:
            case "actions/setup-python":
                assert given["update-environment"] == "false"
                contexts[f"steps.{step['id']}.outputs.python-path"] = sys.executable
            case "actions/upload-artifact":
                root = Path(given["path"])
                self.artifacts[given["name"]] = {
                    path.relative_to(root).as_posix(): path.read_bytes()
                    for path in sorted(root.rglob("*"))
                    if path.is_file()
                }
            case "actions/download-artifact":
                self._download(given)
            case _:
                raise KeyError(step["uses"])

    def _download(self, given: dict[str, str]) -> None:
        prefix = given["pattern"].removesuffix("*")
        for name, files in self.artifacts.items():
            if name.startswith(prefix):
                target = Path(given["path"]) / name
                shutil.rmtree(target, ignore_errors=True)
                target.mkdir(parents=True)
                for path, content in files.items():
                    (target / path).write_bytes(content)


def _text(value: object) -> str:
    """A value of YAML as an action is given it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
