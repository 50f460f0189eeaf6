from __future__ import annotations

import pytest

from gate.core.tree import glob_pattern, inside
from gate.errors import ConfigError


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        pytest.param("a/b.txt", "a/b.txt", id="plain"),
        pytest.param("./a//b/../c.txt", "a/c.txt", id="dots-that-stay-inside"),
        pytest.param("a\\b.txt", "a/b.txt", id="backslashes"),
        pytest.param("..a/b", "..a/b", id="a-name-that-begins-with-dots"),
        pytest.param("a/..", ".", id="the-root-itself"),
    ],
)
def test_a_path_inside_is_told_plainly(path, plain):
    assert inside(path, label="") == plain


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/etc/passwd", id="absolute"),
        pytest.param("//server/share", id="two-slashes"),
        pytest.param("../x", id="up"),
        pytest.param("..", id="up-alone"),
        pytest.param("a/../../x", id="up-behind-a-folder"),
        pytest.param("..\\x", id="up-with-a-backslash"),
        pytest.param("C:\\x", id="a-drive"),
        pytest.param("c:x", id="a-drive-without-a-slash"),
    ],
)
def test_a_path_that_leads_out_is_refused(path):
    with pytest.raises(ConfigError, match="leads out of the folder") as caught:
        inside(path, label="abc1234:")
    assert str(caught.value).startswith(f"abc1234:{path}: ")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        pytest.param("a/*.jsonl", "a/b.jsonl", True, id="a-star"),
        pytest.param("a/*.jsonl", "a/b/c.jsonl", False, id="a-star-stays-in-its-folder"),
        pytest.param("a/*.jsonl", "a/bjsonl", False, id="a-dot-is-a-dot"),
        pytest.param("a/?.txt", "a/b.txt", True, id="a-question-mark"),
        pytest.param("a/?.txt", "a/bb.txt", False, id="a-question-mark-is-one"),
        pytest.param("a?b", "a/b", False, id="a-question-mark-is-no-slash"),
        pytest.param("**/*.py", "x.py", True, id="two-stars-may-be-nothing"),
        pytest.param("**/*.py", "a/b/x.py", True, id="two-stars-cross-folders"),
        pytest.param("a/**/x.py", "a/x.py", True, id="two-stars-between"),
        pytest.param("a/**/x.py", "ab/x.py", False, id="two-stars-keep-the-slash"),
        pytest.param("a/**", "a/b/c", True, id="two-stars-at-the-end"),
        pytest.param("a[1].txt", "a[1].txt", True, id="brackets-are-letters"),
        pytest.param("a[1].txt", "a1.txt", False, id="brackets-are-no-set"),
        pytest.param("a.txt", "a.txt.bak", False, id="to-the-very-end"),
        pytest.param("a.txt", "a.txt\n", False, id="a-newline-is-not-the-end"),
        pytest.param("a.txt", "b/a.txt", False, id="from-the-beginning"),
    ],
)
def test_a_glob_matches_whole_paths(pattern, path, matches):
    assert bool(glob_pattern(pattern).match(path)) is matches
