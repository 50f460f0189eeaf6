"""Shards on disk: what one part of a run's cases was answered, in a file that joins with others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json
from gate.core.model import Response
from gate.core.shard import Shard
from gate.errors import ConfigError, IncompleteError, UsageError
from gate.store.atomic import write_whole
from gate.store.rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gate.store.writer import Key

FORMAT = "gate-shard/1"
_AGAIN = "run this shard again, and gather its file anew"
_NUMBER = (int, float)
_KINDS: Mapping[str, type | tuple[type, ...]] = {  # what is kept of a response, and what it may be
    "text": str, "finish_reason": str, "latency_ms": _NUMBER, "received_at": _NUMBER,
    "input_tokens": int, "output_tokens": int, "logprobs": list, "vendor_model": str,
    "cost_usd": _NUMBER, "attempts": int,
}  # fmt: skip


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
    kept = {name: getattr(answer.response, name) for name in _KINDS}
    kept = {name: value for name, value in kept.items() if value is not None}
    return {**row, "live": answer.is_live, "response": kept}


def find_shards(places: Sequence[Path]) -> list[Path]:
    """Return the shards in some folders, and below them: one folder for each is a matrix's way.

    Raises:
        IncompleteError: There are none.
    """
    found = {path.resolve(): path for place in places for path in place.rglob("shard-*-of-*.jsonl")}
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
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IncompleteError(f"{path}:1: not a shard: {error!r}", fix=_AGAIN) from error


def _head(row: Mapping[str, Any]) -> ShardHead:
    if row["format"] != FORMAT:
        raise ValueError(f"format {row['format']!r}")
    shard = Shard(index=int(row["shard"]["index"]), count=int(row["shard"]["count"]))
    if not 1 <= shard.index <= shard.count:
        raise ValueError(f"shard {shard}")
    return ShardHead(
        shard=shard,
        base=row["base"],
        policy=row["policy"],
        flags=row["flags"],
        suites={name: SuiteShard(**suite) for name, suite in row["suites"].items()},
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
        except (KeyError, TypeError, ValueError) as error:
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
    if not isinstance(digest, str) or type(number) is not int:
        raise TypeError(f"key {row['key']!r}")
    key = (digest, number)
    if "missing" in row:
        return ShardAnswer(suite=row["suite"], key=key, response=None, missing=str(row["missing"]))
    raw = row["response"]
    for name, value in raw.items():
        if not isinstance(value, _KINDS[name]):
            raise TypeError(f"{name} {value!r}")
    if "logprobs" in raw:
        raw = {**raw, "logprobs": tuple(map(float, raw["logprobs"]))}
    return ShardAnswer(
        suite=row["suite"], key=key, response=Response(**raw), is_live=row["live"] is True
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        yield from read_rows(path)
    except ConfigError as error:  # here it is no file that the user wrote
        raise IncompleteError(str(error), fix=_AGAIN) from error
