"""Recordings: every response that was paid for, in SQLite, kept as it arrives."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING

from gate.core.model import Response
from gate.errors import IncompleteError, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gate.core.secrets import Secrets

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
            self._use_wal()
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(_SCHEMA)
            self._db.execute(f"SELECT {_COLUMNS} FROM recordings LIMIT 0")  # noqa: S608 -- constants
        except sqlite3.Error as error:
            self._db.close()
            raise RecordingError(
                f"{path}: cannot be used for recordings: {error}",
                fix="move the file away; a new one is made, and missing answers are called again",
            ) from error

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

    def fetch(
        self, digests: Iterable[str], *, since: float = 0.0
    ) -> dict[tuple[str, int], Response]:
        """Return what is recorded of these requests, by digest and repeat.

        Args:
            digests: Of requests.
            since: Seconds since the epoch; older recordings are left out.

        Raises:
            RecordingError: The file cannot be read.
        """
        found: dict[tuple[str, int], Response] = {}
        for batch in _batches(list(dict.fromkeys(digests))):
            marks = ",".join("?" * len(batch))
            query = (
                f"SELECT {_COLUMNS} FROM recordings "  # noqa: S608 -- constants and marks
                f"WHERE digest IN ({marks}) AND recorded_at >= ?"
            )
            try:
                for row in self._db.execute(query, (*batch, since)):
                    found[row[0], row[1]] = _response(row)
            except (sqlite3.Error, ValueError) as error:
                raise RecordingError(f"{self._path}: cannot be read: {error}") from error
        return found

    def put(self, digest: str, repeat: int, response: Response, *, now: float) -> None:
        """Keep one response; it is on disk when this returns.

        Raises:
            IncompleteError: The response carries a secret of the environment.
            RecordingError: The file cannot be written, or the disk is full.
        """
        logprobs = json.dumps(response.logprobs) if response.logprobs is not None else None
        for text in (response.text, response.vendor_model or "", response.finish_reason):
            name = self._secrets.found_in(text)
            if name:
                raise IncompleteError(
                    f"an answer carries the value of {name}; it is not stored",
                    fix=f"find out how the model came to know it, and change {name}",
                )
        row = (
            digest, repeat, now, response.text, response.finish_reason, response.latency_ms,
            response.input_tokens, response.output_tokens, logprobs, response.vendor_model,
            response.cost_usd, response.attempts,
        )  # fmt: skip
        marks = ",".join("?" * len(row))
        try:
            self._db.execute(
                f"INSERT OR REPLACE INTO recordings ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 -- constants
                row,
            )
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise RecordingError(
                f"{self._path}: cannot be written: {error}", fix="what was recorded before is kept"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _batches(digests: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(digests), _BATCH):
        yield digests[start : start + _BATCH]


def _response(row: tuple[object, ...]) -> Response:
    (
        _,
        _,
        recorded_at,
        text,
        finish,
        latency,
        tokens_in,
        tokens_out,
        logprobs,
        vendor,
        cost,
        attempts,
    ) = row
    return Response(
        text=str(text),
        finish_reason=str(finish),
        latency_ms=float(latency),  # type: ignore[arg-type]
        input_tokens=tokens_in,  # type: ignore[arg-type]
        output_tokens=tokens_out,  # type: ignore[arg-type]
        logprobs=tuple(json.loads(str(logprobs))) if logprobs else None,
        vendor_model=vendor,  # type: ignore[arg-type]
        cost_usd=cost,  # type: ignore[arg-type]
        attempts=attempts,  # type: ignore[arg-type]
        received_at=float(recorded_at),  # type: ignore[arg-type]
    )
