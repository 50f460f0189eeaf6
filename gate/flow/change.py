"""The change under judgement: for each suite an old and a new side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gate.core.checks import missing_expectation
from gate.core.judge import make_judge
from gate.errors import ConfigError, UsageError
from gate.providers.registry import check_provider
from gate.store.cases import read_cases
from gate.store.prompts import read_prompt

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gate.core.checks import Check
    from gate.core.config import Config, Suite
    from gate.core.judge import Judge
    from gate.core.labels import Labels
    from gate.core.model import Case, Prompt
    from gate.core.tree import Tree
    from gate.store.baselines import Baseline
    from gate.store.worktree import WorkTree

    Checkout = Callable[[], AbstractContextManager[Path]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One prompt with the approved outputs of its ref."""

    prompt: Prompt
    baseline: Baseline | None
    checkout: Checkout | None = None  # for its worker; None: the project's folder


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteChange:
    """One affected suite: what is replayed and by which rules it is judged."""

    suite: Suite  # the base's
    cases: tuple[Case, ...]
    old: Side
    new: Side
    judge: Judge | None = None  # the base's, if the proxy listens to one
    judge_checkout: Checkout | None = None  # as of a side
    labels: Labels | None = None  # the worktree's, which move no verdict; None: there are none
    own: SuiteChange | None = None  # the same by the head's rules, where these are others


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything that is judged in one run."""

    config: Config  # whose policy and waivers count
    own: Config | None = None  # the head's, which does not count; None: there is only one
    suites: tuple[SuiteChange, ...]
    unaffected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    first_run: str = ""  # why there is nothing to judge yet
    explain_flags: str = ""
    base: str = ""  # the commit of old; empty for two files
    folder: str = ""  # of the project in its repository: "" or "folder/"


def suite_cases(tree: Tree, suite: Suite, prompt: Prompt) -> tuple[Case, ...]:
    """Return a suite's cases: those of its file, or the prompt's own `testData`.

    Raises:
        ConfigError: There are none, or the file is wrong.
    """
    if suite.cases is not None:
        return read_cases(tree, suite.cases)
    if not prompt.test_data:
        raise ConfigError(
            f"{prompt.path}: suite {suite.name!r} has no cases",
            fix="name a file with the key 'cases', or add 'testData' to the prompt",
        )
    return prompt.test_data


def merge_cases(base: tuple[Case, ...], head: tuple[Case, ...]) -> tuple[Case, ...]:
    """Return the base's cases as they are there, and after them the head's new ones, marked.

    Where a case stands is told by the head: that is the file in front of the reader.
    """
    places = {case.case_id: (case.path, case.line) for case in head}
    known = {case.case_id for case in base}
    gone = ("", 0)
    kept = (
        replace(case, path=path or case.path, line=line)
        for case in base
        for path, line in (places.get(case.case_id, gone),)
    )
    added = (replace(case, is_new=True) for case in head if case.case_id not in known)
    return (*kept, *added)


def choose_cases(cases: tuple[Case, ...], pattern: str | None) -> tuple[Case, ...]:
    """Keep the cases whose id a glob matches.

    Raises:
        UsageError: None does; an empty run must not pass.
    """
    if pattern is None:
        return cases
    chosen = tuple(case for case in cases if fnmatchcase(case.case_id, pattern))
    if not chosen:
        raise UsageError(
            f"--case {pattern}: matches none of {len(cases)} cases",
            fix=f"ids look like {cases[0].case_id!r}",
        )
    return chosen


def read_judge(tree: Tree, suite: Suite, *, disk: WorkTree) -> Judge | None:
    """Read the judge that a suite's proxy listens to, None if it listens to none.

    Raises:
        ConfigError: As `seat_judge`.
    """
    listens = "judge" in suite.rules.proxy.names
    return seat_judge(tree, suite, disk=disk) if listens else None


def seat_judge(tree: Tree, suite: Suite, *, disk: WorkTree) -> Judge | None:
    """Read a suite's judge, whether or not its proxy listens to it; None if it has none.

    Raises:
        ConfigError: Its prompt is wrong, its provider unknown, or what it answers is not said.
    """
    if suite.judge is None:
        return None
    prompt = read_prompt(tree, suite.judge.prompt, disk=disk)
    check_provider(prompt)
    return make_judge(prompt, suite.judge)


def read_reviewed(suite: Suite, disk: WorkTree) -> Labels | None:
    """Read the worktree's labels of a suite: those of a change's own outputs can be nowhere else.

    Raises:
        ConfigError: The file is wrong, or not there.
    """
    if suite.labels is None:
        return None
    from gate.store.labels import read_labels

    return read_labels(disk.path(suite.labels))


def make_suite_change(
    suite: Suite,
    cases: tuple[Case, ...],
    old: Side,
    new: Side,
    *,
    judge: Judge | None = None,
    labels: Labels | None = None,
) -> SuiteChange:
    """Put a suite together and see that its checks can be applied to its cases.

    The old prompt's evaluators count as checks, after those of `gate.yaml`.

    Raises:
        ConfigError: A check needs an expectation that a case lacks; a provider is unknown.
    """
    rules = replace(suite.rules, checks=(*suite.rules.checks, *old.prompt.evaluators))
    for side in (old, new):
        check_provider(side.prompt)
    check_expectations(suite.name, cases, rules.checks)
    return SuiteChange(
        suite=replace(suite, rules=rules),
        cases=cases,
        old=old,
        new=new,
        judge=judge,
        labels=labels,
    )


def check_expectations(suite: str, cases: tuple[Case, ...], checks: tuple[Check, ...]) -> None:
    """See that every case has what the checks hold outputs against.

    Raises:
        ConfigError: One has not.
    """
    for case in cases:
        for check in checks:
            missing = missing_expectation(check, case)
            if missing:
                raise ConfigError(
                    f"suite {suite!r}: case {case.case_id!r} has no {missing!r}, "
                    f"which the check {check.code!r} needs",
                    fix="add it to the case, or give the check a value",
                )
