"""The project: the folder of `gate.yaml`, its files, and what the process was given."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gate.core.secrets import Secrets
from gate.errors import ConfigError, NoRepositoryError
from gate.git import Repository
from gate.store.config import read_config
from gate.store.prompts import read_prompt
from gate.store.recordings import Recordings
from gate.store.worktree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.config import Config, Suite
    from gate.core.model import Prompt

CONFIG_NAME = "gate.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with (or, for two prompt files, without) a `gate.yaml`."""

    disk: WorkTree
    config_name: str | None  # relative to the folder; None: there is no gate.yaml
    environment: Mapping[str, str]
    named: Path  # the folder as it was asked for, symlinks not followed

    @property
    def root(self) -> Path:
        """The folder of `gate.yaml`."""
        return self.disk.root

    @property
    def folder(self) -> str:
        """Where the project lies in its repository: "" at the top or outside one, or "folder/"."""
        try:
            return Repository(self.root).prefix_of(self.root)
        except NoRepositoryError:  # no git, or no repository
            return ""

    def config(self) -> Config:
        """Read the worktree's `gate.yaml`.

        Raises:
            ConfigError: It is missing or wrong.
        """
        if self.config_name is None:
            raise ConfigError(f"no {CONFIG_NAME} in {self.root} or above", fix="run: gate init")
        return read_config(self.disk, self.config_name)

    def prompt(self, suite: Suite) -> Prompt:
        """Read the worktree's prompt of a suite, see `read_prompt`."""
        return read_prompt(self.disk, suite.prompt, disk=self.disk)

    def recordings(self) -> Recordings:
        """Open `.gate/recordings.db`, see `Recordings`."""
        return Recordings(self.root / ".gate" / "recordings.db", secrets=Secrets(self.environment))


def open_project(folder: Path, *, config: Path | None, environment: Mapping[str, str]) -> Project:
    """Find the project that a folder belongs to.

    Args:
        folder: Where to look, and above it up to the top of the repository.
        config: The `gate.yaml` to use instead of looking for one.
        environment: Variables of the process.

    Raises:
        ConfigError: `config` does not exist.
    """
    if config is not None:
        if not config.is_file():
            raise ConfigError(f"{config}: no such file", fix="see that the path is right")
        named = Path(os.path.abspath(config.parent))  # noqa: PTH100 -- no symlink is followed
        return Project(
            disk=WorkTree(config.parent), config_name=config.name, environment=environment,
            named=named,
        )  # fmt: skip
    here, named = folder.resolve(), _as_named(folder, environment)
    for place in (here, *here.parents):
        if (place / CONFIG_NAME).is_file():
            return Project(
                disk=WorkTree(place), config_name=CONFIG_NAME, environment=environment, named=named
            )
        if (place / ".git").exists():
            break
    return Project(disk=WorkTree(here), config_name=None, environment=environment, named=named)


def _as_named(folder: Path, environment: Mapping[str, str]) -> Path:
    """Return the working directory as the shell came there, which a process is not told."""
    told = Path(environment.get("PWD") or folder)
    return told if told.is_absolute() and told.resolve() == folder.resolve() else folder


def choose_suites(config: Config, names: tuple[str, ...]) -> dict[str, Suite]:
    """Return the named suites, or all.

    Raises:
        ConfigError: A name is unknown, or there is no suite at all.
    """
    known = ", ".join(config.suites)
    for name in names:
        if name not in config.suites:
            raise ConfigError(
                f"{config.source}: no suite {name!r}", fix=f"suites there: {known or 'none'}"
            )
    chosen = {name: suite for name, suite in config.suites.items() if not names or name in names}
    if not chosen:
        raise ConfigError(f"{config.source}: no suites", fix="add one, or run: gate init")
    return chosen
