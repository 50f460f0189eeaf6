from __future__ import annotations

import pytest

from gate.errors import ConfigError
from gate.store.worktree import WorkTree


@pytest.fixture
def tree(tmp_path) -> WorkTree:
    root = tmp_path / "root"
    (root / "sub/deeper").mkdir(parents=True)
    (root / "a.txt").write_text("a")
    (root / "sub/b.txt").write_text("b")
    (root / "sub/deeper/c.txt").write_text("c")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/d.txt").write_text("d")
    return WorkTree(root)


def test_a_file_is_read_and_found(tree: WorkTree) -> None:
    assert tree.read("a.txt") == b"a"
    assert tree.read("sub/../sub/b.txt") == b"b"
    assert tree.exists("sub/b.txt")
    assert not tree.exists("sub")
    assert not tree.exists("none.txt")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        pytest.param("a.txt", ["a.txt"], id="one"),
        pytest.param("*.txt", ["a.txt"], id="star-stays-in-its-folder"),
        pytest.param("sub/*", ["sub/b.txt"], id="folders-are-no-files"),
        pytest.param("**/*.txt", ["a.txt", "sub/b.txt", "sub/deeper/c.txt"], id="all-below"),
        pytest.param("*.none", [], id="nothing"),
    ],
)
def test_a_glob_finds_files(tree: WorkTree, pattern: str, found: list[str]) -> None:
    assert tree.find(pattern) == found


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "sub/../../secret.txt", "/etc/hostname", "..", "..\\secret.txt", "C:/x"],
)
def test_a_path_out_of_the_root_is_refused(tree: WorkTree, path: str) -> None:
    for look in (tree.read, tree.exists, tree.find, tree.path):
        with pytest.raises(ConfigError, match=r"the path leads out of the folder of gate.yaml"):
            look(path)


def test_a_symlink_out_of_the_root_is_refused(tree: WorkTree) -> None:
    (tree.root / "link.txt").symlink_to(tree.root.parent / "secret.txt")
    (tree.root / "link").symlink_to(tree.root.parent / "outside")
    for path in ("link.txt", "link/d.txt"):
        for look in (tree.read, tree.exists):
            with pytest.raises(ConfigError, match="a symlink leads out of the folder"):
                look(path)


def test_a_symlink_within_the_root_is_followed(tree: WorkTree) -> None:
    (tree.root / "link.txt").symlink_to("sub/b.txt")
    (tree.root / "link").symlink_to(tree.root / "sub")
    assert tree.read("link.txt") == b"b"
    assert tree.read("link/deeper/c.txt") == b"c"


def test_the_root_itself_may_be_a_symlink(tree: WorkTree) -> None:
    link = tree.root.parent / "alias"
    link.symlink_to(tree.root)
    assert WorkTree(link).read("sub/b.txt") == b"b"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        pytest.param("none.txt", "none.txt: no such file", id="missing"),
        pytest.param("sub", "sub: cannot be read: Is a directory", id="folder"),
        pytest.param("a.txt/x", "a.txt/x: cannot be read: Not a directory", id="below-a-file"),
        pytest.param("loop", "'loop': not a usable path", id="circle-of-symlinks"),
        pytest.param("a\0b", "not a usable path", id="null-byte"),
        pytest.param("x" * 5000, "not a usable path", id="too-long"),
    ],
)
def test_what_cannot_be_read_is_named(tree: WorkTree, path: str, says: str) -> None:
    (tree.root / "loop").symlink_to(tree.root / "loop")
    with pytest.raises(ConfigError) as caught:
        tree.read(path)
    assert says in str(caught.value)
