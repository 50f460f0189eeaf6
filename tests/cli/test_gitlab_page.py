"""The .gitlab-ci.yml of the README: valid, and run with what GitLab gives a job."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from cli.adopting import BROKEN, HARMLESS, adopting_project, own_repository, shown_yaml
from conftest import Folder

if TYPE_CHECKING:
    from pathlib import Path

ZEROS = "0" * 40
# Whatever Python finds in the project before its own would end a job as if all were well.
SHADOWS = {
    f"{name}.py": "raise SystemExit(0)\n" for name in ("venv", "pip", "click", "gate", "yaml")
}


def jobs() -> dict[str, Any]:
    """The jobs of the page, each with what it extends in it."""
    found = yaml.safe_load(shown_yaml("gitlab"))
    return {
        name: {**found[job.pop("extends")], **job}
        for name, job in found.items()
        if not name.startswith(".")
    }


def bash(folder: Folder, lines: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run lines of a job as a runner does: in one shell, up to the first that fails."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GITHUB_", "OPENAI_", "ANTHROPIC_", "CI", "GIT_", "PYTHON"))
    }
    return subprocess.run(
        ["bash", "-c", "\n".join(["set -eo pipefail", *lines])],
        cwd=folder.path,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def origin(repo: Folder) -> Folder:
    """The project on the server, with one commit on its default branch."""
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repo.write({**adopting_project(), **SHADOWS}).commit()
    return repo


@pytest.fixture
def job(origin: Folder) -> Folder:
    """Where the runner puts its shallow clone."""
    return Folder(origin.path.parent / "builds" / "project")


def checked_out(job: Folder, origin: Folder, commit: str, depth: str) -> Folder:
    """Clone as a runner does: one commit to a depth, and HEAD detached."""
    job.init()
    job.git("remote", "add", "origin", f"file://{origin.path}")
    job.git("fetch", "--quiet", "--no-tags", "--depth", depth, "origin", commit)
    job.git("checkout", "--quiet", "--detach", commit)
    return job


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the shell knows after before_script, which installs the gate from a clone of this."""
    gate, commit = own_repository(tmp_path_factory.mktemp("own") / "gate")
    project = Folder(tmp_path_factory.mktemp("project")).write(SHADOWS)
    done = bash(
        project,
        [*jobs()["gate"]["before_script"], "declare -p GATE python"],
        GATE_REPOSITORY=str(gate),
        GATE_COMMIT=commit,
        TMPDIR=str(tmp_path_factory.mktemp("elsewhere")),
    )
    assert done.returncode == 0, done.stderr
    assert set(project.snapshot()) == set(SHADOWS)
    return done.stdout


def run(job: Folder, name: str, installed: str, **variables: str) -> tuple[int, str]:
    done = bash(job, [installed, *jobs()[name]["script"]], CI="true", **variables)
    return done.returncode, done.stdout + done.stderr


def test_the_configuration_is_valid_for_gitlab(tmp_path: Path) -> None:
    # A hidden job may hold anything, so what extends it is looked at, too.
    Folder(tmp_path).write({"shown.yml": shown_yaml("gitlab"), "whole.yml": yaml.safe_dump(jobs())})
    program = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    done = subprocess.run(
        [*program, "shown.yml", "whole.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_reports_are_kept_of_a_job_that_fails_too() -> None:
    for job in jobs().values():
        artifacts = job["artifacts"]
        assert (artifacts["when"], artifacts["paths"]) == ("always", ["report/"])
        assert all(line.endswith("--output report") for line in job["script"][-1:])


def test_the_first_push_of_a_branch_has_nothing_to_be_compared_with() -> None:
    _, push = jobs()["gate"]["rules"]
    (pattern,) = re.findall(r"\$CI_COMMIT_BEFORE_SHA !~ /(.*)/", push["if"])
    assert re.search(pattern, ZEROS)
    assert not re.search(pattern, "0" * 39 + "1")


@pytest.mark.install
@pytest.mark.parametrize(
    ("change", "code"), [pytest.param(BROKEN, 1, id="broken"), pytest.param(HARMLESS, 0, id="fine")]
)
@pytest.mark.parametrize("source", ["merge_request_event", "push"])
def test_a_change_is_judged_against_what_was_there_before(
    origin: Folder,
    job: Folder,
    installed: str,
    change: dict[str, str | bytes],
    code: int,
    source: str,
) -> None:
    before = origin.git("rev-parse", "HEAD")
    head = origin.write(change).commit()
    depth = jobs()["gate"]["variables"]["GIT_DEPTH"]
    checked_out(job, origin, head, depth)
    variables = {"CI_COMMIT_BEFORE_SHA": before}
    if source == "merge_request_event":
        variables = {
            "CI_COMMIT_BEFORE_SHA": ZEROS,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": before,
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "",
        }
    left, said = run(job, "gate", installed, CI_PIPELINE_SOURCE=source, **variables)
    assert left == code, said
    assert ET.fromstring(job.read("report/junit.xml")).tag == "testsuites"  # noqa: S314 -- our own
    quality = json.loads(job.read("report/gl-code-quality.json"))
    assert bool(quality) == bool(code)
    assert job.git("rev-parse", "--is-shallow-repository") == "true"


@pytest.mark.install
def test_a_merged_result_answers_only_for_the_merge_request(
    origin: Folder, job: Folder, installed: str
) -> None:
    """The target got worse by itself; held against where the two parted, that would be a fail."""
    parted = origin.git("rev-parse", "HEAD")
    target = origin.write(BROKEN).commit()
    origin.git("checkout", "--quiet", "-b", "topic", parted)
    source = origin.write({"README": "a change"}).commit()
    origin.git("checkout", "--quiet", "--detach", target)
    origin.git("merge", "--quiet", "--no-edit", source)
    checked_out(job, origin, origin.git("rev-parse", "HEAD"), "1")
    variables = {"CI_COMMIT_BEFORE_SHA": ZEROS, "CI_MERGE_REQUEST_DIFF_BASE_SHA": parted}
    assert run(job, "gate", installed, **variables)[0] == 1
    merged = {**variables, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": target}
    code, said = run(job, "gate", installed, **merged)
    assert code == 0, said
    assert "suite s: not affected" in said


@pytest.mark.install
def test_every_night_the_answers_are_held_against_the_baseline(
    origin: Folder, job: Folder, installed: str
) -> None:
    done = bash(origin, [installed, "$python -I -m gate refresh --quiet"])
    assert done.returncode == 0, done.stderr
    checked_out(job, origin, origin.commit("baseline"), "1")
    code, said = run(job, "gate-drift", installed, CI_PIPELINE_SOURCE="schedule")
    assert code == 0, said
    assert (job.path / "report" / "junit.xml").exists()
