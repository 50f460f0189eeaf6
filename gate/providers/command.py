"""`command/…`: the user's own automation, a program that answers JSON lines.

It reads one request a line on standard input and writes one response a line on standard output:

    {"id": 1, "model": …, "messages": […], "parameters": {…}, "input": …, "seed": …}
    {"id": 1, "output": "…", "finish_reason": "stop", "input_tokens": 12, "output_tokens": 3}

A response with `error` instead of `output` is a missing answer. What the program writes to
standard error is shown when it dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import shlex
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from gate.core.model import Response
from gate.core.variables_of_others import OF_A_HOOK, RUNNER_FILES, RUNNER_PLACES
from gate.errors import ConfigError, IncompleteError, ProviderFault
from gate.providers.chat_format import token_count, vendor_word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.core.model import Prompt, Request
    from gate.providers.registry import Place

_LONGEST_LINE = 16 << 20  # bytes
_LARGEST = 1e15  # sums of many such numbers stay finite
_ROUNDING = 1e-6
_STDERR_SHOWN = 600  # characters
_NOT_FOR_WORKERS = frozenset((*RUNNER_FILES, *RUNNER_PLACES, *OF_A_HOOK))
_FAREWELL_S = 2.0  # between closing the worker's input and killing it


def open_provider(prompt: Prompt, place: Place) -> Command:
    """Return the worker that a prompt names; it starts with the first request."""
    try:
        command = shlex.split(prompt.model_name)
    except ValueError as error:
        raise ConfigError(f"{prompt.path}: model: {error}") from error
    if not command:
        raise ConfigError(f"{prompt.path}: model: command/ names no program")
    return Command(
        command, root=place.root, environment=place.environment, timeout_s=place.timeout_s
    )


class Command:
    """One worker process, kept running; requests go to it one by one."""

    max_in_flight: int | None = 1

    def __init__(
        self,
        command: list[str],
        *,
        root: Path,
        environment: Mapping[str, str],
        timeout_s: float,
    ) -> None:
        self._command = command
        self._root = root
        self._environment = {
            name: value
            for name, value in environment.items()
            if name not in _NOT_FOR_WORKERS and not name.startswith("ACTIONS_")
        }
        self._timeout_s = timeout_s
        self._worker: asyncio.subprocess.Process | None = None
        self._stderr = b""
        self._reader: asyncio.Task[None] | None = None
        self._answers = 0
        self._next_id = 0

    async def complete(self, request: Request, *, seed: int) -> Response:
        """Answer one request, see `Provider`."""
        worker = self._worker or await self._start()
        self._next_id += 1
        line = json.dumps(
            {
                "id": self._next_id,
                "model": request.model,
                "messages": [
                    {"role": each.role, "content": each.content} for each in request.messages
                ],
                "parameters": dict(request.parameters),
                "response_format": request.response_format,
                "json_schema": request.json_schema,
                "input": request.input,
                "seed": seed,
            }
        )
        started = time.perf_counter()
        try:
            reply = await asyncio.wait_for(self._exchange(worker, line), self._timeout_s)
        except (asyncio.TimeoutError, TimeoutError) as error:
            await self._stop()  # its next line would answer the wrong request
            raise ProviderFault(
                f"{self._command[0]}: no answer within {self._timeout_s:g} s",
                code="timeout",
                retryable=True,
            ) from error
        if not reply.endswith(b"\n"):
            raise await self._died()
        return self._read(reply, (time.perf_counter() - started) * 1000)

    async def _exchange(self, worker: asyncio.subprocess.Process, line: str) -> bytes:
        assert worker.stdin is not None  # noqa: S101 -- both are pipes, see _start
        assert worker.stdout is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.stdin.write(line.encode() + b"\n")
            await worker.stdin.drain()
        try:
            return await worker.stdout.readline()
        except ValueError as error:  # the line is longer than the limit
            await self._stop()
            raise ProviderFault(
                f"{self._command[0]}: an answer of more than {_LONGEST_LINE >> 20} MiB",
                code="transport",
                retryable=False,
            ) from error

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        try:
            worker = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._root,
                env=self._environment,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                limit=_LONGEST_LINE,
                start_new_session=True,  # so that what a shell starts can be ended with it
            )
        except OSError as error:
            raise IncompleteError(
                f"command/{self._command[0]}: cannot be started: {error.strerror}",
                fix=f"it is started in {self._root}",
            ) from error
        self._worker = worker
        self._stderr = b""
        self._reader = asyncio.create_task(self._keep_stderr(worker))
        return worker

    async def _keep_stderr(self, worker: asyncio.subprocess.Process) -> None:
        assert worker.stderr is not None  # noqa: S101 -- a pipe, see _start
        while part := await worker.stderr.read(4096):
            self._stderr = (self._stderr + part)[-4 * _STDERR_SHOWN :]

    async def _died(self) -> Exception:
        worker = self._worker
        await self._stop()
        said = self._stderr.decode(errors="replace").strip()[-_STDERR_SHOWN:]
        code = worker.returncode if worker else None
        message = f"command/{self._command[0]}: the worker ended with exit code {code}" + (
            f"; it said:\n{said}" if said else ""
        )
        if self._answers == 0:  # it would die again at every request
            return IncompleteError(message, fix="start it by hand with one request on its input")
        return ProviderFault(message, code="transport", retryable=True)

    def _read(self, line: bytes, latency_ms: float) -> Response:
        try:
            reply: dict[str, Any] = json.loads(line)
            known = reply["id"] == self._next_id
            failed = reply.get("error") is not None
            response = _response(reply, latency_ms) if known and not failed else None
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            shown = line[:120].decode(errors="replace")
            raise IncompleteError(
                f"command/{self._command[0]}: not a response line: {shown!r}: {error}",
                fix='write one line of JSON for each request: {"id": 1, "output": "…"}',
            ) from error
        if not known:
            raise IncompleteError(
                f"command/{self._command[0]}: answered request {reply['id']!r}, "
                f"was asked {self._next_id}",
                fix="answer each request with its own id, in order",
            )
        if response is None:
            raise ProviderFault(
                f"{self._command[0]}: {reply['error']}", code="rejected", retryable=False
            )
        self._answers += 1
        return response

    async def _stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        assert worker.stdin is not None  # noqa: S101 -- a pipe, see _start
        assert self._reader is not None  # noqa: S101 -- it starts with the worker
        worker.stdin.close()
        tasks = {asyncio.ensure_future(worker.wait()), self._reader}
        _, late = await asyncio.wait(tasks, timeout=_FAREWELL_S)
        if late:
            _kill(worker)
            _, late = await asyncio.wait(late, timeout=_FAREWELL_S)
        for task in late:  # a process that left the worker's group still holds a pipe
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def close(self) -> None:
        """End the worker."""
        await self._stop()


def _kill(worker: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            worker.kill()
        else:
            os.killpg(worker.pid, signal.SIGKILL)


def _response(reply: dict[str, Any], latency_ms: float) -> Response:
    output, model, cost = reply["output"], reply.get("model"), reply.get("cost_usd")
    logprobs = reply.get("logprobs")
    if cost is not None and not 0 <= cost < math.inf:
        raise ValueError(f"cost_usd is {cost}")
    return Response(
        text=output if isinstance(output, str) else json.dumps(output, ensure_ascii=False),
        finish_reason=vendor_word(reply.get("finish_reason") or "stop"),
        latency_ms=latency_ms,
        input_tokens=token_count(reply.get("input_tokens")),
        output_tokens=token_count(reply.get("output_tokens")),
        cost_usd=cost,
        vendor_model=None if model is None else vendor_word(model),
        logprobs=None if logprobs is None else tuple(_logprob(each) for each in logprobs) or None,
    )


def _logprob(value: Any) -> float:
    """Return the natural logarithm of a probability; one of 1 may be rounded above 0."""
    if type(value) not in (int, float) or not -_LARGEST <= value <= _ROUNDING:
        raise ValueError(f"a logprob is {value!r}")
    return min(0.0, float(value))
