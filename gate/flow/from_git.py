"""Old and new from git: the base ref against the worktree."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.errors import IncompleteError, UsageError
from gate.flow.change import (
    Change,
    Side,
    SuiteChange,
    check_expectations,
    choose_cases,
    make_suite_change,
    merge_cases,
    read_judge,
    read_reviewed,
    suite_cases,
)
from gate.flow.edited_rules import (
    by_own_rules,
    edited_cases,
    edited_evaluators,
    edited_rules,
    same_cases,
)
from gate.flow.moved import refuse_gone, refuse_linked, refuse_moved, refuse_nested
from gate.git import GitTree, Repository, find_base
from gate.providers.urls import is_loopback
from gate.store.baselines import baseline_path, read_baseline
from gate.store.config import read_config
from gate.store.prompts import read_prompt

if TYPE_CHECKING:
    from gate.core.config import Config, Suite
    from gate.core.model import Case, Prompt
    from gate.flow.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which part of a change is wanted."""

    names: tuple[str, ...] = ()  # of suites; none: all
    case: str | None = None  # a glob; None: all
    takes_all: bool = False  # suites, too, that the change does not affect


def change_from_git(project: Project, *, base: str | None, asked: Asked) -> Change:
    """Compare the worktree with its base ref.

    Policy, checks, waivers and expectations are the base's, unless its policy says
    `trust: head`. The worktree is only read.

    Raises:
        UsageError: No git, or no repository.
        IncompleteError: The base cannot be found; a suite or prompt of the base is gone.
        ConfigError: A file of either side is wrong.
    """
    if project.config_name is None:
        refuse_gone(project, base)
    head = project.config()
    repository = Repository(project.root)
    if base is None and not repository.has_commits():
        return Change(config=head, suites=(), first_run="nothing is committed yet")
    found = find_base(repository, named=base, environment=project.environment)
    prefix = repository.prefix_of(project.root)
    tree, whole = GitTree(repository, found.commit, prefix), GitTree(repository, found.commit)
    name = project.config_name or ""
    if repository.tracks(os.path.join(repository.top, prefix, ".gate")):  # noqa: PTH118 -- git's own path
        raise IncompleteError(
            ".gate/ is committed: its recordings would answer for the old side, too",
            fix="git rm -r --cached .gate, and add .gate/ to .gitignore",
        )
    if not tree.exists(name):
        refuse_nested(whole, repository.top, tree.prefix, name)
        refuse_moved(whole, repository.top.resolve(), f"{tree.prefix}{name}")
        return Change(
            config=head,
            suites=(),
            first_run=f"the base {found.commit[:12]} ({found.found_by}) has no {name}",
            base=found.commit,
        )
    refuse_linked(whole, repository.top, project.named)
    reader = _Reader(project, tree, read_config(tree, name), head, asked)
    change = reader.change(asked.names, found.found_by)
    # Where the base was found, `gate explain` finds it, too.
    return replace(change, explain_flags=shlex.join(["--base", base]) if base else "")


class _Reader:
    """Reads both sides of every suite and notes what the base's rules leave aside."""

    def __init__(
        self, project: Project, tree: GitTree, base: Config, head: Config, asked: Asked
    ) -> None:
        self._project = project
        self._tree = tree
        self._base = base
        self._head = head
        self._case, self._takes_all = asked.case, asked.takes_all
        self._trusts_head = base.policy.trust == "head"
        self._notes: list[str] = []

    def change(self, names: tuple[str, ...], found_by: str) -> Change:
        """Read all suites, or the named ones."""
        known = {**self._base.suites, **self._head.suites}
        for name in names:
            if name not in known:
                raise UsageError(f"no suite {name!r}", fix=f"suites: {', '.join(known)}")
        affected, unaffected = [], []
        for name in names or known:
            found = self._suite(name)
            if isinstance(found, SuiteChange):
                affected.append(found)
            elif found:
                unaffected.append(name)
        if self._trusts_head:
            self._notes.append("policy: trust is head, so the change's own rules count")
        else:
            self._notes += edited_rules(self._base, self._head)
        self._notes.insert(0, f"base: {self._tree.commit[:12]}, {found_by}")
        if not affected and self._tree.repository.resolve("HEAD") == self._tree.commit:
            self._notes.append(
                "the base is HEAD itself, so only uncommitted edits were looked at; "
                "for the last commit: gate check --base HEAD~1"
            )
        return Change(
            config=self._head if self._trusts_head else self._base,
            own=None if self._trusts_head else self._head,
            suites=tuple(affected),
            unaffected=tuple(unaffected),
            notes=tuple(self._notes),
            base=self._tree.commit,
            folder=self._tree.prefix,
        )

    def _suite(self, name: str) -> SuiteChange | bool:
        """Return what is to be replayed, True if nothing is, False if it cannot be judged yet."""
        base, head = self._base.suites.get(name), self._head.suites.get(name)
        if base is None:
            self._notes.append(
                f"suite {name} is new: no base to judge it by; next: gate refresh {name}"
            )
            return False
        if base.retired and (head is None or not self._project.disk.exists(head.prompt)):
            self._notes.append(f"suite {name} is retired")
            return False
        if head is None:
            raise IncompleteError(
                f"suite {name!r} is in the base and no longer in {self._head.source}",
                fix="put it back, or first merge `retired: true` for it",
            )
        if not self._project.disk.exists(head.prompt):
            raise IncompleteError(
                f"suite {name!r}: its prompt {head.prompt} is gone",
                fix="put it back, or let the suite in gate.yaml point to its new place",
            )
        old = read_prompt(self._tree, base.prompt, disk=self._project.disk)
        new = self._project.prompt(head)
        self._see_one_prompt(base, head, old)
        if old.fingerprint == new.fingerprint and not self._takes_all:
            # Not replayed, and yet what is broken in it must not be merged unseen.
            cases = suite_cases(self._project.disk, head, new)
            check_expectations(name, cases, (*head.rules.checks, *new.evaluators))
            read_baseline(self._project.disk, name)
            self._note_unjudged(base, head, old, cases)
            self._note_edited_baseline(name)
            return True
        self._refuse_untrusted(old, new)
        self._notes += old.notes
        return self._sides(base, head, old, new)

    def _see_one_prompt(self, base: Suite, head: Suite, old: Prompt) -> None:
        """A suite that points elsewhere must not leave its edited prompt behind, unjudged."""
        if head.prompt == base.prompt:
            return
        self._notes.append(
            f"suite {base.name}: its prompt is {head.prompt} in this change, {base.prompt} before"
        )
        if not self._project.disk.exists(base.prompt) or self._trusts_head:
            return
        left = self._project.prompt(base)
        if left.fingerprint != old.fingerprint:
            raise IncompleteError(
                f"suite {base.name!r}: points to {head.prompt} in this change, which edits "
                f"{base.prompt}, too: which of them is the prompt?",
                fix=f"remove {base.prompt}, or leave it as it was",
            )

    def _sides(self, base: Suite, head: Suite, old: Prompt, new: Prompt) -> SuiteChange:
        checkout = self._tree.checkout if old.provider == "command" else None
        labels = read_reviewed(head, self._project.disk)
        before = Side(prompt=old, baseline=read_baseline(self._tree, base.name), checkout=checkout)
        after = Side(prompt=new, baseline=read_baseline(self._project.disk, base.name))
        own = suite_cases(self._project.disk, head, new)
        if self._trusts_head:
            judge = read_judge(self._project.disk, head, disk=self._project.disk)
            cases = choose_cases(own, self._case)
            return make_suite_change(head, cases, before, after, judge=judge, labels=labels)
        approved = suite_cases(self._tree, base, old)
        self._notes += edited_cases(base.name, approved, own, is_judged=True)
        self._notes += edited_evaluators(base.name, old, new)
        cases = choose_cases(merge_cases(approved, own), self._case)
        change = make_suite_change(base, cases, before, after, labels=labels)
        return by_own_rules(
            self._judged(base, head, change),
            head,
            own,
            is_edited=(self._base.policy, self._base.waivers)
            != (self._head.policy, self._head.waivers),
        )

    def _judged(self, base: Suite, head: Suite, change: SuiteChange) -> SuiteChange:
        """Add the base's judge, and say if the change edits its prompt."""
        judge = read_judge(self._tree, base, disk=self._project.disk)
        if judge is None or base.judge is None:
            return change
        path = base.judge.prompt
        disk = self._project.disk
        is_edited = not disk.exists(path) or disk.read(path) != self._tree.read(path)
        if is_edited and base.judge == head.judge:
            self._notes.append(
                f"judge of suite {base.name} edited in this change; not used for this verdict; "
                "merged without a new gate calibrate, it ends every check in exit 4"
            )
        worker = judge.prompt.provider == "command"
        checkout = self._tree.checkout if worker else None
        return replace(change, judge=judge, judge_checkout=checkout)

    def _note_edited_baseline(self, suite: str) -> None:
        """Where the prompt stayed, other answers of it are the base that the next change gets."""
        path = baseline_path(suite)
        both = [
            tree.read(path) if tree.exists(path) else b""
            for tree in (self._tree, self._project.disk)
        ]
        if both[0] != both[1]:
            self._notes.append(
                f"suite {suite}: {path} edited in this change, and its prompt is not: nothing was "
                f"judged; gate audit {suite} calls some of it again"
            )

    def _note_unjudged(self, base: Suite, head: Suite, old: Prompt, own: tuple[Case, ...]) -> None:
        """Name cases that are edited where nothing is judged: the next change is judged by them."""
        if self._trusts_head or same_cases(self._tree, self._project.disk, base, head):
            return
        approved = suite_cases(self._tree, base, old)
        self._notes += edited_cases(base.name, approved, own, is_judged=False)

    def _refuse_untrusted(self, old: Prompt, new: Prompt) -> None:
        """A change may neither run a program of its own nor send the key to a host of its own."""
        if self._trusts_head:
            return
        if new.provider == "command" and new.model != old.model:
            raise IncompleteError(
                f"{new.path}: the change names a program that the base does not: {new.model!r}",
                fix="let a maintainer merge the command first, or run it by hand with --old/--new",
            )
        url = new.base_url
        if url and url != old.base_url and not is_loopback(url):
            raise IncompleteError(
                f"{new.path}: the change names a baseUrl that the base does not: {url}",
                fix="no key is sent there; let a maintainer merge the baseUrl first",
            )
