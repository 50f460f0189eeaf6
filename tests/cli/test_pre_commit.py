"""The hooks of .pre-commit-hooks.yaml, run by pre-commit in repositories that name this one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cli.adopting import (
    BROKEN,
    HARMLESS,
    ROOT,
    adopting_project,
    own_repository,
    shown_yaml,
)
from conftest import Folder

if TYPE_CHECKING:
    from pathlib import Path


class Developer:
    """Somebody who has the hooks installed, and a remote to push to."""

    def __init__(self, place: Path, gate: tuple[Path, str], home: Path) -> None:
        self.remote = place / "remote.git"
        self.repo = Folder(place / "repo").init()
        self._gate = gate
        self._home = home
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.remote)], check=True)
        self.repo.git("remote", "add", "origin", str(self.remote))

    def config(self, *, arguments: tuple[str, ...] = ()) -> dict[str, str | bytes]:
        """The README's configuration, with the clone's place and commit in it."""
        config: dict[str, Any] = yaml.safe_load(shown_yaml("pre-commit"))
        (source,) = config["repos"]
        source["repo"], source["rev"] = str(self._gate[0]), self._gate[1]
        for hook in source["hooks"]:
            hook["args"] = [*hook.get("args", []), *arguments]
        return {".pre-commit-config.yaml": yaml.safe_dump(config)}

    def run(self, *command: str, folder: Folder | None = None) -> subprocess.CompletedProcess[str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GITHUB_", "GIT_AUTHOR", "GIT_COMMITTER", "PRE_COMMIT"))
        }
        return subprocess.run(
            command,
            cwd=(folder or self.repo).path,
            env={**kept, "PRE_COMMIT_HOME": str(self._home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def git(self, *arguments: str, folder: Folder | None = None) -> tuple[int, str]:
        """Run git with its hooks; return the exit code and what was said."""
        who = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
        done = self.run("git", *who, *arguments, folder=folder)
        return done.returncode, done.stdout + done.stderr

    def install(self) -> None:
        done = self.run(sys.executable, "-m", "pre_commit", "install")
        assert done.returncode == 0, done.stderr
        assert "pre-push" in done.stdout

    def arrived(self, branch: str) -> str:
        """Return what the remote has at a branch, "" if nothing."""
        done = self.run("git", "ls-remote", str(self.remote), f"refs/heads/{branch}")
        assert done.returncode == 0, done.stderr
        return done.stdout.partition("\t")[0]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return own_repository(tmp_path_factory.mktemp("own") / "gate")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps what it installed: once for all tests."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def developer(tmp_path: Path, gate: tuple[Path, str], home: Path) -> Developer:
    somebody = Developer(tmp_path, gate, home)
    somebody.repo.write({**adopting_project(), **somebody.config()})
    somebody.install()
    assert somebody.git("add", "--all")[0] == 0
    code, said = somebody.git("commit", "--message", "the first")
    assert code == 0, said
    assert "gate validate" in said
    assert somebody.git("push", "origin", "main")[0] == 0
    return somebody


def test_the_manifest_of_the_hooks_is_valid() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.install
def test_a_commit_that_breaks_the_configuration_is_refused(developer: Developer) -> None:
    head = developer.repo.git("rev-parse", "HEAD")
    text = developer.repo.read("gate.yaml")
    developer.repo.write({"gate.yaml": text.replace('"prompt"', '"promt"')})
    code, said = developer.git("commit", "--all", "--message", "broken")
    assert code == 1
    assert "gate.yaml:1: unknown key 'suites.s.promt'" in said
    assert "repair: did you mean 'prompt'?" in said
    assert developer.repo.git("rev-parse", "HEAD") == head


@pytest.mark.install
def test_a_commit_that_only_deletes_what_the_configuration_needs_is_refused(
    developer: Developer,
) -> None:
    developer.git("rm", "--quiet", "fixtures/cases.jsonl")
    code, said = developer.git("commit", "--message", "gone")
    assert code == 1
    assert "fixtures/cases.jsonl" in said


@pytest.mark.install
def test_a_push_that_breaks_the_answers_is_refused_and_a_harmless_one_goes_through(
    developer: Developer,
) -> None:
    before = developer.arrived("main")
    developer.repo.write(BROKEN)
    assert developer.git("commit", "--all", "--message", "worse")[0] == 0
    code, said = developer.git("push", "origin", "main")
    assert code == 1
    assert "FAIL: suite s: failures rose from 0.0 % to 100.0 %" in said
    assert developer.arrived("main") == before
    developer.repo.write(HARMLESS)
    assert developer.git("commit", "--all", "--amend", "--no-edit")[0] == 0
    code, said = developer.git("push", "origin", "main")
    assert code == 0, said
    assert developer.arrived("main") == developer.repo.git("rev-parse", "HEAD") != before


@pytest.mark.install
def test_a_push_of_what_is_not_checked_out_is_refused(developer: Developer) -> None:
    developer.git("switch", "--quiet", "--create", "other")
    developer.repo.write(BROKEN)
    developer.git("commit", "--all", "--message", "worse")
    pushed = developer.repo.git("rev-parse", "HEAD")
    developer.git("switch", "--quiet", "main")
    code, said = developer.git("push", "origin", "other")
    assert code == 1
    assert f"HEAD is not what is pushed, {pushed[:12]}" in said
    assert not developer.arrived("other")


@pytest.mark.install
def test_a_project_in_a_folder_of_a_linked_worktree_is_judged_by_its_own_base(
    tmp_path: Path, gate: tuple[Path, str], home: Path
) -> None:
    developer = Developer(tmp_path, gate, home)
    inner = {f"bots/{name}": content for name, content in adopting_project().items()}
    config = developer.config(arguments=("--config", "bots/gate.yaml"))
    developer.repo.write({**inner, **config}).commit()
    developer.install()
    assert developer.git("push", "origin", "main")[0] == 0
    developer.repo.git("worktree", "add", "--quiet", "../linked")
    linked = Folder(tmp_path / "linked")
    linked.write({f"bots/{name}": content for name, content in BROKEN.items()})
    code, said = developer.git("commit", "--all", "--message", "worse", folder=linked)
    assert code == 0, said
    code, said = developer.git("push", "origin", "linked", folder=linked)
    assert code == 1
    assert "FAIL: suite s: failures rose from 0.0 % to 100.0 %" in said
    assert not developer.arrived("linked")
