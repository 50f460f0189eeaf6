"""Files of a pull request that want to run, to read, or to answer for the base."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from action.attacked import SECRET, project, told, untouched
from action.pull_request import TOKEN, job_of, pull_request
from attacks import MARK
from cli.project import BROKEN, IS_YES, MANY
from conftest import prompt_file
from github_runner.runner import INSTALL

from gate.core.model import Case, Response
from gate.core.prompt import request_for
from gate.store.baseline_writer import write_baseline
from gate.store.baselines import Baseline, BaselineCase
from gate.store.prompts import read_prompt
from gate.store.worktree import WorkTree

OWN_CODE = "import pathlib; pathlib.Path({pwned!r}).touch()\n"


@pytest.mark.parametrize("is_installed", [False, pytest.param(True, marks=pytest.mark.install)])
def test_no_module_of_the_checkout_is_imported(
    github, repo, tmp_path, *, is_installed: bool
) -> None:
    """Neither by the gate nor, where it is installed for real, by pip."""
    code = OWN_CODE.format(pwned=str(tmp_path / "pwned"))
    names = (
        *("sitecustomize", "usercustomize", "click", "yaml", "aiohttp", "json", "pip", "venv"),
        *("setuptools", "ensurepip", "encodings", "gate"),
    )
    own = {f"{name}.py": code for name in names}
    own |= {"evil.pth": code, "gate/__init__.py": code, "gate/__main__.py": code}
    own |= {"setup.py": code, "pip.conf": "[global]\nindex-url = http://127.0.0.1:1\n"}
    own |= {"pyproject.toml": "[build-system]\nrequires = ['evil']\n", ".env": "PYTHONPATH=.\n"}
    # The worker is the user's own program, and keeps itself apart.
    model = f"command/{sys.executable} -I worker.py"
    old = {"fixtures/s.prompt.yml": prompt_file(model=model)}
    new = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed", model=model)}
    asked = pull_request(repo, {**project(), **old}, {**new, **own})
    work = tmp_path / "job" / "work"
    job = job_of(
        github, asked, tmp_path / "job", PYTHONPATH=str(work), PYTHONSTARTUP=str(work / "pip.py"),
    )  # fmt: skip
    job.use({}, token=TOKEN, installs=is_installed)
    assert INSTALL in job.ran
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    untouched(tmp_path)


SPY = """\
import json, os, sys
seen = sorted(os.environ)
print("::add-path::/pwned\\n::set-output name=verdict::pass", file=sys.stderr, flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"id": request["id"], "output": "no " + " ".join(seen)}), flush=True)
"""


def test_a_worker_of_the_change_is_not_told_where_a_step_speaks(github, repo, tmp_path) -> None:
    asked = pull_request(repo, project(), {"worker.py": SPY})
    job = job_of(github, asked, tmp_path / "job", ACTIONS_ID_TOKEN_REQUEST_TOKEN=SECRET)
    job.use({}, token=TOKEN)
    assert job.failed == "verdict"
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("fail", "1")
    output = json.loads(job.artifacts["gate-report"]["report.json"])
    said = output["suites"][0]["cases_changed"][0]["new_output"]
    assert said.startswith("no ")
    for name in ("GITHUB_TOKEN", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "ACTIONS_",
                 "RUNNER_TEMP", "GITHUB_EVENT_PATH"):  # fmt: skip
        assert name not in said
    assert set(job.commands) == {"error"}
    assert "/pwned" not in job.environment["PATH"]


# Finds the files of the step all the same: they lie where the event lies that a parent knows.
FINDER = """\
import glob, json, os, sys
def above(pid):
    while pid > 1:
        with open(f"/proc/{pid}/environ") as file:
            yield dict(each.split("=", 1) for each in file.read().split("\\0") if "=" in each)
        with open(f"/proc/{pid}/stat") as file:
            pid = int(file.read().rpartition(")")[2].split()[1])
room = next(each["RUNNER_TEMP"] for each in above(os.getppid()) if "RUNNER_TEMP" in each)
text = open(os.path.join(os.path.dirname(__file__), "attack.txt")).read().format(room=room)
name, _, text = text.partition("\\n")
for path in glob.glob(os.path.join(room, name)):
    if "event" in path or not os.path.getsize(path):
        open(path, "w").write(text)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"id": request["id"], "output": "no"}), flush=True)
"""
WRITINGS = {
    "an-output": (
        "_runner_file_commands/set_output_*\nexit-code=0\nverdict=pass\njunk<<cost=0.000000\n"
    ),
    "the-environment": "_runner_file_commands/set_env_*\nBASH_ENV={room}/../work/evil.sh\n",
    "the-path": "_runner_file_commands/add_path_*\n{room}/../work/bin\n",
    "the-summary": "_runner_file_commands/step_summary_*\n### all fine\n",
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
@pytest.mark.parametrize("what", list(WRITINGS))
def test_what_a_worker_writes_for_the_step_makes_no_verdict(
    github, repo, tmp_path, what: str
) -> None:
    pwned = f"env > {tmp_path}/pwned; exit 0\n"
    files = {"worker.py": FINDER, "attack.txt": WRITINGS[what], "evil.sh": pwned, "bin/bash": pwned}
    asked = pull_request(repo, project(), files)
    job = job_of(github, asked, tmp_path / "job").use({}, token=TOKEN)
    assert job.failed == "verdict"
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("error", "70"), job.log
    assert "something that this run started wrote to GITHUB_" in job.log
    assert "### all fine" not in job.summary
    untouched(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_a_worker_cannot_send_the_comment_to_another_pull_request(github, repo, tmp_path) -> None:
    event = '_github_workflow/event.json\n{{"pull_request": {{"number": 9}}}}'
    asked = pull_request(repo, project(), {"worker.py": FINDER, "attack.txt": event})
    job = job_of(github, asked, tmp_path / "job").use({}, token=TOKEN)
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    assert "the event is not the one that this job began with" in job.log
    assert github.comments == []


def test_a_worker_that_kills_the_gate_makes_no_pass(github, repo, tmp_path) -> None:
    killer = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n"
    asked = pull_request(repo, project(), {"worker.py": killer})
    job = job_of(github, asked, tmp_path / "job").use({}, token=TOKEN)
    assert job.failed == "verdict"
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("error", "137")


@pytest.mark.parametrize("what", ["prompt", "cases", "schema", "gate.yaml", "folder"])
def test_nothing_outside_of_the_checkout_is_read(github, repo, tmp_path, what: str) -> None:
    (tmp_path / "secret.txt").write_text(f'{{"{MARK}": "{SECRET}"}}')
    base = project() | {"fixtures/answer.schema.json": "{}"}
    config = json.loads(str(base["gate.yaml"]))
    config["suites"]["s"]["checks"] = [{"schema": "fixtures/answer.schema.json"}, *IS_YES]
    asked = pull_request(repo, {**base, "gate.yaml": json.dumps(config)}, BROKEN)
    job = job_of(github, asked, tmp_path / "job")
    path = {
        "prompt": "fixtures/s.prompt.yml",
        "cases": "fixtures/cases.jsonl",
        "schema": "fixtures/answer.schema.json",
        "gate.yaml": "gate.yaml",
        "folder": "fixtures",
    }[what]
    link = job.workspace / path
    if what == "folder":
        link.rename(job.workspace / "aside")
        link.symlink_to(tmp_path)
    else:
        link.unlink()
        link.symlink_to(tmp_path / "secret.txt")
    job.use({}, token=TOKEN)
    assert job.failed == "verdict"
    assert job.outputs["verdict"] in {"error", "incomplete"}
    assert not any(SECRET in text or MARK in text for text in told(job, github))


def test_a_working_directory_that_became_a_symlink_is_refused(github, repo, tmp_path) -> None:
    base = {f"{bot}/{name}": text for bot in ("mail", "chat") for name, text in project().items()}
    asked = pull_request(repo, base, {f"mail/{name}": text for name, text in BROKEN.items()})
    job = job_of(github, asked, tmp_path / "job")
    (job.workspace / "mail").rename(job.workspace / "aside")
    (job.workspace / "mail").symlink_to("chat")
    job.use({"working-directory": "mail"}, token=TOKEN)
    assert job.failed == "read the inputs"
    assert "mail is a symlink in this checkout" in job.log


def test_a_template_cannot_include_a_file(github, repo, tmp_path) -> None:
    change = {"fixtures/s.prompt.yml": prompt_file("{% include '/etc/passwd' %}{{answer}}")}
    asked = pull_request(repo, project(), change)
    job = job_of(github, asked, tmp_path / "job").use({}, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "2"), job.log
    assert not any("root:" in text for text in told(job, github))


def recorded(texts: dict[str, str], prompt: str) -> str:
    """A baseline as `gate refresh` would write it, with other answers."""

    tree = WorkTree(Path(prompt))
    found = read_prompt(tree, "fixtures/s.prompt.yml")
    cases = {
        case_id: BaselineCase(
            digest=request_for(found, Case(case_id=case_id, input={"answer": asked})).digest,
            trials=(Response(text=texts[case_id], finish_reason="stop", latency_ms=1.0,
                             input_tokens=10, output_tokens=5),) * 2,
        )
        for case_id, asked in MANY.items()
    }  # fmt: skip
    baseline = Baseline(
        suite="s", fingerprint=found.fingerprint, model=found.model,
        recorded_at="2026-11-25T00:00:00Z", repeats=2, vendor_models=(), cases=cases,
    )  # fmt: skip
    write_baseline(tree, baseline)
    return (Path(prompt) / "baselines/s.jsonl").read_text()


def test_an_edited_recording_of_the_base_has_no_effect(github, repo, tmp_path) -> None:
    """With bad answers put into the old side's mouth, new would look no worse."""
    repo.write({**project(), ".gitignore": ".gate/\n"})
    good = recorded(MANY, str(repo.path))
    bad = recorded(dict.fromkeys(MANY, "no"), str(repo.path))
    asked = pull_request(
        repo, {**project(), "baselines/s.jsonl": good}, {**BROKEN, "baselines/s.jsonl": bad}
    )
    job = job_of(github, asked, tmp_path / "job").use({}, token=TOKEN)
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    report = json.loads(job.artifacts["gate-report"]["report.json"])
    assert report["suites"][0]["failure_codes"]["old"] == {}


def test_recordings_that_a_change_commits_are_refused(github, repo, tmp_path) -> None:
    asked = pull_request(repo, project(), BROKEN)
    job = job_of(github, asked, tmp_path / "job")
    job.workspace.joinpath(".gate").mkdir()
    job.workspace.joinpath(".gate/recordings.db").write_bytes(b"forged")
    work = type(repo)(job.workspace)
    work.git("add", "--force", ".gate")
    job.use({}, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "4")
    assert ".gate/ is committed" in job.summary
