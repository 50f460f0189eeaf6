"""Writing recordings beside the calls: in a thread, several in one transaction."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Protocol

from gate.errors import IncompleteError, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.core.model import Response
    from gate.core.secrets import Secrets

    Key = tuple[str, int]  # what an answer is recorded under: request digest, repeat
    Recorded = tuple[Key, Response]

MOST_WAITING = 256  # answers on their way into the file; one more has to wait


class File(Protocol):
    """What a writer writes into."""

    def put_all(self, answers: Sequence[Recorded]) -> None:
        """Keep answers, all or none."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def refuse_secrets(response: Response, secrets: Secrets) -> None:
    """See that a response carries no secret.

    Raises:
        IncompleteError: It carries one of the environment's.
    """
    for text in (response.text, response.vendor_model or "", response.finish_reason):
        name = secrets.found_in(text)
        if name:
            raise IncompleteError(
                f"an answer carries the value of {name}; it is not stored",
                fix=f"find out how the model came to know it, and change {name}",
            )


class Writer:
    """Keeps answers as they arrive, without making the next call wait for the disk.

    Whatever arrived while one transaction was written goes into the next one. So an answer is in
    the file about as soon as the disk can take it, and of a process that is killed no more than
    `MOST_WAITING` are lost.
    """

    def __init__(self, open_file: Callable[[], File], secrets: Secrets) -> None:
        """Take how to open the file, which happens in the thread that writes."""
        self._open_file = open_file
        self._secrets = secrets
        self._waiting: queue.Queue[Recorded | None] = queue.Queue(MOST_WAITING)
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="recordings", daemon=True)
        self._thread.start()

    def put(self, key: Key, response: Response) -> None:
        """Keep one response soon.

        Raises:
            IncompleteError: It carries a secret of the environment.
            RecordingError: One before it could not be written.
        """
        self._raise()
        refuse_secrets(response, self._secrets)
        self._waiting.put((key, response))

    def close(self) -> None:
        """Wait until everything is written.

        Raises:
            RecordingError: Something could not be.
        """
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        file: File | None = None
        try:
            while (batch := self._batch()) is not None:
                if self._error is not None:
                    continue  # it only empties the queue, so that nobody waits for ever
                try:
                    file = file or self._open_file()
                    _put_all(file, batch)
                except Exception as error:  # noqa: BLE001 -- raised again by `put` and `close`
                    self._error = error
        finally:
            if file is not None:
                file.close()

    def _batch(self) -> list[Recorded] | None:
        """Return what waits now, at least one; None at the end."""
        first = self._waiting.get()
        batch = [] if first is None else [first]
        while first is not None:
            try:
                first = self._waiting.get_nowait()
            except queue.Empty:
                return batch
            if first is not None:
                batch.append(first)
        if batch:
            self._waiting.put(None)  # seen again when this batch is written
        return batch or None


def _put_all(file: File, batch: list[Recorded]) -> None:
    """Write a batch; if not all of it can be written, what stands before the first that cannot."""
    try:
        file.put_all(batch)
    except RecordingError:
        if len(batch) == 1:
            raise
        for each in batch:
            file.put_all([each])
