"""Every ending has its exit code, and a crash of the gate is none of the user's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.cli import COMMANDS, run

if TYPE_CHECKING:
    from conftest import Folder

BROKEN_COMMAND = """
import click

@click.command()
def command():
    raise {error}
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A command of the gate that ends as a test says."""

    def install(error: str) -> list[str]:
        name = f"broken_{abs(hash(error))}"
        (tmp_path / f"{name}.py").write_text(BROKEN_COMMAND.format(error=error))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setitem(COMMANDS, "broken", (name, "Ends badly."))
        return ["broken"]

    return install


def test_a_defect_of_the_gate_ends_in_70_and_keeps_its_traceback_in_a_file(broken, capsys) -> None:
    assert run(broken("ZeroDivisionError('by hand')")) == 70
    error = capsys.readouterr().err
    assert "a defect of the gate, not of your change: ZeroDivisionError: by hand" in error
    assert "Traceback" not in error
    path = Path(error.rstrip().rpartition(" ")[2])
    assert "ZeroDivisionError: by hand" in path.read_text()
    path.unlink()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param("KeyboardInterrupt", 130, id="interrupted"),
        pytest.param("click.Abort", 130, id="aborted"),
        pytest.param("click.UsageError('no')", 2, id="usage"),
        pytest.param("click.exceptions.Exit(3)", 3, id="a-verdicts-exit-code"),
    ],
)
def test_every_ending_has_its_exit_code(broken, capsys, error: str, code: int) -> None:
    assert run(broken(error)) == code
    assert "Traceback" not in capsys.readouterr().err


def test_without_arguments_the_help_is_shown_and_the_exit_code_is_2(capsys) -> None:
    assert run([]) == 2
    assert "Usage: gate" in capsys.readouterr().err


def test_help_names_every_command_and_every_exit_code(capsys) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in [*COMMANDS, "70", "130"])


def test_a_reader_that_goes_away_is_no_regression(tmp_path: Path) -> None:
    """Standard output is a pipe that nobody reads any more; click alone would end in 1."""
    with subprocess.Popen(
        [sys.executable, "-m", "gate", "schema", "report"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 2


def test_a_full_disk_behind_standard_output_is_no_defect(folder: Folder) -> None:
    folder.write({"a.prompt.yml": "model: openai/m\nmessages: [{role: user, content: hi}]\n"})
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "gate",
                "check",
                "--old",
                "a.prompt.yml",
                "--new",
                "a.prompt.yml",
            ],
            cwd=folder.path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "standard output cannot be written: No space left on device" in done.stderr
