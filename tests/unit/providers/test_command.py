from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gate.core.model import Case, Message, Prompt, Response
from gate.core.prompt import request_for
from gate.errors import ConfigError, IncompleteError, ProviderFault
from gate.providers.registry import Place, open_provider

if TYPE_CHECKING:
    from pathlib import Path

# Runs what the last message says, so that each test stands beside what its worker does.
WORKER = """\
import json, os, sys, time

for line in sys.stdin:
    request = json.loads(line)

    def reply(**keys):
        print(json.dumps({"id": request["id"], **keys}), flush=True)

    def raw(text):
        print(text, flush=True)

    exec(request["messages"][-1]["content"])
"""
PYTHON = shlex.quote(sys.executable)


def prompt_of(command: str, **more: Any) -> Prompt:
    keys: dict[str, Any] = {
        "parameters": {},
        "messages": (Message(role="user", content="{{input}}"),),
        **more,
    }
    return Prompt(path="p.prompt.yml", name="p", model=f"command/{command}", **keys)


def converse(
    place: Path,
    *inputs: Any,
    command: str = f"{PYTHON} worker.py",
    timeout_s: float = 20.0,
    environment: dict[str, str] | None = None,
    **more: Any,
) -> list[Response | Exception]:
    """Ask one worker several things in turn."""
    (place / "worker.py").write_text(WORKER)
    prompt = prompt_of(command, **more)

    async def run() -> list[Response | Exception]:
        found: list[Response | Exception] = []
        provider = open_provider(
            prompt,
            Place(
                root=place,
                environment=dict(os.environ) if environment is None else environment,
                timeout_s=timeout_s,
            ),
        )
        try:
            for each in inputs:
                request = request_for(prompt, Case(case_id="c", input=each))
                try:
                    found.append(await provider.complete(request, seed=5))
                except (ProviderFault, IncompleteError) as error:
                    found.append(error)
        finally:
            await provider.close()
        return found

    return asyncio.run(run())


def texts_of(found: list[Response | Exception]) -> list[str]:
    return [
        each.text if isinstance(each, Response) else f"{type(each).__name__}: {each}"
        for each in found
    ]


def only(found: list[Response | Exception], kind: type) -> Any:
    (each,) = found
    assert isinstance(each, kind), each
    return each


def test_one_worker_answers_all_requests(tmp_path: Path) -> None:
    found = converse(tmp_path, *["reply(output=str(os.getpid()))"] * 3)
    assert len(set(texts_of(found))) == 1
    assert all(isinstance(each, Response) for each in found)


def test_a_worker_is_told_everything_that_a_request_holds(tmp_path: Path) -> None:
    given = {"input": "reply(output=request)", "more": [1, None]}
    schema = {"name": "a", "schema": {}}
    found = converse(
        tmp_path,
        given,
        parameters={"maxTokens": 5},
        response_format="json_schema",
        json_schema=schema,
    )
    assert json.loads(only(found, Response).text) == {
        "id": 1,
        "model": f"command/{PYTHON} worker.py",
        "messages": [{"role": "user", "content": "reply(output=request)"}],
        "parameters": {"maxTokens": 5},
        "response_format": "json_schema",
        "json_schema": schema,
        "input": given,
        "seed": 5,
    }


def test_what_a_worker_reports_is_kept(tmp_path: Path) -> None:
    code = (
        "reply(output='yes', finish_reason='length', input_tokens=4, output_tokens=2,"
        " cost_usd=0.25, model='m-1')"
    )
    response = only(converse(tmp_path, code), Response)
    assert (response.text, response.finish_reason) == ("yes", "length")
    assert (response.input_tokens, response.output_tokens) == (4, 2)
    assert (response.cost_usd, response.vendor_model) == (0.25, "m-1")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        pytest.param("reply(output='')", "", id="empty-text"),
        pytest.param("reply(output={'a': 'ü'})", '{"a": "ü"}', id="a-mapping-becomes-json"),
        pytest.param("reply(output=None)", "null", id="null-becomes-json"),
        pytest.param("reply(output='x', error=None)", "x", id="no-error"),
        pytest.param('raw(\'{"id": 1, "output": "\\\\u00fc\\\\n"}\')', "ü\n", id="escapes"),
    ],
)
def test_an_output_becomes_text(tmp_path: Path, code: str, text: str) -> None:
    response = only(converse(tmp_path, code), Response)
    assert (response.text, response.finish_reason) == (text, "stop")


def test_a_finish_reason_of_null_is_a_plain_stop(tmp_path: Path) -> None:
    response = only(converse(tmp_path, "reply(output='x', finish_reason=None)"), Response)
    assert response.finish_reason == "stop"


def test_an_error_is_a_missing_answer_and_the_next_request_works(tmp_path: Path) -> None:
    found = converse(tmp_path, "reply(error='no such ticket')", "reply(output='yes')")
    assert isinstance(found[0], ProviderFault)
    assert (found[0].code, found[0].retryable) == ("rejected", False)
    assert "no such ticket" in str(found[0])
    assert texts_of(found[1:]) == ["yes"]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("raw('hello')", id="plain-text"),
        pytest.param("raw('')", id="an-empty-line"),
        pytest.param("raw('[1]')", id="a-list"),
        pytest.param("raw('\"x\"')", id="a-text"),
        pytest.param("raw('{}')", id="no-output"),
        pytest.param("sys.stdout.buffer.write(b'\\xff\\xfe\\n'); raw('')", id="no-utf-8"),
        pytest.param("raw('[' * 100000)", id="nested-too-deep"),
        pytest.param("reply(output='x', cost_usd='much')", id="a-cost-in-words"),
        pytest.param('raw(\'{"output": "x", "cost_usd": NaN}\')', id="a-cost-that-is-none"),
        pytest.param("reply(output='x', cost_usd=-1)", id="a-negative-cost"),
        pytest.param("reply(output='x', model={})", id="a-model-that-is-a-mapping"),
        pytest.param("reply(output='x', finish_reason=7)", id="a-finish-reason-that-is-a-number"),
    ],
)
def test_a_line_that_is_no_response_ends_the_run(tmp_path: Path, code: str) -> None:
    error = only(converse(tmp_path, code), IncompleteError)
    assert "not a response line" in str(error)
    assert '{"id": 1, "output": "…"}' in error.fix


def test_the_answer_to_another_request_ends_the_run(tmp_path: Path) -> None:
    found = converse(tmp_path, "reply(output='x')", 'raw(\'{"id": 1, "output": "late"}\')')
    assert texts_of(found) == [
        "x",
        f"IncompleteError: command/{sys.executable}: answered request 1, was asked 2",
    ]


def test_a_worker_that_dies_before_its_first_answer_ends_the_run(tmp_path: Path) -> None:
    error = only(converse(tmp_path, "sys.stderr.write('no licence'); sys.exit(3)"), IncompleteError)
    assert "ended with exit code 3; it said:\nno licence" in str(error)


def test_only_the_end_of_a_long_complaint_is_shown(tmp_path: Path) -> None:
    code = "sys.stderr.write('x' * 100_000 + 'the cause'); sys.exit(3)"
    error = only(converse(tmp_path, code), IncompleteError)
    assert str(error).endswith("the cause")
    assert len(str(error)) < 800


def test_a_worker_that_dies_later_is_started_again(tmp_path: Path) -> None:
    found = converse(tmp_path, "reply(output='a')", "sys.exit(3)", "reply(output='b')")
    assert isinstance(found[1], ProviderFault)
    assert (found[1].code, found[1].retryable) == ("transport", True)
    assert "exit code 3" in str(found[1])
    assert texts_of([found[0], found[2]]) == ["a", "b"]


def test_half_a_line_is_no_answer(tmp_path: Path) -> None:
    code = 'sys.stdout.write(\'{"id": 1, "output": "ha\'); sys.stdout.flush(); os._exit(0)'
    assert "ended with exit code 0" in str(only(converse(tmp_path, code), IncompleteError))


def test_a_hang_is_a_timeout_and_the_next_request_works(tmp_path: Path) -> None:
    found = converse(
        tmp_path,
        "time.sleep(60)",
        "reply(output='b')",
        timeout_s=1.0,  # the second start of Python has to fit in, too
    )
    assert isinstance(found[0], ProviderFault)
    assert (found[0].code, found[0].retryable) == ("timeout", True)
    assert "no answer within 1 s" in str(found[0])
    assert texts_of(found[1:]) == ["b"]


def test_a_hung_worker_behind_a_shell_is_ended_with_all_its_processes(tmp_path: Path) -> None:
    script = f"{PYTHON} worker.py; true"  # `true` keeps the shell from becoming the worker
    code = (
        "import fcntl; lock = open('lock', 'w'); fcntl.flock(lock, fcntl.LOCK_EX);"
        "time.sleep(20); open('late', 'w')"
    )
    fault = only(
        converse(tmp_path, code, command=f"sh -c {shlex.quote(script)}", timeout_s=1.0),
        ProviderFault,
    )
    assert fault.code == "timeout"
    with (tmp_path / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # nobody can have it before the worker is gone
    assert not (tmp_path / "late").exists(), "the worker lived on to its own end"


def test_a_helper_that_outlives_its_worker_does_not_hold_the_gate(tmp_path: Path) -> None:
    code = (
        "import subprocess; subprocess.Popen(['sh', '-c', 'sleep 20; touch late']);"
        "reply(output='x')"
    )
    assert texts_of(converse(tmp_path, code)) == ["x"]
    assert not (tmp_path / "late").exists(), "it waited for the helper's own end"


def test_a_line_larger_than_memory_should_hold_is_refused(tmp_path: Path) -> None:
    found = converse(tmp_path, "raw('x' * (17 << 20))", "reply(output='b')")
    assert isinstance(found[0], ProviderFault)
    assert (found[0].code, found[0].retryable) == ("transport", False)
    assert "more than 16 MiB" in str(found[0])
    assert texts_of(found[1:]) == ["b"]


def test_a_line_of_some_megabytes_is_an_answer(tmp_path: Path) -> None:
    response = only(converse(tmp_path, "reply(output='x' * (8 << 20))"), Response)
    assert len(response.text) == 8 << 20


def test_a_worker_that_talks_a_lot_on_standard_error_is_not_blocked(tmp_path: Path) -> None:
    code = "sys.stderr.write('x' * (1 << 20)); reply(output='x')"
    assert texts_of(converse(tmp_path, code)) == ["x"]


def test_a_worker_gets_the_environment_and_the_folder_of_its_place(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "GREETING": "hi"}
    code = "reply(output=[os.getcwd(), os.environ.get('GREETING'), 'HOME' in os.environ])"
    response = only(converse(tmp_path, code, environment=environment), Response)
    assert response.text == f'["{tmp_path.resolve()}", "hi", false]'


def test_a_worker_ends_when_the_run_ends(tmp_path: Path) -> None:
    response = only(converse(tmp_path, "reply(output=str(os.getpid()))"), Response)
    with pytest.raises(ProcessLookupError):
        os.kill(int(response.text), 0)


def test_a_program_that_is_not_there_ends_the_run(tmp_path: Path) -> None:
    error = only(converse(tmp_path, "", command="no-such-program --now"), IncompleteError)
    assert "command/no-such-program: cannot be started" in str(error)
    assert str(tmp_path) in error.fix


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("sh -c 'half a quote", id="half-a-quote"),
        pytest.param("   ", id="spaces-only"),
    ],
)
def test_a_command_that_says_nothing_to_run_is_a_configuration_error(
    tmp_path: Path, command: str
) -> None:
    with pytest.raises(ConfigError, match=r"^p\.prompt\.yml: model"):
        open_provider(prompt_of(command), Place(root=tmp_path))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param("[-0.5, -1.25]", (-0.5, -1.25), id="one-a-token"),
        pytest.param("[1e-9]", (0.0,), id="certain-but-for-rounding"),
        pytest.param("[]", None, id="none"),
        pytest.param("None", None, id="null"),
    ],
)
def test_logprobs_of_a_worker_are_kept(tmp_path: Path, said: str, kept: object) -> None:
    response = only(converse(tmp_path, f"reply(output='x', logprobs={said})"), Response)
    assert response.logprobs == kept


@pytest.mark.parametrize("said", ["[0.5]", "['high']", "[True]", "3"])
def test_logprobs_that_are_none_are_no_response(tmp_path: Path, said: str) -> None:
    error = only(converse(tmp_path, f"reply(output='x', logprobs={said})"), IncompleteError)
    assert "not a response line" in str(error)
