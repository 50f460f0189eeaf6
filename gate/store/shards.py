"""Shards on disk: what one part of a run's cases was answered, in a file that joins with others."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json
from gate.core.model import Response
from gate.core.shard import MOST, Shard
from gate.errors import ConfigError, IncompleteError, UsageError
from gate.store.atomic import write_whole
from gate.store.rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gate.store.writer import Key

FORMAT = "gate-shard/1"
_AGAIN = "run this shard again, and gather its file anew"
_LARGEST = 2**53  # numbers that are exact as floats; anything larger is no count and no time
_REASONS = {"transport", "timeout", "throttled", "rejected"}
_WRONG = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteShard:
    """What a shard did of one suite."""

    plan: str  # digest of the whole suite's plan
    answers: int  # and missing ones: the lines that follow
    retries: int
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardHead:
    """The first line of a shard: which part it is, and of which run."""

    shard: Shard
    base: str  # the commit of old; empty for two files
    policy: str  # its digest
    flags: str  # of the command line: what was asked
    suites: Mapping[str, SuiteShard]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardAnswer:
    """One further line: an answer, or why there is none."""

    suite: str
    key: Key
    response: Response | None
    missing: str | None = None
    is_live: bool = False  # called by this run, and not recorded by one before


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _LARGEST:
        raise TypeError(f"{value!r} is no whole number from 0")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < _LARGEST:
        raise TypeError(f"{value!r} is no number from 0")
    return float(value)


def _logprobs(value: Any) -> tuple[float, ...]:
    if not all(type(each) in (int, float) and abs(each) < _LARGEST for each in value):
        raise TypeError(f"logprobs {value!r}")
    return tuple(map(float, value))


_READ: Mapping[str, Callable[[Any], Any]] = {  # what is kept of a response, and what it may be
    "text": _text, "finish_reason": _text, "latency_ms": _number, "received_at": _number,
    "input_tokens": _whole, "output_tokens": _whole, "logprobs": _logprobs, "vendor_model": _text,
    "cost_usd": _number, "attempts": _whole,
}  # fmt: skip


def write_shard(folder: Path, head: ShardHead, answers: Iterable[ShardAnswer]) -> Path:
    """Write a shard in one step, in place of an earlier one.

    Raises:
        UsageError: It cannot be written.
    """
    path = folder / f"shard-{head.shard.index}-of-{head.shard.count}.jsonl"
    first = {"format": FORMAT, **asdict(head)}
    rows = (first, *map(_row_of, answers))
    try:
        write_whole(path, (canonical_json(row) + "\n" for row in rows))
    except OSError as error:
        raise UsageError(
            f"--output {folder}: cannot be written: {error.strerror}",
            fix="the answers are recorded: run again with another folder",
        ) from error
    return path


def _row_of(answer: ShardAnswer) -> dict[str, Any]:
    row: dict[str, Any] = {"suite": answer.suite, "key": list(answer.key)}
    if answer.response is None:
        return {**row, "missing": answer.missing}
    kept = {name: getattr(answer.response, name) for name in _READ}
    kept = {name: value for name, value in kept.items() if value is not None}
    return {**row, "live": answer.is_live, "response": kept}


def find_shards(places: Sequence[Path]) -> list[Path]:
    """Return the shards in some folders, and below them: one folder for each is a matrix's way.

    Raises:
        IncompleteError: There are none.
    """
    for place in places:
        if not place.exists():
            raise IncompleteError(
                f"{place}: no such folder", fix="name the folder that the shards were written to"
            )
    found = {
        os.path.realpath(path): path
        for place in places
        for path in ([place] if place.is_file() else place.rglob("shard-*-of-*.jsonl"))
    }
    if not found:
        raise IncompleteError(
            f"no shards in {', '.join(map(str, places))}",
            fix="gather there what gate check --shard i/n --output DIR has written",
        )
    return sorted(found.values())


def read_head(path: Path) -> ShardHead:
    """Read which part a shard is, and of which run.

    Raises:
        IncompleteError: The file is broken, or no shard.
    """
    row = next((row for _, row in _rows(path)), None)
    if row is None:
        raise IncompleteError(f"{path}: is empty", fix=_AGAIN)
    try:
        return _head(row)
    except _WRONG as error:
        raise IncompleteError(f"{path}:1: not a shard: {error!r}", fix=_AGAIN) from error


def _head(row: Mapping[str, Any]) -> ShardHead:
    if row["format"] != FORMAT:
        raise ValueError(f"format {row['format']!r}")
    shard = Shard(index=_whole(row["shard"]["index"]), count=_whole(row["shard"]["count"]))
    if not 1 <= shard.index <= shard.count <= MOST:
        raise ValueError(f"shard {shard}")
    return ShardHead(
        shard=shard,
        base=_text(row["base"]),
        policy=_text(row["policy"]),
        flags=_text(row["flags"]),
        suites={name: _suite(suite) for name, suite in row["suites"].items()},
    )


def _suite(row: Mapping[str, Any]) -> SuiteShard:
    return SuiteShard(
        plan=_text(row["plan"]),
        answers=_whole(row["answers"]),
        retries=_whole(row["retries"]),
        cost_usd=_number(row["cost_usd"]),
    )


def read_answers(path: Path, head: ShardHead) -> Iterator[ShardAnswer]:
    """Yield the answers of a shard, one at a time.

    Raises:
        IncompleteError: A line is broken; there are fewer or more than the first line says.
    """
    left = {name: suite.answers for name, suite in head.suites.items()}
    for number, row in _rows(path):
        if number == 1:
            continue
        try:
            answer = _answer(row)
            left[answer.suite] -= 1
        except _WRONG as error:
            raise IncompleteError(
                f"{path}:{number}: no answer of this shard: {error!r}", fix=_AGAIN
            ) from error
        yield answer
    wrong = [name for name, count in left.items() if count]
    if wrong:
        raise IncompleteError(
            f"{path}: holds {head.suites[wrong[0]].answers - left[wrong[0]]} answers of suite "
            f"{wrong[0]!r}, its first line says {head.suites[wrong[0]].answers}",
            fix=_AGAIN,
        )


def _answer(row: Mapping[str, Any]) -> ShardAnswer:
    digest, number = row["key"]
    key = (_text(digest), _whole(number))
    if "missing" in row:
        if row["missing"] not in _REASONS:
            raise ValueError(f"missing {row['missing']!r}")
        return ShardAnswer(suite=row["suite"], key=key, response=None, missing=row["missing"])
    response = Response(**{name: _READ[name](value) for name, value in row["response"].items()})
    return ShardAnswer(suite=row["suite"], key=key, response=response, is_live=_flag(row["live"]))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        yield from read_rows(path)
    except ConfigError as error:  # here it is no file that the user wrote
        raise IncompleteError(str(error), fix=_AGAIN) from error
