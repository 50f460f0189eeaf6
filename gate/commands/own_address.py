"""Where this gate came from, as far as its installation tells."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gate.errors import UsageError
from gate.git import Repository

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
    return _of_clone(unquote(urlsplit(url).path)) if url.startswith("file://") else None


def address_of(url: str, commit: str) -> str | None:
    """Return OWNER/REPO@COMMIT of a repository's address, if it is one of a server."""
    found = _ADDRESS.fullmatch(url) or _SHORT.fullmatch(url)
    return f"{found[1]}@{commit}" if found and _COMMIT.fullmatch(commit) else None


def _of_clone(folder: str) -> str | None:
    try:
        repository = Repository(Path(folder))
    except (OSError, UsageError):
        return None
    remote = repository.run("remote", "get-url", "origin").stdout.decode(errors="replace")
    return address_of(remote.strip(), repository.resolve("HEAD") or "")
