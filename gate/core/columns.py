"""Trials as columns: all that a judgement reads, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from gate.core.score import Score, ScoredCase

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

VALUES = ("failed", "override", "cost_usd", "tokens", "latency_ms")  # of a trial
_OF_TRIALS = ("is_new", *VALUES)
_OF_CASES = (
    "cluster", "is_added", "is_recorded", "is_same", "missing_old", "missing_new", "planned_new",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The scored trials of one suite in long form.

    The first seven have one entry a trial, the others one a case. Missing trials have no entry
    and are counted for their case. A value that is not known is NaN.
    """

    case: Ints  # index of the trial's case, in [0, N)
    is_new: Bools
    failed: Floats  # 1 for an unusable output, otherwise 0
    override: Floats  # probability in [0, 1] that a human would change the output
    cost_usd: Floats
    tokens: Floats
    latency_ms: Floats  # NaN for a trial that was not called in this run
    tags: tuple[Mapping[str, str], ...]
    cluster: Ints  # cases with the same number belong together
    is_added: Bools  # the base does not know the case
    is_recorded: Bools  # its old trials come from a baseline, which never holds a missing one
    is_same: Bools  # old and new ask the same: one trial is both, and nothing can have changed
    missing_old: Ints
    missing_new: Ints
    planned_new: Ints  # new trials at the end of the plan, those that are here included

    @property
    def cases(self) -> int:
        """N, the number of cases."""
        return len(self.tags)

    def counts(self, *, new: bool) -> Ints:
        """Return the trials of each case on one side; shape (N,)."""
        return np.bincount(self.case[self.is_new == new], minlength=self.cases)

    def only(self, keep: Bools) -> Columns:
        """Return the cases that a mask of shape (N,) keeps."""
        trials = keep[self.case]
        number = np.cumsum(keep) - 1
        return Columns(
            case=number[self.case[trials]],
            tags=tuple(each for each, kept in zip(self.tags, keep, strict=True) if kept),
            **{name: getattr(self, name)[trials] for name in _OF_TRIALS},
            **{name: getattr(self, name)[keep] for name in _OF_CASES},
        )


def columns_of(scored: Sequence[ScoredCase], *, planned_new: int = 0) -> Columns:
    """Lay scored cases out as columns.

    Args:
        scored: All cases of one suite, those without a trial included.
        planned_new: New trials a case at the end of the plan, where more are to come.
    """
    # One trial after the other, without a list of all of them: there may be very many.
    numbers = (_numbers(score) for each in scored for score in (*each.old, *each.new))
    trials = np.fromiter(chain.from_iterable(numbers), dtype=np.float64).reshape(-1, 5)
    pairs = [(len(each.old), len(each.new)) for each in scored]
    sizes = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    clusters = {name: i for i, name in enumerate(dict.fromkeys(map(_cluster, scored)))}
    here = [len(each.new) + each.new_missing for each in scored]
    return Columns(
        case=np.repeat(np.arange(len(scored)), sizes.sum(axis=1)),
        is_new=np.repeat(np.arange(2 * len(scored)) % 2 == 1, sizes.ravel()),
        failed=trials[:, 0],
        override=trials[:, 1],
        cost_usd=trials[:, 2],
        tokens=trials[:, 3],
        latency_ms=trials[:, 4],
        tags=tuple(each.case.segment for each in scored),
        cluster=np.array([clusters[_cluster(each)] for each in scored], dtype=np.int64),
        is_added=np.array([each.case.is_new for each in scored], dtype=np.bool_),
        is_recorded=np.array([each.old_recorded for each in scored], dtype=np.bool_),
        is_same=np.array([each.is_same for each in scored], dtype=np.bool_),
        missing_old=np.array([each.old_missing for each in scored], dtype=np.int64),
        missing_new=np.array([each.new_missing for each in scored], dtype=np.int64),
        planned_new=np.maximum(np.array(here, dtype=np.int64), planned_new),
    )


def _numbers(score: Score) -> Iterator[float]:
    values = (score.failed, score.override, score.cost_usd, score.tokens, score.latency_ms)
    return (nan if value is None else value for value in values)


def _cluster(scored: ScoredCase) -> tuple[bool, str]:
    """A case without a cluster is one of its own."""
    cluster = scored.case.cluster
    return (cluster is not None, cluster if cluster is not None else scored.case.case_id)


def with_missing(columns: Columns, *, old: float, new: float) -> Columns:
    """Fill the missing trials of each side in: failed with 1, usable with 0.

    Their cost, tokens and latency stay unknown, and so does the override of a case none of whose
    answers the proxy could judge.
    """
    every = np.arange(columns.cases)
    added = np.concatenate(
        [np.repeat(every, columns.missing_old), np.repeat(every, columns.missing_new)]
    )
    is_new = np.arange(len(added)) >= columns.missing_old.sum()
    value = np.where(is_new, new, old)
    unknown = np.full(len(added), np.nan)
    answered = np.bincount(columns.case, minlength=columns.cases) > 0
    known = columns.case[~np.isnan(columns.override)]
    judged = (np.bincount(known, minlength=columns.cases) > 0) | ~answered
    override = np.where(judged[added], value, np.nan)
    more: Any = {"is_new": is_new, "failed": value, "override": override}
    none = np.zeros_like(columns.missing_old)
    filled: Any = {
        name: np.concatenate([getattr(columns, name), more.get(name, unknown)])
        for name in _OF_TRIALS
    }
    return replace(
        columns,
        **filled,
        case=np.concatenate([columns.case, added]),
        missing_old=none,
        missing_new=none,
    )
