"""The worktree as a tree of files, with everything outside its root out of reach."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gate.core.tree import glob_pattern, inside
from gate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


_UNSEEN = {".git", ".gate", "__pycache__"}  # what no commit holds


class WorkTree:
    """Files below a folder, as they are on disk now."""

    label = ""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def path(self, path: str) -> Path:
        """Return the real path of a file.

        Raises:
            ConfigError: The path, or a symlink on it, leads out of the root or in a circle.
        """
        plain = inside(path, label=self.label)
        try:
            real = (self.root / plain).resolve()
            real.is_file()  # says that a name is too long
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a circle, to 3.12
            raise ConfigError(f"{path!r}: not a usable path: {error}") from error
        if not real.is_relative_to(self.root):
            raise ConfigError(
                f"{path}: a symlink leads out of the folder of gate.yaml",
                fix="copy the file into that folder",
            )
        return real

    def read(self, path: str) -> bytes:
        """Return a file's content, see `Tree`."""
        real = self.path(path)
        try:
            return real.read_bytes()
        except FileNotFoundError:
            raise ConfigError(f"{path}: no such file", fix=f"looked below {self.root}") from None
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error

    def exists(self, path: str) -> bool:
        """Tell whether a file stands at that path, see `Tree`."""
        return self.path(path).is_file()

    def find(self, pattern: str) -> list[str]:
        """Return the paths that a glob matches, see `Tree`."""
        plain = inside(pattern, label=self.label)
        wanted = glob_pattern(plain)
        fixed = plain.partition("*")[0].partition("?")[0].rpartition("/")[0]
        if plain == fixed or not {"*", "?"} & set(plain):
            return [plain] if self.exists(plain) else []
        found = []
        for folder, folders, files in os.walk(self.path(fixed or ".")):
            folders[:] = [name for name in folders if name not in _UNSEEN]
            here = os.path.relpath(folder, self.root).replace(os.sep, "/")
            found += [name if here == "." else f"{here}/{name}" for name in files]
        return sorted(path for path in found if wanted.match(path) and self.exists(path))
