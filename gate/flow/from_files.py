"""Old and new from two prompt files, without git."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.config import Config, Suite
from gate.errors import UsageError
from gate.flow.change import (
    Change,
    Side,
    choose_cases,
    make_suite_change,
    read_judge,
    read_reviewed,
    suite_cases,
)
from gate.flow.project import choose_suites
from gate.store.baselines import read_baseline
from gate.store.prompts import read_prompt
from gate.store.worktree import WorkTree

if TYPE_CHECKING:
    from pathlib import Path

    from gate.core.model import Prompt
    from gate.flow.project import Project


def change_from_files(
    project: Project,
    *,
    old: Path,
    new: Path,
    names: tuple[str, ...],
    case: str | None,
) -> Change:
    """Compare two prompt files by the rules of the worktree.

    Without a `gate.yaml` the old file's own `testData` and `evaluators` are the suite.

    Raises:
        UsageError: More than one suite could be meant.
        ConfigError: A file is wrong.
    """
    config = _config(project, old)
    suites = choose_suites(config, names)
    if len(suites) > 1:
        raise UsageError(
            f"--old/--new need one suite, {config.source} has {len(suites)}",
            fix=f"name it: gate check {next(iter(suites))} --old … --new …",
        )
    (suite,) = suites.values()
    old_prompt, new_prompt = (_prompt(project, path) for path in (old, new))
    flags = shlex.join(["--old", str(old), "--new", str(new)])
    if old_prompt.fingerprint == new_prompt.fingerprint:
        return Change(config=config, suites=(), unaffected=(suite.name,), explain_flags=flags)
    baseline = read_baseline(project.disk, suite.name)
    cases = suite_cases(project.disk, suite, old_prompt)
    change = make_suite_change(
        suite,
        choose_cases(cases, case),
        Side(prompt=old_prompt, baseline=baseline),
        Side(prompt=new_prompt, baseline=baseline),
        judge=read_judge(project.disk, suite, disk=project.disk),
        labels=read_reviewed(suite, project.disk),
    )
    notes = (*old_prompt.notes,)
    return Change(
        config=config,
        suites=(change,),
        notes=notes,
        explain_flags=flags,
        folder=project.folder,
    )


def _config(project: Project, old: Path) -> Config:
    if project.config_name is not None:
        return project.config()
    name = re.sub(r"[^a-z0-9_-]", "-", old.name.partition(".")[0].lower()).lstrip("-_") or "prompt"
    return Config(source="(defaults)", suites={name: Suite(name=name, prompt=str(old))})


def _prompt(project: Project, path: Path) -> Prompt:
    """Read a prompt that the user named; unlike one in gate.yaml it may lie anywhere."""
    real = path.resolve()
    if real.is_relative_to(project.root):
        inside = real.relative_to(project.root).as_posix()
        return read_prompt(project.disk, inside, disk=project.disk)
    found = read_prompt(WorkTree(real.parent), real.name, disk=project.disk)
    cases = tuple(replace(case, path=str(path)) for case in found.test_data)
    return replace(found, path=str(path), test_data=cases)
