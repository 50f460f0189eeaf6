"""A tree of files, whether it is the worktree or a commit."""

from __future__ import annotations

import posixpath
import re
from typing import Protocol

from gate.errors import ConfigError


class Tree(Protocol):
    """Files below one root, read by relative path; nothing outside can be named."""

    label: str  # "" for the worktree, "abc1234:" for a commit; stands before paths in messages

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            ConfigError: The path leaves the root, or there is no such file.
        """
        ...

    def exists(self, path: str) -> bool:
        """Tell whether a file stands at that path, inside the root."""
        ...

    def find(self, pattern: str) -> list[str]:
        """Return the paths that a glob matches, sorted; `**` crosses folders."""
        ...


def inside(path: str, *, label: str) -> str:
    """Return a path in its plainest form.

    Raises:
        ConfigError: It is absolute or climbs out of the root.
    """
    plain = posixpath.normpath(path.replace("\\", "/"))
    if plain.startswith(("/", "../")) or plain == ".." or re.match(r"^[A-Za-z]:", plain):
        raise ConfigError(
            f"{label}{path}: the path leads out of the folder of gate.yaml",
            fix="keep every file that gate.yaml names below that folder",
        )
    return plain


def glob_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a glob: `*` and `?` stay within a folder, `**/` crosses folders."""
    out = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        out += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    return re.compile(out + r"\Z", re.DOTALL)
