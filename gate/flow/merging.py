"""Joining shards: seeing that they are all there and of one run, and taking their answers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from gate.core.canonical import digest
from gate.errors import IncompleteError, NoRepositoryError
from gate.flow.brought import Brought
from gate.git import Repository
from gate.store.shards import find_shards, read_answers, read_head

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gate.core.policy import Policy
    from gate.flow.change import Change
    from gate.flow.project import Project
    from gate.store.shards import ShardHead


_NAMED = 8  # missing shards that an error names


class Shards:
    """All shards of one run."""

    def __init__(self, heads: Mapping[Path, ShardHead]) -> None:
        """Take the first line of each file.

        Raises:
            IncompleteError: One is missing, there twice, or not of the same run as the others.
        """
        self.heads = heads
        self._see_one_run()
        self._see_each_once()

    @classmethod
    def read(cls, places: Sequence[Path]) -> Shards:
        """Find and read the shards in some folders.

        Raises:
            IncompleteError: One cannot be read; or as above.
        """
        return cls({path: read_head(path) for path in find_shards(places)})

    @property
    def count(self) -> int:
        """How many shards there are."""
        return len(self.heads)

    @property
    def _first(self) -> tuple[Path, ShardHead]:
        """One of them, and with it all: they are of one run."""
        return next(iter(self.heads.items()))

    def _see_one_run(self) -> None:
        (first, one), *others = self.heads.items()
        for path, other in others:
            for what, mine, its in (
                ("number of shards", one.shard.count, other.shard.count),
                ("options", one.flags, other.flags),
                ("base", one.base, other.base),
                ("policy", one.policy, other.policy),
                ("plan", _plans(one), _plans(other)),
            ):
                if mine != its:
                    raise IncompleteError(
                        f"{path}: is of another run than {first}: the {what} differs",
                        fix="gather the shards of one run, and no others",
                    )

    def _see_each_once(self) -> None:
        by_index: dict[int, Path] = {}
        for path, head in self.heads.items():
            earlier = by_index.setdefault(head.shard.index, path)
            if earlier != path:
                raise IncompleteError(
                    f"shard {head.shard} is there twice: {earlier} and {path}", fix="remove one"
                )
            count = head.shard.count
        missing = [str(index) for index in range(1, count + 1) if index not in by_index]
        if missing:
            named = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
            raise IncompleteError(
                f"missing of {count} shards: {named}",
                fix=f"run: gate check … --shard {missing[0]}/{count} --output DIR; "
                "and gather its file with the others",
            )

    def see_options(self, flags: str) -> None:
        """See that the shards were made with the options that are given here.

        Raises:
            IncompleteError: They were not.
        """
        path, head = self._first
        if head.flags != flags:
            raise IncompleteError(
                f"{path}: was made with {head.flags or 'no options'}, "
                f"merged with {flags or 'none'}",
                fix="give gate merge the options that the shards were given",
            )

    def see_they_fit(self, change: Change, policy: Policy, project: Project) -> None:
        """See that the shards are of the run that this checkout would make.

        Raises:
            IncompleteError: They are not, or somebody committed them.
        """
        path, head = self._first
        if head.base != change.base:
            raise IncompleteError(
                f"{path}: its base is {_commit(head.base)}, the base here is "
                f"{_commit(change.base)}",
                fix="merge where the shards' commit is checked out, and against their base",
            )
        if head.policy != policy_digest(policy):
            raise IncompleteError(
                f"{path}: was made under another policy than the one here",
                fix="merge where the shards' commit is checked out",
            )
        here = {each.suite.name for each in change.suites}
        if here != set(head.suites):
            raise IncompleteError(
                f"{path}: is of the suites {_names(head.suites)}; affected here: {_names(here)}",
                fix="merge where the shards' commit is checked out",
            )
        self._see_none_committed(project)

    def _see_none_committed(self, project: Project) -> None:
        try:
            repository = Repository(project.root)
        except NoRepositoryError:  # two files need no git
            return
        for path in self.heads:
            if repository.may_hold(path):
                raise IncompleteError(
                    f"{path}: is committed, or behind a symlink or in a repository of its own: its "
                    "answers would be the author's",
                    fix="let the run itself write its shards, into a folder that git does not know",
                )

    def bring(self) -> Mapping[str, Brought]:
        """Read the answers of all shards; they are judged, and not kept among the recordings.

        Returns:
            By suite, what was brought.

        Raises:
            IncompleteError: A shard is broken.
        """
        _, one = self._first
        brought = {name: Brought(plan=suite.plan) for name, suite in one.suites.items()}
        for path, head in self.heads.items():
            for name, suite in head.suites.items():
                brought[name].spend(suite)
            for answer in read_answers(path, head):
                brought[answer.suite].add(answer)
        return brought


def policy_digest(policy: Policy) -> str:
    """Return what two equal policies have in common."""
    return digest(asdict(policy))


def _plans(head: ShardHead) -> Mapping[str, str]:
    return {name: suite.plan for name, suite in head.suites.items()}


def _names(suites: set[str] | Mapping[str, object]) -> str:
    return ", ".join(sorted(suites)) or "none"


def _commit(commit: str) -> str:
    return commit[:12] or "no commit, but a file"
