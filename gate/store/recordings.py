"""Recordings: every response that was paid for, in SQLite."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gate.core.model import Response
from gate.errors import RecordingError, UnkeptError
from gate.store.writer import Writer, refuse_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from gate.core.secrets import Secrets
    from gate.store.writer import Key, Recorded

_SCHEMA = """
CREATE TABLE IF NOT EXISTS recordings (
  digest TEXT NOT NULL, repeat INTEGER NOT NULL, recorded_at REAL NOT NULL,
  text TEXT NOT NULL, finish_reason TEXT NOT NULL, latency_ms REAL NOT NULL,
  input_tokens INTEGER, output_tokens INTEGER, logprobs TEXT, vendor_model TEXT,
  cost_usd REAL, attempts INTEGER NOT NULL,
  PRIMARY KEY (digest, repeat)
) WITHOUT ROWID
"""
_COLUMNS = (
    "digest, repeat, recorded_at, text, finish_reason, latency_ms, input_tokens, output_tokens, "
    "logprobs, vendor_model, cost_usd, attempts"
)
_BATCH = 500  # digests a query
_RETRY_S = 0.02  # between two tries to switch a new file to the write-ahead log
_BUSY_S = 30.0  # how long one process waits for another's write


class Recordings:
    """One recordings file. Several processes may share it.

    Only the columns above are stored: no header, no key, no request.
    """

    def __init__(self, path: Path, *, secrets: Secrets) -> None:
        """Open the file, and create it if it is not there.

        Raises:
            RecordingError: It is no SQLite file, or cannot be opened.
        """
        self._path = path
        self._secrets = secrets
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            ignore = path.parent / ".gitignore"  # so that `git add .` leaves recordings alone
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise RecordingError(f"{path}: cannot be opened: {error}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            if not self._opens_to_read():
                raise RecordingError(
                    f"{path}: cannot be used for recordings: {error}",
                    fix="move the file away; a new one is made, and missing answers are called "
                    "again",
                ) from error

    def _prepare(self) -> None:
        self._use_wal()
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(_SCHEMA)
        self._db.execute(f"SELECT {_COLUMNS} FROM recordings LIMIT 0")  # noqa: S608 -- constants

    def _opens_to_read(self) -> bool:
        """Open a file in a folder that cannot be written: what is there can still be judged."""
        log = self._path.with_name(f"{self._path.name}-wal")
        by_effect = os.access in os.supports_effective_ids
        can_write = os.access(self._path.parent, os.W_OK, effective_ids=by_effect)
        if can_write or not self._path.exists():
            return False
        # Without a log beside it nobody is writing, so it can be read as it lies there.
        how = "mode=ro" if log.exists() else "immutable=1"
        try:
            self._db = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?{how}", uri=True, isolation_level=None
            )
            self._db.execute(f"SELECT {_COLUMNS} FROM recordings LIMIT 0")  # noqa: S608 -- constants
        except sqlite3.Error:
            return False
        return True

    def _use_wal(self) -> None:
        """Switch to the write-ahead log, which two processes may try at once on a new file.

        SQLite refuses the second one at once instead of letting it wait.
        """
        deadline = time.monotonic() + _BUSY_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:  # noqa: PERF203 -- it waits anyway
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)
            else:
                return

    def fetch(self, digests: Iterable[str], *, since: float = 0.0) -> Iterator[Recorded]:
        """Yield what is recorded of these requests, in no particular order.

        Args:
            digests: Of requests.
            since: Seconds since the epoch; older recordings are left out.

        Raises:
            RecordingError: The file cannot be read.
        """
        for batch in _batches(list(dict.fromkeys(digests))):
            marks = ",".join("?" * len(batch))
            query = (
                f"SELECT {_COLUMNS} FROM recordings "  # noqa: S608 -- constants and marks
                f"WHERE digest IN ({marks}) AND recorded_at >= ?"
            )
            try:
                for row in self._db.execute(query, (*batch, since)):
                    yield (row[0], row[1]), _response(row)
            except (sqlite3.Error, ValueError, TypeError) as error:
                raise RecordingError(f"{self._path}: cannot be read: {error}") from error

    def writer(self) -> Writer:
        """Return a writer that works in a thread of its own."""
        return Writer(lambda: Recordings(self._path, secrets=self._secrets), self._secrets)

    def put(self, digest: str, repeat: int, response: Response, *, now: float) -> None:
        """Keep one response; it is in the file when this returns.

        Raises:
            IncompleteError: The response carries a secret of the environment.
            UnkeptError: The file cannot be written, or the disk is full.
        """
        refuse_secrets(response, self._secrets)
        self.put_all([((digest, repeat), replace(response, received_at=now))])

    def put_all(self, answers: Sequence[Recorded]) -> None:
        """Keep responses that carry no secret, all or none; in the file when this returns.

        Raises:
            UnkeptError: The file cannot be written, or the disk is full.
        """
        marks = ",".join("?" * (_COLUMNS.count(",") + 1))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                f"INSERT OR REPLACE INTO recordings ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 -- constants
                [_row(key, response) for key, response in answers],
            )
            self._db.execute("COMMIT")
        except (sqlite3.Error, UnicodeEncodeError) as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise UnkeptError(
                f"{self._path}: cannot be written: {error}", fix=_repair(error)
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _batches(digests: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(digests), _BATCH):
        yield digests[start : start + _BATCH]


def _row(key: Key, response: Response) -> tuple[object, ...]:
    logprobs = json.dumps(response.logprobs) if response.logprobs is not None else None
    return (
        *key, response.received_at, response.text, response.finish_reason, response.latency_ms,
        response.input_tokens, response.output_tokens, logprobs, response.vendor_model,
        response.cost_usd, response.attempts,
    )  # fmt: skip


def _response(row: tuple[Any, ...]) -> Response:
    (
        received_at, text, finish, latency_ms, tokens_in, tokens_out, logprobs, vendor, cost,
        attempts,
    ) = row[2:]  # fmt: skip
    return Response(
        text=str(text),
        finish_reason=sys.intern(str(finish)),  # few words, many rows
        latency_ms=float(latency_ms),
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        logprobs=tuple(json.loads(str(logprobs))) if logprobs else None,
        vendor_model=sys.intern(vendor) if vendor else vendor,
        cost_usd=cost,
        attempts=attempts,
        received_at=float(received_at),
    )


def _repair(error: Exception) -> str:
    is_full = "full" in str(error) or "disk I/O" in str(error)
    kept = "what was recorded before is kept, and the next run goes on from there"
    return f"make room on the disk, or in the quota; {kept}" if is_full else kept
