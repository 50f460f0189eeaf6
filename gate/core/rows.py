"""Outputs made elsewhere: from rows to scored cases, and their judgement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from gate.core.columns import columns_of
from gate.core.findings import find
from gate.core.judgement import judge_columns
from gate.core.model import Case
from gate.core.policy import Policy
from gate.core.row import case_of, cluster_of, repeat_of, score_of, segment_of, trial_of
from gate.core.score import Score, ScoredCase
from gate.core.tables import numbered
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from gate.core.columns import Columns
    from gate.core.judgement import Judged, Waived
    from gate.core.model import Trial
    from gate.core.tables import Table

T = TypeVar("T")
_NAMED = 5  # cases that an error names


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Generic[T]):
    """One trial of one case, as a row says it."""

    case_id: str
    repeat: int | None
    segment: Mapping[str, str] | None
    cluster: str | None
    trial: T
    number: int  # of the row, as its side counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Side(Generic[T]):
    """The rows of one side, by case in the order of their first rows."""

    name: str
    cases: Mapping[str, Sequence[Row[T]]]
    where: Callable[[int], str]  # "old.jsonl:3" of a row's number


def judge(old: Table, new: Table, policy: Policy | None = None) -> Judged:
    """Judge outputs made elsewhere.

    Args:
        old: Rows, each a mapping with `case` and `failed` or `failure_code`, and if known
            `output`, `repeat`, `segment`, `cluster`, `override`, `latency_ms`, `cost_usd`,
            `tokens`; or columns of these names, as in a data frame of pandas, where
            `segment.channel` is a column of tags.
        new: Likewise, of the same cases.
        policy: The tolerated change of each metric; None: the default for the metrics that the
            rows hold.

    Returns:
        The verdict with its findings. A metric of the policy that the rows do not hold is in
        `not_measured`, and then there is no pass.

    Raises:
        ConfigError: A row is wrong; the message names it, counted from 0, and the key.
        UsageError: A side is neither rows nor columns.
    """
    sides = (
        scored_side("old", numbered(old, "old"), lambda number: f"old[{number}]"),
        scored_side("new", numbered(new, "new"), lambda number: f"new[{number}]"),
    )
    return judge_scored(paired(*sides), policy)


def judge_scored(
    scored: Sequence[ScoredCase], policy: Policy | None, *, waived: Waived = ()
) -> Judged:
    """Judge scored cases, and say of a metric that was not measured what the rows lack.

    Args:
        scored: All cases.
        policy: None: the default policy for the metrics that the rows hold.
        waived: Finding id and segment of the fails that are let through.
    """
    columns = columns_of(scored)
    if policy is None:
        policy = Policy()
        for metric in find(columns, policy).not_measured:
            policy = policy.without(metric)
    judged = judge_columns(columns, policy, waived=waived)
    reasons = {
        metric: _lacking(metric, columns) or reason
        for metric, reason in judged.not_measured.items()
    }
    return replace(judged, not_measured=reasons)


def _lacking(metric: str, columns: Columns) -> str:
    values, keys = {
        "override_rate": ((columns.override,), "'override'"),
        "latency_p95": ((columns.latency_ms,), "'latency_ms'"),
        "cost": ((columns.cost_usd, columns.tokens), "'cost_usd' or 'tokens'"),
    }.get(metric, ((), ""))
    for name, side in (("old", ~columns.is_new), ("new", columns.is_new)):
        if values and side.any() and all(np.isnan(value[side]).all() for value in values):
            return f"no row of {name} has {keys}"
    return "not every row has 'cost_usd', or every row 'tokens'" if metric == "cost" else ""


def scored_side(
    name: str, rows: Iterable[tuple[int, Mapping[str, Any]]], where: Callable[[int], str]
) -> Side[Score | None]:
    """Read a side whose rows say themselves how each trial went.

    Args:
        name: Of the side, for errors.
        rows: Each with its number.
        where: Names the place of a row.

    Raises:
        ConfigError: A row is wrong, a trial stands twice, or there is none.
    """

    def read(row: Mapping[str, Any], number: int) -> Row[Score | None]:
        return Row(
            case_id=case_of(row),
            repeat=repeat_of(row),
            segment=segment_of(row),
            cluster=cluster_of(row),
            trial=score_of(row),
            number=number,
        )

    return _side(name, rows, where, read)


def unscored_side(
    name: str, rows: Iterable[tuple[int, Mapping[str, Any]]], where: Callable[[int], str]
) -> Side[Trial]:
    """Read a side that a suite's checks are to score, see `scored_side`."""

    def read(row: Mapping[str, Any], number: int) -> Row[Trial]:
        case_id, repeat = case_of(row), repeat_of(row)
        return Row(
            case_id=case_id,
            repeat=repeat,
            segment=None,
            cluster=None,
            trial=trial_of(row, case_id=case_id, repeat=repeat or 0),
            number=number,
        )

    return _side(name, rows, where, read)


def _side(
    name: str,
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    where: Callable[[int], str],
    read: Callable[[Mapping[str, Any], int], Row[T]],
) -> Side[T]:
    cases: dict[str, list[Row[T]]] = {}
    for number, raw in rows:
        try:
            row = read(raw, number)
        except ConfigError as error:
            raise ConfigError(f"{where(number)}: {error}", fix=error.fix) from None
        cases.setdefault(row.case_id, []).append(row)
    if not cases:
        raise ConfigError(f"{name}: no rows", fix="an empty side judges nothing; add rows")
    for of_case in cases.values():
        if len(of_case) > 1:
            _see_distinct(of_case, where)
    return Side(name=name, cases=cases, where=where)


def _see_distinct(rows: Sequence[Row[T]], where: Callable[[int], str]) -> None:
    """See that the trials of one case can be told apart."""
    first: dict[int | None, Row[T]] = {}
    for row in rows:
        # A row that does not say which trial it is could be any of them.
        could_be_any = bool(first) and (row.repeat is None or None in first)
        known = rows[0] if could_be_any else first.get(row.repeat)
        if known is None:
            first[row.repeat] = row
            continue
        told = "" if row.repeat is None else f", repeat {row.repeat},"
        raise ConfigError(
            f"{where(row.number)}: case {row.case_id!r}{told} stands already at "
            f"{where(known.number)}",
            fix="give each trial of a case its own 'repeat': 0, 1, 2, …",
        )


def paired(old: Side[Score | None], new: Side[Score | None]) -> list[ScoredCase]:
    """Put the two sides of each case together.

    Raises:
        ConfigError: A case has no row on one side, or its tags or cluster differ between rows.
    """
    _see_on_both_sides(old, new)
    _see_on_both_sides(new, old)
    return [_paired(rows, new.cases[case_id], old, new) for case_id, rows in old.cases.items()]


def _see_on_both_sides(here: Side[T], there: Side[T]) -> None:
    alone = [case_id for case_id in here.cases if case_id not in there.cases]
    if alone:
        raise ConfigError(
            f"{there.name}: {len(alone)} of {len(here.cases)} cases of {here.name} have no row: "
            f"{some(alone)}",
            fix="give both sides the same cases; a trial without an answer has an 'output' of null",
        )


def some(case_ids: Collection[str]) -> str:
    """Name the first cases of many."""
    named = ", ".join([repr(each) for each in case_ids][:_NAMED])
    return named + (", …" if len(case_ids) > _NAMED else "")


def _paired(
    old_rows: Sequence[Row[Score | None]],
    new_rows: Sequence[Row[Score | None]],
    old: Side[Score | None],
    new: Side[Score | None],
) -> ScoredCase:
    rows = [*old_rows, *new_rows]

    def place(index: int) -> str:
        side = old if index < len(old_rows) else new
        return side.where(rows[index].number)

    case_id = rows[0].case_id
    segment = _agreed("segment", case_id, [row.segment for row in rows], place)
    cluster = _agreed("cluster", case_id, [row.cluster for row in rows], place)
    old_scores = tuple([row.trial for row in old_rows if row.trial is not None])
    new_scores = tuple([row.trial for row in new_rows if row.trial is not None])
    return ScoredCase(
        case=Case(case_id=case_id, input={}, segment=segment or {}, cluster=cluster),
        old=old_scores,
        new=new_scores,
        old_missing=len(old_rows) - len(old_scores),
        new_missing=len(new_rows) - len(new_scores),
    )


def _agreed(key: str, case_id: str, said: Sequence[Any], place: Callable[[int], str]) -> Any:
    """Return what the rows of a case say; one that says nothing agrees with all."""
    first, agreed = 0, None
    for index, value in enumerate(said):
        if value is None:
            continue
        if agreed is None:
            first, agreed = index, value
        elif value != agreed:
            raise ConfigError(
                f"{place(index)}: case {case_id!r} has the {key} {value!r} here, "
                f"and {agreed!r} at {place(first)}",
                fix=f"give a case the same {key} in all its rows",
            )
    return agreed
