"""The workflows that `gate init` writes: templates, fitted to a project."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from gate.errors import NoRepositoryError, UsageError
from gate.flow.project import CONFIG_NAME, open_project
from gate.git import Repository

if TYPE_CHECKING:
    from pathlib import Path

_NOWHERE = f"OWNER/REPOSITORY@{'0' * 40}"  # in the templates; GitHub finds no such action
_ACTION = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_ALL = ("gate", "gate-comment", "gate-drift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows:
    """What is to be written into the repository's `.github/workflows`."""

    top: Path  # of the repository
    folder: str  # of the project in it: "" or "folder/"
    action: str  # OWNER/REPO@COMMIT, or the templates' own
    keys: tuple[str, ...]  # variables that hold the keys of the project's vendors
    has_worker: bool  # a prompt's model is a program of the project's own
    is_alone: bool  # only the one for pull requests

    @classmethod
    def of(cls, here: Path, *, action: str | None, own: str | None, is_alone: bool) -> Workflows:
        """Fit the templates to the project in a folder.

        Args:
            here: The folder.
            action: OWNER/REPO@COMMIT, as the user names it.
            own: The same, as this gate's own installation tells it.
            is_alone: Whether only the workflow for pull requests is wanted.

        Raises:
            UsageError: `action` names no commit.
            ConfigError: The project's gate.yaml, or a prompt that it names, is wrong.
        """
        if action is not None and not _ACTION.fullmatch(action):
            raise UsageError(
                f"--action {action!r} is not OWNER/REPO@COMMIT",
                fix="name the whole commit, of 40 digits: a tag can be moved",
            )
        try:
            repository = Repository(here)
            top, folder = repository.top, repository.prefix_of(here.resolve())
        except NoRepositoryError:  # no git, or no repository yet
            top, folder = here, ""
        providers = _providers(here)
        return cls(
            top=top,
            folder=folder,
            action=action or own or _NOWHERE,
            keys=tuple(sorted({_KEYS[each] for each in providers & _KEYS.keys()})),
            has_worker="command" in providers,
            is_alone=is_alone,
        )

    def files(self) -> dict[Path, bytes]:
        """Return path and content of each workflow."""
        templates = files("gate") / "starter" / "dot-github" / "workflows"
        names = _ALL[:1] if self.is_alone else _ALL
        target = self.top / ".github" / "workflows"
        return {
            target / f"{name}{self._mark}.yml": self._fitted(
                (templates / f"{name}.yml").read_text(encoding="utf-8")
            ).encode()
            for name in names
        }

    @property
    def _mark(self) -> str:
        """What the names of a project's workflows end in: two of one repository have their own."""
        words = re.sub("[^a-z0-9]+", "-", self.folder.lower()).strip("-")
        return f"-{words}" if words else ""

    def _fitted(self, text: str) -> str:
        mark = self._mark
        text = text.replace(_NOWHERE, self.action)
        text = re.sub(r"^name: (.*)$", rf"name: \1{mark}", text, flags=re.MULTILINE)
        text = text.replace("workflows: [gate]", f"workflows: [gate{mark}]")
        text = text.replace("gate-comment.yml", f"gate-comment{mark}.yml")
        text = text.replace("    name: gate\n", f"    name: gate{mark}\n")  # of the job
        text = text.replace("Require the job `gate`", f"Require the job `gate{mark}`")
        text = text.replace("          working-directory: .\n", self._working_directory())
        if self.is_alone:
            told = f"# gate-comment{mark}.yml writes it, on forks, too"
            text = text.replace(told, "# gate init --github writes a workflow for comments")
        if self.keys and "command: comment" not in text:
            lines = [f"          {key}: ${{{{ secrets.{key} }}}}\n" for key in self.keys]
            text = text.rstrip("\n") + "\n" + "        env:\n" + "".join(lines)
        return text

    def _working_directory(self) -> str:
        folder = self.folder.rstrip("/")
        if not folder:
            return ""
        plain = re.fullmatch(r"[A-Za-z_][\w/-]*", folder, re.ASCII)
        return f"          working-directory: {folder if plain else json.dumps(folder)}\n"

    def next_steps(self) -> str:
        """Say what is left to do for the workflows."""
        steps = []
        if self.action == _NOWHERE:
            steps.append(
                "  name the gate's repository and commit in the workflows, at uses: OWNER/…"
            )
        steps += [f"  gh secret set {key}" for key in self.keys]
        if self.has_worker:
            steps.append(
                "  install what your command/ program needs in a step before the gate, and give it "
                "its variables as env"
            )
        if not self.is_alone:
            job = f"gate{self._mark}"
            steps.append(f"  require the job `{job}` in the rules of the default branch")
        return "".join(f"{step}\n" for step in (["on GitHub:", *steps] if steps else []))


def _providers(here: Path) -> set[str]:
    """Return the providers that the prompts of a project ask for, if one is there."""
    if not (here / CONFIG_NAME).exists():
        return set()
    project = open_project(here, config=here / CONFIG_NAME, environment={})
    return {project.prompt(suite).provider for suite in project.config().suites.values()}
