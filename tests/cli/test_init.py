"""What `gate init` writes for GitHub, in new projects and in those that are there."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cli.project import run
from conftest import Folder, echo_project, prompt_file

from gate.commands.own_address import address_of
from gate.commands.workflows import Workflows

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PINNED = f"octo/gate@{COMMIT}"
ALL = ["gate-comment.yml", "gate-drift.yml", "gate.yml"]


def workflows(repo: Folder) -> dict[str, Any]:
    folder = repo.path / ".github" / "workflows"
    return {path.name: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yml"))}


def gate_step(workflow: dict[str, Any]) -> dict[str, Any]:
    (job,) = workflow["jobs"].values()
    step: dict[str, Any] = job["steps"][-1]
    return step


def test_a_new_project_gets_the_workflow_for_pull_requests(repo: Folder) -> None:
    done = run(repo, "init", "--action", PINNED)
    assert done.returncode == 0, done.stderr
    assert list(workflows(repo)) == ["gate.yml"]
    assert gate_step(workflows(repo)["gate.yml"]) == {"uses": PINNED, "with": {"comment": "off"}}
    assert "gate init --github writes a workflow" in repo.read(".github/workflows/gate.yml")


def test_all_workflows_fit_each_other_and_ask_for_the_least_rights(repo: Folder) -> None:
    assert run(repo, "init", "--github", "--action", PINNED).returncode == 0
    found = workflows(repo)
    assert list(found) == ALL
    assert all(gate_step(each)["uses"] == PINNED for each in found.values())
    # YAML 1.1 reads the key `on` as true.
    after = found["gate-comment.yml"][True]["workflow_run"]
    assert after["workflows"] == [found["gate.yml"]["name"]]
    assert found["gate.yml"]["permissions"] == {"contents": "read"}
    assert found["gate-drift.yml"]["permissions"] == {"contents": "read"}
    assert found["gate-comment.yml"]["permissions"] == {}
    (job,) = found["gate-comment.yml"]["jobs"].values()
    assert job["permissions"] == {"actions": "read", "pull-requests": "write"}
    assert not any("checkout" in step["uses"] for step in job["steps"])
    assert "pull_request_target" not in json.dumps(found, default=str)


def test_a_project_that_is_there_gets_workflows_and_its_vendors_keys(repo: Folder) -> None:
    files = echo_project({"a": "yes"})
    repo.write({**files, "fixtures/s.prompt.yml": prompt_file(model="openai/m")})
    done = run(repo, "init", "--github", "--action", PINNED)
    assert done.returncode == 0, done.stderr
    key = {"OPENAI_API_KEY": "${{ secrets.OPENAI_API_KEY }}"}
    for name, workflow in workflows(repo).items():
        step = gate_step(workflow)
        # The one that writes comments has no business with a vendor.
        assert step.get("env", {}) == ({} if name == "gate-comment.yml" else key)
    assert "gh secret set OPENAI_API_KEY" in done.stdout
    assert "fixtures/tickets" not in done.stdout


@pytest.mark.parametrize("folder", ["bots/mail", "bots/a: b #c"])
def test_a_project_in_a_folder_has_workflows_of_its_own_at_the_top(
    repo: Folder, folder: str
) -> None:
    assert run(repo.write({}), "init", "--github", "--action", PINNED).returncode == 0
    inner = Folder(repo.path / folder).write(echo_project({"a": "yes"}))
    done = run(inner, "init", "--github", "--action", PINNED)
    assert done.returncode == 0, done.stderr
    found = workflows(repo)
    assert len(found) == 6
    (name,) = [each for each in found if each.startswith("gate-bots")]
    job = found[name]["jobs"]["gate"]["name"]
    assert f"Require the job `{job}` to" in repo.read(f".github/workflows/{name}")
    assert gate_step(found[name])["with"]["working-directory"] == folder
    assert len({each["name"] for each in found.values()}) == 6
    assert f"wrote ../../.github/workflows/{name}" in done.stdout


def test_nothing_that_is_there_is_overwritten(repo: Folder) -> None:
    repo.write({**echo_project({"a": "yes"}), ".github/workflows/gate-drift.yml": "mine"})
    done = run(repo, "init", "--github", "--action", PINNED)
    assert done.returncode == 0, done.stderr
    assert "kept .github/workflows/gate-drift.yml: it is here already\n" in done.stdout
    assert "wrote .github/workflows/gate-comment.yml" in done.stdout
    assert repo.read(".github/workflows/gate-drift.yml") == "mine"
    before = repo.snapshot()
    assert run(repo, "init", "--github", "--action", PINNED).returncode == 0
    assert repo.snapshot() == before


def test_a_project_that_was_just_started_can_have_the_other_workflows(repo: Folder) -> None:
    assert run(repo, "init", "--action", PINNED).returncode == 0
    done = run(repo, "init", "--action", PINNED)
    assert done.returncode == 2
    assert "repair: gate init --github adds workflows to a project" in done.stderr
    assert run(repo, "init", "--github", "--action", PINNED).returncode == 0
    assert list(workflows(repo)) == ALL


def test_in_a_folder_of_a_project_the_project_is_meant(repo: Folder) -> None:
    repo.write(echo_project({"a": "yes"}))
    inner = Folder(repo.path / "fixtures")
    assert run(inner, "init").returncode == 2
    done = run(inner, "init", "--github", "--action", PINNED)
    assert done.returncode == 0, done.stderr
    assert list(workflows(repo)) == ALL
    assert not (inner.path / "gate.yaml").exists()
    assert "install what your command/ program needs" in done.stdout


@pytest.mark.parametrize(
    "action", ["octo/gate", "octo/gate@v1", f"gate@{COMMIT}", f"a/b@{COMMIT} x"]
)
def test_the_action_is_named_by_a_commit(repo: Folder, action: str) -> None:
    done = run(repo, "init", "--github", "--action", action)
    assert done.returncode == 2
    assert "repair: name the whole commit" in done.stderr
    assert not (repo.path / "gate.yaml").exists()


def test_where_nobody_tells_the_gates_address_the_next_steps_ask_for_it(repo: Folder) -> None:
    unknown = Workflows.of(repo.write({}).path, action=None, own=None, is_alone=False)
    assert "name the gate's repository and commit in the workflows" in unknown.next_steps()
    (text,) = [text for path, text in unknown.files().items() if path.name == "gate.yml"]
    assert gate_step(yaml.safe_load(text))["uses"] == f"OWNER/REPOSITORY@{'0' * 40}"
    known = Workflows.of(repo.path, action=None, own=PINNED, is_alone=False)
    assert "name the gate's repository" not in known.next_steps()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param("https://github.com/octo/gate.git", PINNED, id="https"),
        pytest.param("https://user:word@git.example.com:8443/octo/gate", PINNED, id="with-a-user"),
        pytest.param("ssh://git@git.example.com/octo/gate.git", PINNED, id="ssh"),
        pytest.param("git@github.com:octo/gate.git", PINNED, id="scp"),
        pytest.param("file:///srv/gate", None, id="a-folder"),
        pytest.param("/srv/gate.git", None, id="a-path"),
        pytest.param("", None, id="no-remote"),
    ],
)
def test_the_gates_own_address_is_told_by_its_remote(url: str, told: str | None) -> None:
    assert address_of(url, COMMIT) == told
    assert address_of(url, "main") is None


@pytest.mark.parametrize("keys", [{}, {"fixtures/s.prompt.yml": prompt_file(model="anthropic/m")}])
def test_what_is_written_passes_the_schema_of_workflows(
    repo: Folder, tmp_path: Path, keys: dict[str, str]
) -> None:
    inner = Folder(repo.path / "bots").write({**echo_project({"a": "yes"}), **keys})
    assert run(inner, "init", "--github", "--action", PINNED).returncode == 0
    paths = [str(path) for path in (repo.path / ".github/workflows").glob("*.yml")]
    schema = "vendor.github-workflows"
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *paths],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
