from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gate.core.model import Case, Message, Prompt
from gate.core.prompt import request_for
from gate.errors import ConfigError, IncompleteError, ProviderFault
from gate.providers.registry import Place, open_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.core.model import Response

# A package of the user's, with litellm's name, its one entry point and its kind of errors.
PACKAGE = '''\
import types


class Fault(Exception):
    def __init__(self, message, status_code=None, headers=None):
        super().__init__(message)
        if headers is not None:
            self.response = types.SimpleNamespace(headers=headers)
        if status_code is not None:
            self.status_code = status_code


class Timeout(Fault):
    """As litellm's own, it says 408."""


class Answer:
    def __init__(self, value):
        self.value = value

    def model_dump(self):
        return self.value


asked = []


async def acompletion(**options):
    asked.append(options)
    text = options["messages"][-1]["content"]
    if text.startswith("raise "):
        raise eval(text.removeprefix("raise "))
    if text.startswith("{"):
        return Answer(eval(text))
    return Answer({
        "model": "far-1",
        "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 2},
    })
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "litellm.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("litellm", None)


def prompt_of(**more: Any) -> Prompt:
    keys: dict[str, Any] = {"parameters": {}, **more}
    messages = (Message(role="user", content="{{input}}"),)
    return Prompt(path="p.prompt.yml", name="p", model="litellm/far/1", messages=messages, **keys)


def ask(text: str, **more: Any) -> Response:
    prompt = prompt_of(**more)

    async def run() -> Response:
        provider = open_provider(prompt, Place(root=Path(), timeout_s=3.0))
        try:
            return await provider.complete(
                request_for(prompt, Case(case_id="c", input=text)), seed=5
            )
        finally:
            await provider.close()

    return asyncio.run(run())


@pytest.mark.skipif(
    importlib.util.find_spec("litellm") is not None, reason="litellm is installed here"
)
def test_a_missing_package_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match="needs the package litellm") as caught:
        open_provider(prompt_of(), Place(root=Path()))
    assert caught.value.fix == "run: pip install 'regression-gate[litellm]'"


@pytest.mark.usefixtures("package")
def test_an_answer_is_read_as_openais() -> None:
    response = ask("hello")
    assert (response.text, response.finish_reason) == ("hello", "stop")
    assert (response.input_tokens, response.output_tokens) == (4, 2)
    assert response.vendor_model == "far-1"


@pytest.mark.usefixtures("package")
def test_the_gate_does_the_retries_and_sets_the_timeout() -> None:
    ask("hello", base_url="http://127.0.0.1:1", parameters={"maxTokens": 5})
    assert sys.modules["litellm"].asked == [
        {
            "model": "far/1",
            "messages": [{"role": "user", "content": "hello"}],
            "max_tokens": 5,
            "timeout": 3.0,
            "num_retries": 0,
            "api_base": "http://127.0.0.1:1",
        }
    ]


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        pytest.param("Fault('slow down', 429)", "throttled", True, id="429"),
        pytest.param("Timeout('too slow', 408)", "timeout", True, id="timeout"),
        pytest.param("TimeoutError()", "timeout", True, id="python's-own-timeout"),
        pytest.param("Fault('conflict', 409)", "transport", True, id="409"),
        pytest.param("Fault('broken', 500)", "transport", True, id="500"),
        pytest.param("Fault('cut')", "transport", True, id="without-a-status"),
        pytest.param("Fault('no', 400)", "rejected", False, id="400"),
        pytest.param("Fault('no', 422)", "rejected", False, id="422"),
    ],
)
def test_every_fault_is_told_apart(error: str, code: str, retryable: bool) -> None:  # noqa: FBT001 -- a table
    with pytest.raises(ProviderFault) as caught:
        ask(f"raise {error}")
    assert (caught.value.code, caught.value.retryable) == (code, retryable)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(("status", "is_overload"), [(429, True), (503, True), (500, False)])
def test_too_many_calls_are_told_from_a_broken_vendor(status: int, *, is_overload: bool) -> None:
    with pytest.raises(ProviderFault) as caught:
        ask(f"raise Fault('no', {status}, {{'retry-after': '2.5'}})")
    assert (caught.value.is_overload, caught.value.retry_after_s) == (is_overload, 2.5)
    assert not caught.value.may_be_billed


@pytest.mark.usefixtures("package")
def test_an_account_without_quota_ends_the_run() -> None:
    with pytest.raises(IncompleteError, match="insufficient_quota") as caught:
        ask("raise Fault('RateLimitError: code insufficient_quota', 429)")
    assert "billing" in caught.value.fix


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_no_retry_can_mend_ends_the_run(status: int) -> None:
    with pytest.raises(IncompleteError, match="litellm/far/1: no") as caught:
        ask(f"raise Fault('no', {status})")
    assert "key" in caught.value.fix


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("answer", ["{}", "{'choices': []}", "{'choices': [{'message': None}]}"])
def test_an_answer_of_another_form_is_a_fault(answer: str) -> None:
    with pytest.raises(ProviderFault, match="not of the expected form") as caught:
        ask(f"{answer} ")
    assert (caught.value.code, caught.value.retryable) == ("transport", True)
