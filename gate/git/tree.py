"""The files of a commit, read through git objects."""

from __future__ import annotations

import posixpath
import tempfile
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gate.core.tree import glob_pattern, inside
from gate.errors import ConfigError, IncompleteError
from gate.git.repository import BASE_FIX, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

_SYMLINK = "120000"
_HOPS = 10  # symlinks followed within a commit


class GitTree:
    """The files of a commit below a folder of the repository, read through git objects."""

    def __init__(self, repository: Repository, commit: str, prefix: str = "") -> None:
        """Name a tree.

        Args:
            repository: Where the objects are.
            commit: A full commit id.
            prefix: The root's place in the repository, "" or "folder/".
        """
        self.repository = repository
        self.commit = commit
        self.prefix = prefix
        self.label = f"{commit[:12]}:{prefix}"
        self._read: dict[str, bytes] = {}

    @cached_property
    def _entries(self) -> dict[str, tuple[str, str]]:
        arguments = ["ls-tree", "-r", "-z", "--full-tree", self.commit]
        if self.prefix:
            arguments += ["--", self.prefix]
        done = self.repository.run(*arguments)
        if done.returncode:
            raise IncompleteError(
                f"{self.commit[:12]}: cannot be read: {done.stderr.decode(errors='replace')}",
                fix=BASE_FIX,
            )
        entries = {}
        for line in done.stdout.decode(errors="surrogateescape").split("\0"):
            meta, tab, path = line.partition("\t")
            if tab and path.startswith(self.prefix):
                mode, _, blob = meta.split(" ")
                entries[path[len(self.prefix) :]] = (mode, blob)
        return entries

    def _entry(self, path: str) -> tuple[str, str] | None:
        plain = inside(path, label=self.label)
        for _ in range(_HOPS):
            link = self._first_link(plain)
            if link is None:
                return self._entries.get(plain)
            target = self._blob(self._entries[link][1]).decode(errors="replace")
            joined = posixpath.join(posixpath.dirname(link), target) + plain[len(link) :]
            try:
                plain = inside(joined, label=self.label)
            except ConfigError as error:
                raise ConfigError(
                    f"{self.label}{path}: a symlink leads out of the folder of gate.yaml",
                    fix="commit the file itself",
                ) from error
        raise ConfigError(f"{self.label}{path}: a symlink leads in a circle")

    def _first_link(self, path: str) -> str | None:
        """Return the part of a path that is a symlink: the file, or a folder on the way to it."""
        steps = path.split("/")
        parts = ("/".join(steps[: i + 1]) for i in range(len(steps)))
        return next(
            (part for part in parts if self._entries.get(part, ("", ""))[0] == _SYMLINK), None
        )

    def _blob(self, blob: str) -> bytes:
        if blob not in self._read:
            done = self.repository.run("cat-file", "blob", blob)
            if done.returncode:
                raise IncompleteError(f"{self.label} object {blob} is not here", fix=BASE_FIX)
            self._read[blob] = done.stdout
        return self._read[blob]

    def read(self, path: str) -> bytes:
        """Return a file's content, see `Tree`."""
        entry = self._entry(path)
        if entry is None:
            raise ConfigError(f"{self.label}{path}: no such file in this commit")
        return self._blob(entry[1])

    def exists(self, path: str) -> bool:
        """Tell whether a file stands at that path, see `Tree`."""
        return self._entry(path) is not None

    def is_link(self, path: str) -> bool:
        """Tell whether a symlink stands at that very path."""
        return self._entries.get(path, ("", ""))[0] == _SYMLINK

    def find(self, pattern: str) -> list[str]:
        """Return the paths that a glob matches, see `Tree`."""
        plain = inside(pattern, label=self.label)
        if not {"*", "?"} & set(plain):
            return [plain] if self.exists(plain) else []
        wanted = glob_pattern(plain)
        return sorted(path for path in self._entries if wanted.match(path))

    @contextmanager
    def checkout(self) -> Iterator[Path]:
        """Write the commit's files to a temporary folder, for a worker of the old side.

        The repository's own index and worktree stay as they are.
        """
        with tempfile.TemporaryDirectory(prefix="gate-base-") as folder:
            index, target = Path(folder) / "index", Path(folder) / "tree"
            target.mkdir()
            for arguments in (
                ["read-tree", self.commit],
                # As its own worktree: otherwise the attributes of the worktree that is there, the
                # change's own, would say how its files are written.
                [f"--work-tree={target}", "checkout-index", "--all"],
            ):
                done = self.repository.run(*arguments, index=index)
                if done.returncode:
                    raise IncompleteError(
                        f"{self.commit[:12]}: cannot be checked out: "
                        f"{done.stderr.decode(errors='replace').strip()}"
                    )
            yield target / self.prefix
