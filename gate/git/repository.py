"""One git repository, asked through the git command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from gate.core.variables_of_others import OF_A_HOOK
from gate.errors import NoRepositoryError, UsageError

BASE_FIX = (
    "give the gate the history it needs: on GitHub, fetch-depth: 0 at actions/checkout; on GitLab, "
    'GIT_DEPTH: "0"; elsewhere, git fetch --unshallow; or name the commit: gate check --base REF'
)


class Repository:
    """One git repository, found by a folder alone: in a hook and outside of it the same one."""

    def __init__(self, folder: Path) -> None:
        """Find the repository that a folder is in.

        Raises:
            NoRepositoryError: There is no git, or no repository.
            UsageError: Git does not trust the repository.
        """
        if shutil.which("git") is None:
            raise NoRepositoryError(
                "git is not installed", fix="install it, or compare two files: --old A --new B"
            )
        done = _git(["rev-parse", "--show-toplevel"], folder)
        if b"dubious ownership" in done.stderr:
            raise UsageError(
                f"{folder}: belongs to another user, and git does not trust it",
                fix=f"git config --global --add safe.directory {folder}",
            )
        if done.returncode:
            raise NoRepositoryError(
                f"{folder}: not in a git repository",
                fix="run: git init; or compare two files without git: "
                "gate check --old A.prompt.yml --new B.prompt.yml",
            )
        self.top = Path(done.stdout.decode().rstrip("\n"))

    def run(self, *arguments: str, index: Path | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run git in this repository; the caller looks at the exit code.

        Args:
            arguments: Of git.
            index: An index file to use instead of the repository's own.
        """
        return _git(list(arguments), self.top, index)

    def named(self, name: str) -> str | None:
        """Return the commit that a user means, or None.

        A branch goes before a tag of the same name, which whoever may push tags could make. HEAD
        is what is checked out here, and not a remote's.
        """
        if name == "HEAD":
            return self.resolve(name)
        places = ("refs/heads/", "refs/remotes/", "refs/remotes/origin/")
        if re.fullmatch(r"[\w./-]+", name, re.ASCII) and not name.startswith("refs/"):
            for place in places:
                found = self.resolve(f"{place}{name}")
                if found:
                    return found
        return self.fetch(name)

    def resolve(self, ref: str) -> str | None:
        """Return the commit of a ref whose objects are here, or None."""
        if ref.startswith("-"):
            return None
        done = self.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def prefix_of(self, folder: Path) -> str:
        """Return where a folder lies in the repository: "" at its top, or "folder/"."""
        inside = os.path.relpath(folder, self.top.resolve()).replace(os.sep, "/")
        return "" if inside == "." else f"{inside}/"

    def has_commits(self) -> bool:
        """Tell whether anything was ever committed; a broken HEAD is no empty repository."""
        if self.run("rev-parse", "--verify", "--quiet", "HEAD").returncode == 0:
            return True
        return bool(self.run("for-each-ref", "--count=1").stdout)

    def tracks(self, path: str) -> bool:
        """Tell whether something at or below a path is committed or staged, or git cannot tell.

        Small and capital letters are one: on some disks the path is the same.
        """
        done = self.run("ls-files", "--", f":(icase){path}")
        return done.returncode != 0 or bool(done.stdout)

    def may_hold(self, path: Path) -> bool:
        """Tell whether a file outside of git's own may come from a commit.

        It may where it is tracked, where git cannot tell, and where the way to it leads over a
        symlink in the worktree or through another repository, such as a submodule.
        """
        top = self.top.resolve()
        plain, real = Path(os.path.abspath(path)), Path(os.path.realpath(path))  # noqa: PTH100 -- no symlink is followed
        for way in (plain, real):
            inner = [each for each in (way, *way.parents) if top in each.parents]
            if any(each.is_symlink() or (each / ".git").exists() for each in inner):
                return True
        return real.is_relative_to(top) and self.tracks(str(real))

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


def _git(
    arguments: list[str], folder: Path, index: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    # No prompt may hang a build, and no locale may change what is parsed.
    inherited = {name: value for name, value in os.environ.items() if name not in OF_A_HOOK}
    environment = {**inherited, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
