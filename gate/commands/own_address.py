"""Where this gate came from, as far as its installation tells."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import unquote, urlsplit

_ADDRESS = re.compile(r"(?:https?|ssh)://(?:[^/@]+@)?[\w.:-]+/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
_SHORT = re.compile(r"(?:[^/@]+@)?[\w.-]+:([\w.-]+/[\w.-]+?)(?:\.git)?/?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def own_address() -> str | None:
    """Return OWNER/REPO@COMMIT of this gate, or None where nothing tells it.

    Source:
        PEP 610, direct_url.json: the repository that was installed from, or a clone of it.
    """
    try:
        told = json.loads(distribution("regression-gate").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    url, vcs = str(told.get("url", "")), told.get("vcs_info", {})
    if vcs:
        return address_of(url, str(vcs.get("commit_id", "")))
    clone = unquote(urlsplit(url).path) if url.startswith("file://") else ""
    return address_of(_git(clone, "remote", "get-url", "origin"), _git(clone, "rev-parse", "HEAD"))


def address_of(url: str, commit: str) -> str | None:
    """Return OWNER/REPO@COMMIT of a repository's address, if it is one of a server."""
    found = _ADDRESS.fullmatch(url) or _SHORT.fullmatch(url)
    return f"{found[1]}@{commit}" if found and _COMMIT.fullmatch(commit) else None


def _git(folder: str, *arguments: str) -> str:
    if not folder:
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
