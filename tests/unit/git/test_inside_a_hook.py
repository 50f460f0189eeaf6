"""What git and pre-commit say to a hook, and which repository and base the gate finds there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Folder

from gate.errors import IncompleteError
from gate.git import GitTree, Repository, find_base


@pytest.fixture
def hook(repo: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A linked worktree, with what git 2.39 sets there for a hook of `git commit -a`."""
    repo.write({"bots/gate.yaml": "1", "gate.yaml": "another"}).commit()
    repo.git("worktree", "add", "--quiet", "../linked")
    linked = Folder(repo.path.parent / "linked")
    Folder(repo.path.parent / "other").init()
    own = linked.git("rev-parse", "--absolute-git-dir")
    for name, value in {"DIR": own, "INDEX_FILE": f"{own}/index.lock", "PREFIX": "bots/"}.items():
        monkeypatch.setenv(f"GIT_{name}", value)
    return linked


def test_a_folder_of_a_linked_worktree_is_not_taken_for_its_top(hook: Folder) -> None:
    repository = Repository(hook.path / "bots")
    assert repository.top == hook.path.resolve()
    assert repository.prefix_of(hook.path / "bots") == "bots/"


def test_the_repository_is_that_of_the_folder_and_not_that_of_the_hook(hook: Folder) -> None:
    other = hook.path.parent / "other"
    assert Repository(other).top == other.resolve()
    assert not Repository(other).has_commits()
    assert Repository(hook.path).has_commits()


def test_a_checkout_of_the_base_leaves_the_index_of_the_commit_alone(hook: Folder) -> None:
    repository = Repository(hook.path)
    own = Path(os.environ["GIT_DIR"])
    before = {name: (own / name).read_bytes() for name in ("index", "HEAD")}
    commit = repository.resolve("HEAD")
    assert commit
    with GitTree(repository, commit, "bots/").checkout() as place:
        assert (place / "gate.yaml").read_text() == "1"
    assert {name: (own / name).read_bytes() for name in before} == before
    assert not (own / "index.lock").exists()


def test_what_is_pushed_must_be_what_is_checked_out(repo: Folder) -> None:
    first = repo.write({"a": "1"}).commit()
    head = repo.write({"a": "2"}).commit()
    repo.git("tag", "--annotate", "v1", "--message", "one")
    for pushed in (head, repo.git("rev-parse", "v1")):
        base = find_base(
            Repository(repo.path), named="HEAD~1", environment={"PRE_COMMIT_TO_REF": pushed}
        )
        assert base.commit == first
    for pushed in (first, "1234567890" * 4):
        with pytest.raises(IncompleteError, match=f"HEAD is not what is pushed, {pushed[:12]}"):
            find_base(
                Repository(repo.path), named="HEAD~1", environment={"PRE_COMMIT_TO_REF": pushed}
            )


def test_a_push_is_compared_with_the_remote_that_it_goes_to(repo: Folder) -> None:
    ids = [repo.write({"a": str(number)}).commit() for number in range(3)]
    for name, commit in {"origin/main": ids[1], "fork/master": ids[0]}.items():
        repo.git("update-ref", f"refs/remotes/{name}", commit)
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    found = {
        remote: find_base(
            Repository(repo.path), named=None, environment={"PRE_COMMIT_REMOTE_NAME": remote}
        )
        for remote in ("fork", "origin", "elsewhere", "https://example.invalid/x.git", "")
    }
    assert found.pop("fork").commit == ids[0]
    assert {base.commit for base in found.values()} == {ids[1]}
