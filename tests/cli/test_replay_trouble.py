"""The real command with a vendor that fails under load, killed, and on a full disk."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from busy_vendor import BusyVendor
from conftest import Folder, cases_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CASES = 150
WIDTH = 16
TWO_FILES = ("--old", "old.prompt.yml", "--new", "new.prompt.yml")
CHECK = ("check", *TWO_FILES, "--concurrency", str(WIDTH), "--quiet", "--format", "json")
MIXTURE = ",".join(
    f"{fault}=0.02"
    for fault in (
        "429", "500", "503", "cut", "garbage", "html", "form", "wrong_type", "hang", "drip",
        "oversized", "reset",
    )
)  # fmt: skip


def project(folder: Folder, url: str) -> Folder:
    """Two prompts whose requests differ in every case; the vendor answers 5 % of them wrong."""
    suite = {"prompt": "old.prompt.yml", "cases": "cases.jsonl", "checks": [{"equals": "right"}]}
    policy = {"metrics": {"failure_rate": {"max_rise": 0.2}}}
    rows = [{"id": f"c{i:03}", "input": {"text": f"ticket {i}"}} for i in range(CASES)]
    prompts = {
        f"{side}.prompt.yml": json.dumps(
            {
                "model": "openai/stub-05",
                "baseUrl": f"{url}/v1",
                "messages": [{"role": "user", "content": f"{verb} {{{{text}}}}"}],
            }
        )
        for side, verb in (("old", "Read"), ("new", "Sort"))
    }
    config = {"version": 1, "suites": {"s": {**suite, "repeats": {"new": 1}}}, "policy": policy}
    return folder.write(
        {"gate.yaml": json.dumps(config), "cases.jsonl": cases_file(rows), **prompts}
    )


def judged(folder: Folder, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    done = folder.gate(*CHECK, *arguments)
    assert done.returncode == exit_code, done.stderr
    (suite,) = json.loads(done.stdout)["suites"]
    return dict(suite)


def verdict_of(suite: dict[str, Any]) -> tuple[str, object, object, object]:
    return suite["verdict"], suite["findings"], suite["failure_codes"], suite["cases_changed"]


def test_no_trial_is_lost_and_none_counted_twice_whatever_the_vendor_does(tmp_path) -> None:
    with BusyVendor(latency_ms=5) as clean:
        expected = judged(project(Folder(tmp_path / "clean"), clean.url), "--all-calls")
    with BusyVendor(latency_ms=5, faults=MIXTURE) as vendor:
        folder = project(Folder(tmp_path / "faults"), vendor.url)
        suite = judged(folder, "--all-calls", "--timeout", "1")
        seen = vendor.stats()
    assert suite["calls"]["missing"] == 0
    assert suite["calls"]["old_live"] == suite["calls"]["new_live"] == CASES
    assert suite["calls"]["retries"] == seen["requests"] - 2 * CASES > 0
    assert seen["paid_twice"] == 0
    assert verdict_of(suite) == verdict_of(expected)


@pytest.mark.parametrize("code", [401, 403])
def test_a_key_that_is_refused_in_the_middle_ends_the_run_at_once(tmp_path, code: int) -> None:
    with BusyVendor(latency_ms=5, faults=f"{code}@100,429=0.05,cut=0.05") as vendor:
        done = project(Folder(tmp_path / "p"), vendor.url).gate(*CHECK, "--all-calls")
        seen = vendor.stats()
    assert done.returncode == 4
    assert f"HTTP {code}" in done.stderr
    assert "repair: check the variable OPENAI_API_KEY" in done.stderr
    assert seen["requests"] <= 100 + WIDTH


def test_a_run_that_is_killed_again_and_again_pays_for_no_answer_twice(tmp_path) -> None:
    with BusyVendor(latency_ms=100) as vendor:
        expected = judged(project(Folder(tmp_path / "calm"), vendor.url), "--all-calls")
        vendor.reset()
        folder = project(Folder(tmp_path / "killed"), vendor.url)
        kills = [30, 70, 110, 150]
        for until in kills:
            kill_when(folder, lambda until=until: vendor.stats()["answered"] >= until)
        suite = judged(folder, "--all-calls")
        seen = vendor.stats()
    assert verdict_of(suite) == verdict_of(expected)
    assert suite["calls"]["recorded"] > 0
    # What was under way when a process died was answered unheard, and nothing else.
    assert seen["requests"] <= 2 * CASES + len(kills) * WIDTH


def kill_when(folder: Folder, is_time: Callable[[], bool]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gate", *CHECK, "--all-calls"],
        cwd=folder.path,
        stdout=subprocess.DEVNULL,
    ) as gate:
        while not is_time() and gate.poll() is None:
            time.sleep(0.005)
        time.sleep(0.05)  # answers that have just arrived may be on their way into the file
        gate.send_signal(signal.SIGKILL)
    assert gate.returncode == -signal.SIGKILL


def test_a_deadline_ends_the_run_as_incomplete_and_the_next_goes_on(tmp_path) -> None:
    with BusyVendor(latency_ms=100) as vendor:
        folder = project(Folder(tmp_path / "p"), vendor.url)
        done = folder.gate(*CHECK, "--all-calls", "--deadline", "0.5")
        assert done.returncode == 4, done.stderr
        assert "--deadline is reached" in done.stdout
        suite = judged(folder, "--all-calls")
        assert vendor.stats()["requests"] == 2 * CASES
    assert suite["calls"]["recorded"] > 0


def test_a_budget_of_money_that_nobody_can_count_is_refused(tmp_path) -> None:
    with BusyVendor() as vendor:
        done = project(Folder(tmp_path / "p"), vendor.url).gate(*CHECK, "--max-cost", "1")
        assert vendor.stats()["requests"] == 0
    assert done.returncode == 2
    assert "old.prompt.yml: --max-cost cannot be kept" in done.stderr or (
        "new.prompt.yml: --max-cost cannot be kept" in done.stderr
    )


def test_a_budget_of_money_is_not_exceeded_with_sixteen_under_way(tmp_path) -> None:
    with BusyVendor(latency_ms=5) as vendor:
        folder = project(Folder(tmp_path / "p"), vendor.url)
        for name in ("old.prompt.yml", "new.prompt.yml"):
            priced = {"price": {"input": 1000, "output": 1000}, "modelParameters": {"maxTokens": 9}}
            folder.write({name: json.dumps({**json.loads(folder.read(name)), **priced})})
        suite = judged(folder, "--all-calls", "--max-cost", "0.5", exit_code=4)
        calls = vendor.stats()["requests"]
    assert 0 < suite["cost_usd"] <= 0.5
    assert suite["calls"]["old_live"] + suite["calls"]["new_live"] == calls


def test_a_full_disk_is_one_clear_error_and_keeps_what_was_recorded(tmp_path) -> None:
    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    with BusyVendor(latency_ms=5) as vendor:
        folder = project(Folder(tmp_path / "p"), vendor.url)
        done = subprocess.run(
            [sys.executable, "-m", "gate", *CHECK, "--all-calls"],
            cwd=folder.path,
            capture_output=True,
            text=True,
            preexec_fn=small_disk,
            # A measurement of coverage would have no room for its own file.
            env={name: value for name, value in os.environ.items() if "COV" not in name},
            check=False,
        )
        assert done.returncode == 4, done.stderr
        assert "recordings.db: cannot be written: " in done.stderr
        assert "repair: make room on the disk" in done.stderr
        assert "Traceback" not in done.stderr
        vendor.reset()
        suite = judged(folder, "--all-calls")
        assert suite["calls"]["recorded"] > 0
        assert vendor.stats()["requests"] == 2 * CASES - suite["calls"]["recorded"]


@pytest.fixture
def open_folder() -> Iterator[Folder]:
    """A folder that another user may enter, which those of the tests are not."""
    path = Path(tempfile.mkdtemp(prefix="gate-test-"))
    path.chmod(0o755)
    yield Folder(path)
    (path / ".gate").chmod(0o755)
    shutil.rmtree(path)


# Runs the command as another user, because root may write everything; once as it is before, so
# that no module has to be found by someone who may not look for it.
AS_NOBODY = """
import os, sys
from pathlib import Path
from gate.cli import run
from gate.errors import GateError
arguments = sys.argv[1:]
sys.stdout, out = open(os.devnull, "w"), sys.stdout
run(arguments)
sys.stdout = out
for path in Path(".gate").iterdir():
    path.chmod(0o444)
Path(".gate").chmod(0o555)
if os.geteuid() == 0:
    os.seteuid(65534)
sys.exit(run(arguments))
"""


def test_in_a_folder_that_cannot_be_written_recordings_are_still_read(open_folder: Folder) -> None:
    with BusyVendor(latency_ms=1) as vendor:
        expected = judged(project(open_folder, vendor.url), "--all-calls")
        vendor.reset()
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, *CHECK, "--all-calls", "--offline"],
            cwd=open_folder.path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert verdict_of(json.loads(done.stdout)["suites"][0]) == verdict_of(expected)
        assert vendor.stats()["requests"] == 0
