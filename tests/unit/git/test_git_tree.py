"""The files of a commit, read without touching worktree or index."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gate.errors import ConfigError, IncompleteError
from gate.git import GitTree, Repository
from gate.store.worktree import WorkTree

if TYPE_CHECKING:
    from conftest import Folder

NOWHERE = "1234567890" * 4


def tree_of(repo: Folder, prefix: str = "") -> GitTree:
    repository = Repository(repo.path)
    commit = repository.resolve("HEAD")
    assert commit is not None
    return GitTree(repository, commit, prefix)


def link(repo: Folder, name: str, target: str) -> None:
    path = repo.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def test_the_commit_is_read_and_not_the_worktree(repo: Folder) -> None:
    repo.write({"a.txt": b"old \xff", "gone.txt": "x"}).commit()
    tree = tree_of(repo)
    repo.write({"a.txt": "new", "b.txt": "new"})
    (repo.path / "gone.txt").unlink()
    repo.git("add", "b.txt")
    assert tree.read("a.txt") == b"old \xff"
    assert tree.exists("gone.txt")
    assert not tree.exists("b.txt")
    assert tree.label == f"{tree.commit[:12]}:"
    with pytest.raises(ConfigError) as caught:
        tree.read("b.txt")
    assert str(caught.value) == f"{tree.label}b.txt: no such file in this commit"


FILES = {"a.txt": "", "sub/b.txt": "", "sub/deeper/c.txt": "", "sub/ä ö\n.txt": "", "sub/d.py": ""}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        pytest.param("a.txt", ["a.txt"], id="one"),
        pytest.param("*.txt", ["a.txt"], id="star-stays-in-its-folder"),
        pytest.param("sub/*.txt", ["sub/b.txt", "sub/ä ö\n.txt"], id="any-name"),
        pytest.param(
            "**/*.txt", ["a.txt", "sub/b.txt", "sub/deeper/c.txt", "sub/ä ö\n.txt"], id="all-below"
        ),
        pytest.param("sub/?.py", ["sub/d.py"], id="question-mark"),
        pytest.param("*.none", [], id="nothing"),
    ],
)
def test_a_glob_finds_files_of_the_commit(repo: Folder, pattern: str, found: list[str]) -> None:
    repo.write(FILES).commit()
    assert tree_of(repo).find(pattern) == found


@pytest.mark.parametrize(
    "pattern",
    [
        "**/*.txt",
        "sub/*",
        "**",
        "sub/**",
        "./sub/b.txt",
        "sub/[bd].*",
        "hidden/*",
        "hidden/**",
    ],
)
def test_commit_and_worktree_agree_on_a_glob(repo: Folder, pattern: str) -> None:
    """Where they do not, a suite is affected by nothing, or its cases cannot be found."""
    files = ["a.txt", "sub/b.txt", "sub/deeper/c.txt", "sub/ä ö.txt"]
    hidden = ["hidden/.a.txt"] if "hidden" in pattern else []
    repo.write(dict.fromkeys([*files, *hidden], "")).commit()
    assert tree_of(repo).find(pattern) == WorkTree(repo.path).find(pattern)


def test_a_project_in_a_sub_folder_sees_its_own_files(repo: Folder) -> None:
    repo.write({"apps/bot/a.txt": "inner", "apps/bot2/b.txt": "", "a.txt": "outer"}).commit()
    tree = tree_of(repo, "apps/bot/")
    assert tree.read("a.txt") == b"inner"
    assert tree.find("**/*") == ["a.txt"]
    assert tree.label.endswith(":apps/bot/")
    for path in ("../../a.txt", "../bot2/b.txt", "/a.txt"):
        with pytest.raises(ConfigError, match=r"the path leads out of the folder of gate.yaml"):
            tree.read(path)


def test_symlinks_within_the_commit_are_followed(repo: Folder) -> None:
    repo.write({"sub/a.txt": "a"})
    link(repo, "link.txt", "sub/a.txt")
    link(repo, "sub/back.txt", "../link.txt")
    repo.commit()
    tree = tree_of(repo)
    assert tree.read("link.txt") == b"a"
    assert tree.read("sub/back.txt") == b"a"
    assert tree.exists("sub/back.txt")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        pytest.param("/etc/hostname", "a symlink leads out of the folder", id="absolute"),
        pytest.param("../../outside.txt", "a symlink leads out of the folder", id="climbs"),
        pytest.param("loop.txt", "a symlink leads in a circle", id="circle"),
    ],
)
def test_symlinks_out_of_the_commit_are_refused(repo: Folder, target: str, says: str) -> None:
    (repo.path.parent / "outside.txt").write_text("outside")
    link(repo, "sub/loop.txt", target)
    repo.commit()
    for look in (tree_of(repo).read, tree_of(repo).exists):
        with pytest.raises(ConfigError, match=says):
            look("sub/loop.txt")


def test_a_symlink_out_of_the_projects_sub_folder_is_refused(repo: Folder) -> None:
    repo.write({"secret.txt": "in the repository, not in the project"})
    link(repo, "bot/link.txt", "../secret.txt")
    repo.commit()
    with pytest.raises(ConfigError, match=r"bot/link.txt: a symlink leads out of the folder"):
        tree_of(repo, "bot/").read("link.txt")


def test_a_dangling_symlink_is_no_file(repo: Folder) -> None:
    link(repo, "link.txt", "none.txt")
    repo.commit()
    assert not tree_of(repo).exists("link.txt")


def test_a_commit_that_is_not_here_is_incomplete(repo: Folder) -> None:
    repo.commit()
    with pytest.raises(IncompleteError, match="123456789012: cannot be read"):
        GitTree(Repository(repo.path), NOWHERE).exists("a.txt")


def test_an_object_that_is_lost_is_incomplete(repo: Folder) -> None:
    repo.write({"a.txt": "content"}).commit()
    blob = repo.git("rev-parse", "HEAD:a.txt")
    lost = repo.path / ".git/objects" / blob[:2] / blob[2:]
    lost.chmod(0o644)
    lost.unlink()
    with pytest.raises(IncompleteError, match=f"object {blob} is not here"):
        tree_of(repo).read("a.txt")


def test_a_checkout_holds_the_commit_and_leaves_the_repository_alone(repo: Folder) -> None:
    repo.write({"bot/run.sh": "#!/bin/sh\n", "bot/a.txt": "old", "top.txt": "old"})
    (repo.path / "bot/run.sh").chmod(0o755)
    repo.commit()
    repo.write({"bot/a.txt": "new", "staged.txt": "staged"})
    repo.git("add", "staged.txt")
    repo.write({"staged.txt": "edited", "untracked.txt": "u"})
    repo.git("status")  # brings the index up to date first
    before = repo.snapshot(), (repo.path / ".git/index").read_bytes(), repo.git("stash", "list")
    with tree_of(repo, "bot/").checkout() as folder:
        assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "run.sh"]
        assert (folder / "a.txt").read_text() == "old"
        assert os.access(folder / "run.sh", os.X_OK)
        assert (folder.parent / "top.txt").read_text() == "old"
        assert not folder.resolve().is_relative_to(repo.path.resolve())
        (folder / "made-by-a-worker.txt").write_text("x")
    assert not folder.exists()
    after = repo.snapshot(), (repo.path / ".git/index").read_bytes(), repo.git("stash", "list")
    assert after == before


def test_a_checkout_uses_no_index_of_the_environment(repo: Folder, monkeypatch) -> None:
    """Within a hook git sets GIT_INDEX_FILE."""
    repo.write({"a.txt": "old"}).commit()
    index = repo.path / ".git/index"
    before = index.read_bytes()
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    repo.write({"a.txt": "new"})
    with tree_of(repo).checkout() as folder:
        assert (folder / "a.txt").read_text() == "old"
    assert index.read_bytes() == before


def test_a_commit_that_is_not_here_cannot_be_checked_out(repo: Folder) -> None:
    repo.commit()
    with (
        pytest.raises(IncompleteError, match="123456789012: cannot be checked out"),
        GitTree(Repository(repo.path), NOWHERE).checkout(),
    ):
        pass
