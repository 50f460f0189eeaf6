"""Git: the base ref, and the files of a commit without touching the worktree."""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gate.core.tree import glob_pattern, inside
from gate.errors import ConfigError, IncompleteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SYMLINK = "120000"
_HOPS = 10  # symlinks followed within a commit
_BASE_FIX = (
    "give the gate the history it needs: in a workflow, `fetch-depth: 0` at actions/checkout; "
    "or name the commit: gate check --base REF"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The commit that old and the policy are read from."""

    commit: str
    found_by: str  # for the report


class Repository:
    """One git repository."""

    def __init__(self, folder: Path) -> None:
        """Find the repository that a folder is in.

        Raises:
            UsageError: There is no git, or no repository.
        """
        if shutil.which("git") is None:
            raise UsageError(
                "git is not installed", fix="install it, or compare two files: --old A --new B"
            )
        done = _git(["rev-parse", "--show-toplevel"], folder)
        if done.returncode:
            raise UsageError(
                f"{folder}: not in a git repository",
                fix="run: git init; or compare two files without git: "
                "gate check --old A.prompt.yml --new B.prompt.yml",
            )
        self.top = Path(done.stdout.decode().rstrip("\n"))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run git in this repository; the caller looks at the exit code."""
        return _git(list(arguments), self.top)

    def resolve(self, ref: str) -> str | None:
        """Return the commit of a ref whose objects are here, or None."""
        if ref.startswith("-"):
            return None
        done = self.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def has_commits(self) -> bool:
        """Tell whether anything was ever committed; a broken HEAD is no empty repository."""
        if self.run("rev-parse", "--verify", "--quiet", "HEAD").returncode == 0:
            return True
        return bool(self.run("for-each-ref", "--count=1").stdout)

    def tracks(self, path: str) -> bool:
        """Tell whether something at or below a path is committed or staged."""
        return bool(self.run("ls-files", "--", path).stdout)

    def is_shallow(self) -> bool:
        """Tell whether history was cut at a depth."""
        return self.run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def fetch(self, commit: str) -> str | None:
        """Return a commit, fetched from the remote if it is not here; None if it cannot be had.

        Only a clone that is shallow already is fetched with a depth: on a full clone that would
        make it shallow.
        """
        here = self.resolve(commit)
        if here or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
            return here
        depth = ["--depth=1"] if self.is_shallow() else []
        self.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *depth, "origin", commit)
        return self.resolve(commit)

    def parents(self) -> list[str]:
        """Return the parents of HEAD as its commit object names them, also in a shallow clone."""
        text = self.run("cat-file", "commit", "HEAD").stdout.decode(errors="replace")
        header = text.partition("\n\n")[0]
        return re.findall(r"^parent ([0-9a-f]+)$", header, re.MULTILINE)


def _git(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    # No prompt may hang a build, and no locale may change what is parsed.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def find_base(repository: Repository, *, named: str | None, environment: Mapping[str, str]) -> Base:
    """Find the base ref.

    In this order: the one that is named; a pull request's merge commit: its first parent; the
    base of a merge group; the base that the event names; the merge-base with the default branch.

    Raises:
        IncompleteError: None of them can be had; the message says what to add.
    """
    if named is not None:
        commit = repository.fetch(named) or repository.resolve(f"origin/{named}")
        if commit is None:
            raise IncompleteError(f"the base {named!r} cannot be found", fix=_BASE_FIX)
        return Base(commit=commit, found_by=f"--base {named}")
    for commit, found_by in _event_bases(repository, environment):
        here = repository.fetch(commit)
        if here is None:
            raise IncompleteError(
                f"the base {commit[:12]} ({found_by}) cannot be fetched", fix=_BASE_FIX
            )
        return Base(commit=here, found_by=found_by)
    return _merge_base(repository)


def _event_bases(
    repository: Repository, environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    name = environment.get("GITHUB_EVENT_NAME", "")
    if not name:
        return
    event = _event(environment.get("GITHUB_EVENT_PATH", ""))
    if name.startswith("pull_request"):
        parents = repository.parents()
        head = _at(event, "pull_request", "head", "sha")
        if isinstance(head, str) and head not in {repository.resolve("HEAD"), *parents[1:]}:
            raise IncompleteError(
                f"HEAD is not the pull request's head {head[:12]}: its change was not checked out",
                fix="at actions/checkout: ref: ${{ github.event.pull_request.head.sha }}",
            )
        # A merge that the author made has two parents, too: GitHub's own ends in the head.
        if len(parents) == 2 and parents[1] == _at(event, "pull_request", "head", "sha"):  # noqa: PLR2004
            yield parents[0], "first parent of the pull request's merge commit"
    paths = {
        "merge_group": ("merge_group", "base_sha"),
        "pull_request": ("pull_request", "base", "sha"),
        "pull_request_target": ("pull_request", "base", "sha"),
    }
    found = _at(event, *paths.get(name, ("",)))
    default = f"refs/heads/{_at(event, 'repository', 'default_branch')}"
    if name == "push" and _at(event, "ref") == default:
        # On any other branch, what was there before is the author's own: its policy, too.
        found = _at(event, "before")
    if isinstance(found, str) and found.strip("0"):
        yield found, f"base of the {name} event"


def _at(event: object, *steps: str) -> object:
    for step in steps:
        event = event.get(step) if isinstance(event, dict) else None
    return event


def _event(path: str) -> object:
    if not path:
        return {}
    try:
        return json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise IncompleteError(f"GITHUB_EVENT_PATH: {path}: cannot be read: {error}") from error


def _merge_base(repository: Repository) -> Base:
    done = repository.run("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    known = [done.stdout.decode().strip()] if done.returncode == 0 else []
    for branch in [*known, "origin/main", "origin/master", "main", "master"]:
        if repository.resolve(branch) is None:
            continue
        done = repository.run("merge-base", branch, "HEAD")
        if done.returncode == 0:
            return Base(commit=done.stdout.decode().strip(), found_by=f"merge-base with {branch}")
        raise IncompleteError(f"no merge-base of HEAD and {branch} is here", fix=_BASE_FIX)
    raise IncompleteError("no default branch is here to compare with", fix=_BASE_FIX)


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
                fix=_BASE_FIX,
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
                raise IncompleteError(f"{self.label} object {blob} is not here", fix=_BASE_FIX)
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
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            target = Path(folder) / "tree"
            for arguments in (
                ["read-tree", self.commit],
                ["checkout-index", "--all", f"--prefix={target}/"],
            ):
                done = subprocess.run(
                    ["git", *arguments],
                    cwd=self.repository.top,
                    env={**os.environ, **index},
                    capture_output=True,
                    check=False,
                )
                if done.returncode:
                    raise IncompleteError(
                        f"{self.commit[:12]}: cannot be checked out: "
                        f"{done.stderr.decode(errors='replace').strip()}"
                    )
            yield target / self.prefix
