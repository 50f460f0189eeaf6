"""The reports that another run left: listed, fetched and unpacked as what a stranger wrote."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gate.errors import ConfigError
from gate.github.answers import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gate.github.api import GitHubApi

MOST = 10  # artifacts of one run that are read
LARGEST_ZIP = 20 << 20  # bytes
LARGEST_REPORT = 64 << 20  # bytes, unpacked
MEMBER = "report.json"
_NAME = re.compile(r"gate-report(?:-([a-z0-9._-]{1,61}))?")
_RATIO = 200  # times its packed size; JSON of a report comes to 50
_SMALL = 16 << 20  # bytes that no ratio is asked of: a model that repeats itself packs well
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others unpack without a known bound
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError,
    NotImplementedError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One artifact whose name is that of a report."""

    artifact_id: int
    name: str
    suffix: str  # what its name says after `gate-report-`; may be empty
    size: int  # bytes, as GitHub tells it
    is_expired: bool


async def report_artifacts(api: GitHubApi, *, repository: str, run_id: int) -> tuple[Artifact, ...]:
    """Return the artifacts of a run that are named as reports, by name; of one name the newest.

    Raises:
        ApiError: They cannot be had.
    """
    path = f"/repos/{repository}/actions/runs/{run_id}/artifacts"
    newest: dict[str, Artifact] = {}
    async for artifact in _named(api, path):
        before = newest.get(artifact.name)
        # Each attempt of a run may leave one of the same name.
        if before is None or before.artifact_id < artifact.artifact_id:
            newest[artifact.name] = artifact
    return tuple(newest[name] for name in sorted(newest))


async def _named(api: GitHubApi, path: str) -> AsyncIterator[Artifact]:
    async for page in api.pages(f"{path}?per_page=100"):
        artifacts = page.get("artifacts") if isinstance(page, dict) else None
        if not isinstance(artifacts, list):
            raise ApiError(f"GitHub: {path}: the answer is no list of artifacts")
        for value in artifacts:
            artifact = _artifact(value)
            if artifact is not None:
                yield artifact


def _artifact(value: Any) -> Artifact | None:
    if not isinstance(value, dict):
        return None
    number, name, size = (value.get(key) for key in ("id", "name", "size_in_bytes"))
    if type(number) is not int or type(size) is not int or not isinstance(name, str):
        return None
    found = _NAME.fullmatch(name)
    if not found:
        return None
    is_expired = value.get("expired") is not False
    return Artifact(
        artifact_id=number, name=name, suffix=found[1] or "", size=size, is_expired=is_expired
    )


async def fetch(api: GitHubApi, *, repository: str, artifact: Artifact) -> bytes:
    """Return the JSON of the report in an artifact.

    Raises:
        ConfigError: It is too large, or its zip is none that the gate's Action writes.
        ApiError: It cannot be had.
    """
    if artifact.size > LARGEST_ZIP:
        raise _refused(artifact.name, f"larger than {LARGEST_ZIP >> 20} MiB")
    path = f"/repos/{repository}/actions/artifacts/{artifact.artifact_id}/zip"
    return unpacked(await api.download(path, most=LARGEST_ZIP), artifact.name)


def unpacked(data: bytes, name: str) -> bytes:
    """Return the one `report.json` of a zip; nothing is written, and no other member is read.

    Args:
        data: The zip.
        name: Of the artifact, for errors.

    Raises:
        ConfigError: There is none, or it is a trap.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [each for each in archive.infolist() if each.filename == MEMBER]
            if len(members) != 1:
                raise _refused(name, f"it holds {len(members)} members named {MEMBER}, not one")
            why = _trap(members[0])
            if why:
                raise _refused(name, f"{MEMBER} {why}")
            with archive.open(members[0]) as member:
                # No more than the directory says, which was looked at before.
                content = member.read()
    except _BROKEN as error:
        raise _refused(name, f"its zip is broken: {type(error).__name__}") from error
    if len(content) != members[0].file_size:
        raise _refused(name, f"{MEMBER} is not as long as it says")
    return content


def _trap(member: zipfile.ZipInfo) -> str:
    """Return why a member is not unpacked; empty: it may be."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        return "is no regular file but a link or the like"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in _METHODS:
        return "is packed in a way that the gate does not unpack"
    if member.file_size > LARGEST_REPORT:
        return f"says that it is larger than {LARGEST_REPORT >> 20} MiB"
    if member.file_size > max(_SMALL, _RATIO * member.compress_size):
        return f"says that it unpacks to more than {_RATIO} times its size"
    return ""


def _refused(name: str, why: str) -> ConfigError:
    return ConfigError(f"artifact {name}: {why}")
