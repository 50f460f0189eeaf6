"""Artifacts as an author can forge them: each trap is refused with its reason."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile

import pytest
from stub_github import NOT_FOUND, REPOSITORY, StubGitHub, json_reply, zipped
from unit.github.asking import ask

from gate.errors import ConfigError
from gate.github import artifacts as room
from gate.github.answers import ApiError
from gate.github.artifacts import Artifact, fetch, report_artifacts, unpacked

REPORT = b'{"version": 1}'


def listed(github: StubGitHub) -> list[str]:
    found = ask(github, lambda api: report_artifacts(api, repository=REPOSITORY, run_id=99))
    return [f"{each.name} {each.suffix}{' expired' if each.is_expired else ''}" for each in found]


def test_the_reports_of_that_run_are_listed_over_all_pages() -> None:
    with StubGitHub() as github:
        github.page_size = 2
        for name in ("gate-report-eu", "coverage", "gate-report", "gate-report-us", "logs"):
            github.artifact(b"", name=name)
        github.artifact(b"", name="gate-report-other", run=98)
        assert listed(github) == ["gate-report ", "gate-report-eu eu", "gate-report-us us"]


@pytest.mark.parametrize(
    "name",
    ["gate-reports", "my-gate-report", "gate-report-", "Gate-Report", "gate-report-A",
     "gate-report-../x", "gate-report-a b", "gate-report-a\n", f"gate-report-{'a' * 62}", ""],
)  # fmt: skip
def test_an_artifact_of_another_name_is_none_of_ours(name: str) -> None:
    with StubGitHub() as github:
        github.artifact(b"", name=name)
        assert listed(github) == []


def test_of_two_attempts_the_newest_counts() -> None:
    with StubGitHub() as github:
        github.artifact(b"old", id=501, expired=True)
        github.artifact(b"new", id=502)
        github.artifact(b"older", id=500, expired=True)
        assert listed(github) == ["gate-report "]


def test_an_expired_one_says_so() -> None:
    with StubGitHub() as github:
        github.artifact(b"", expired=True)
        assert listed(github) == ["gate-report  expired"]


@pytest.mark.parametrize(
    "odd", [None, 7, {}, {"id": "1"}, {"id": 1, "name": "gate-report", "size_in_bytes": "9"}]
)
def test_what_is_no_artifact_in_a_list_is_passed_over(odd: object) -> None:
    with StubGitHub() as github:
        github.misbehave(json_reply({"artifacts": [odd]}), path="/artifacts")
        assert listed(github) == []


@pytest.mark.parametrize("value", [[], {}, {"artifacts": 7}])
def test_a_list_of_another_shape_is_an_error(value: object) -> None:
    with StubGitHub() as github:
        github.misbehave(json_reply(value), path="/artifacts")
        with pytest.raises(ApiError, match="no list of artifacts"):
            listed(github)


def fetched(github: StubGitHub, *, size: int = 9) -> bytes:
    artifact = Artifact(
        artifact_id=500, name="gate-report", suffix="", size=size, is_expired=False
    )  # fmt: skip
    return ask(github, lambda api: fetch(api, repository=REPOSITORY, artifact=artifact))


def test_a_report_is_fetched_and_unpacked() -> None:
    with StubGitHub() as github:
        github.artifact(zipped({"report.json": REPORT, "report.html": b"<p>"}))
        assert fetched(github) == REPORT


def test_one_that_says_it_is_too_large_is_not_asked_for() -> None:
    with StubGitHub() as github:
        with pytest.raises(ConfigError, match="artifact gate-report: larger than 20 MiB"):
            fetched(github, size=(20 << 20) + 1)
        assert not github.requests


def test_one_that_lies_about_its_size_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGEST_ZIP", 50)
    with StubGitHub() as github:
        github.artifact(zipped({"report.json": REPORT}), size_in_bytes=1)
        with pytest.raises(ApiError, match="larger than 50 bytes"):
            fetched(github, size=1)


def test_one_that_is_gone_is_an_error() -> None:
    with StubGitHub() as github:
        github.misbehave(NOT_FOUND, path="/zip")
        with pytest.raises(ApiError, match="404"):
            fetched(github)


def packed(name: str = "report.json", content: bytes = REPORT, **attributes: int) -> bytes:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    for key, value in attributes.items():
        setattr(info, key, value)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, content)
    return file.getvalue()


def in_directory(data: bytes, offset: int, form: str, value: int) -> bytes:
    """Change a value of the first entry of the zip's directory, which is what is believed."""
    at = data.index(b"PK\x01\x02") + offset
    return data[:at] + struct.pack(form, value) + data[at + struct.calcsize(form) :]


def twice() -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("report.json", REPORT)
        archive.writestr("report.json", b'{"version": 2}')
    return file.getvalue()


TRAPS = {
    "no-zip": (b"hello", "its zip is broken: BadZipFile"),
    "empty": (b"", "its zip is broken"),
    "cut": (packed()[:-30], "its zip is broken"),
    "no-report": (zipped({"other.json": REPORT}), "it holds 0 members named report.json"),
    "above-the-root": (zipped({"../report.json": REPORT}), "it holds 0 members"),
    "absolute": (zipped({"/report.json": REPORT}), "it holds 0 members"),
    "in-a-folder": (zipped({"a/report.json": REPORT}), "it holds 0 members"),
    "backslash": (zipped({"..\\report.json": REPORT}), "it holds 0 members"),
    "twice": (twice(), "it holds 2 members named report.json"),
    "symlink": (packed(external_attr=(stat.S_IFLNK | 0o777) << 16), "no regular file"),
    "device": (packed(external_attr=(stat.S_IFCHR | 0o666) << 16), "no regular file"),
    "folder": (packed(external_attr=(stat.S_IFDIR | 0o777) << 16), "no regular file"),
    "encrypted": (in_directory(packed(), 8, "<H", 1), "is encrypted"),
    "lzma": (packed(compress_type=zipfile.ZIP_LZMA), "packed in a way"),
    "bzip2": (packed(compress_type=zipfile.ZIP_BZIP2), "packed in a way"),
    "bomb": (packed(content=b" " * (17 << 20)), "more than 200 times its size"),
    "says-huge": (in_directory(packed(), 24, "<L", (64 << 20) + 1), "larger than 64 MiB"),
    "says-less": (in_directory(packed(), 24, "<L", 3), "its zip is broken: BadZipFile"),
    "says-more": (in_directory(packed(), 24, "<L", 99), "is not as long as it says"),
    "two-names": (packed().replace(b"report.json", b"report.jsoN", 1), "its zip is broken"),
}


@pytest.mark.parametrize(("data", "says"), TRAPS.values(), ids=TRAPS)
def test_a_trap_is_refused_with_its_reason(data: bytes, says: str) -> None:
    with pytest.raises(ConfigError, match=f"^artifact gate-report: .*{says}") as caught:
        unpacked(data, "gate-report")
    assert caught.value.exit_code == 2


def test_what_else_is_in_a_zip_is_not_looked_at() -> None:
    others = {"../x": b"a", "/etc/passwd": b"b", "report.html": b" " * (8 << 20)}
    assert unpacked(zipped({**others, "report.json": REPORT}), "gate-report") == REPORT


def test_a_large_report_that_packs_well_is_no_bomb() -> None:
    content = b"".join(b'{"case": "t-%06d", "outcome": "regressed"},' % n for n in range(50_000))
    assert unpacked(packed(content=content), "gate-report") == content


def test_a_regular_file_may_say_so() -> None:
    assert unpacked(packed(external_attr=(stat.S_IFREG | 0o644) << 16), "gate-report") == REPORT
