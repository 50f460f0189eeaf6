"""A vendor on loopback for very many calls at once, in a process of its own.

    python tests/busy_vendor.py --latency-ms 50 --faults 429=0.05,500=0.02,cut=0.02

It answers OpenAI's chat completions with `right`, or with `wrong` in as many per cent as the name
of the model states (`stub-05`), and makes the faults that it is asked for. `GET /stats` says what
it saw, `POST /reset` begins anew. It costs the processor little, so that what a client needs can
be measured beside it; `stub_vendor` is the one to script.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busy_vendor_parts.faults import Faults
from busy_vendor_parts.server import Connection
from busy_vendor_parts.vendor import Vendor

if TYPE_CHECKING:
    from typing_extensions import Self

_BACKLOG = 4096


class BusyVendor:
    """The server's process; use it in a `with` statement."""

    def __init__(
        self,
        *,
        latency_ms: float = 0.0,
        faults: str = "",
        retry_after: str | None = None,
        seed: int = 0,
    ) -> None:
        """Keep how requests are to be treated.

        Args:
            latency_ms: From the last byte of a request to its answer.
            faults: As `Faults` reads it.
            retry_after: The header of each 429, word for word; None: it has none.
            seed: Of the order of the faults.
        """
        options = {"latency-ms": latency_ms, "faults": faults, "seed": seed}
        self._arguments = [f"--{name}={value}" for name, value in options.items()]
        if retry_after is not None:
            self._arguments.append(f"--retry-after={retry_after}")
        self.url = ""  # without a path
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), *self._arguments, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self.__exit__()
            raise RuntimeError("the busy vendor did not start; its reason stands above")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def stats(self) -> dict[str, Any]:
        """Return what the server saw since its start or the last reset."""
        return self._ask("GET", "/stats")

    def reset(self) -> None:
        """Zero the counters and begin anew with the faults."""
        self._ask("POST", "/reset")

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        try:
            connection.request(method, path)
            found: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return found


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--faults", default="", help="KIND=RATE or KIND@ORDINAL, with commas")
    parser.add_argument("--retry-after", help="the header of each 429, word for word")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--until-stdin-closes", action="store_true")
    asked = parser.parse_args()
    vendor = Vendor(
        latency_ms=asked.latency_ms,
        faults=Faults(asked.faults, seed=asked.seed),
        retry_after=asked.retry_after,
    )
    gc.freeze()
    asyncio.run(_serve(vendor, asked.port, until_stdin_closes=asked.until_stdin_closes))


async def _serve(vendor: Vendor, port: int, *, until_stdin_closes: bool) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(vendor, loop), "127.0.0.1", port, backlog=_BACKLOG
    )
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    if until_stdin_closes:
        # Nobody writes there: it becomes readable when the process that started this one ends.
        loop.add_reader(sys.stdin.fileno(), os._exit, 0)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
