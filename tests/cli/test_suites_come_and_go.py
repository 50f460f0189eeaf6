"""Suites and prompts that a change removes, moves or adds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli.project import BROKEN, FEW, IS_YES, MANY, calls, judged, logged, run, with_config

if TYPE_CHECKING:
    from conftest import Folder


@pytest.mark.parametrize("retired", [False, True])
@pytest.mark.parametrize("gone", ["suite", "prompt"])
def test_a_suite_or_prompt_may_go_only_after_it_was_retired(
    repo: Folder, gone: str, *, retired: bool
) -> None:
    files = logged(FEW, retired=retired)
    repo.write(files).commit()
    if gone == "suite":
        repo.write(with_config(files, suites={}))
    else:
        (repo.path / "fixtures/s.prompt.yml").unlink()
    done = run(repo, "check")
    if retired:
        assert done.returncode == 0, done.stderr
        assert "note: suite s is retired" in done.stdout
    else:
        assert (done.returncode, done.stdout) == (4, "")
        assert "suite 's'" in done.stderr
        assert "repair: put it back" in done.stderr
    assert not calls(repo)


def test_retired_in_the_change_itself_has_no_effect(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    repo.write({"gate.yaml": logged(FEW, retired=True)["gate.yaml"]})
    (repo.path / "fixtures/s.prompt.yml").unlink()
    assert run(repo, "check").returncode == 4


def test_a_renamed_prompt_is_judged_with_the_heads_file(repo: Folder) -> None:
    repo.write(logged(MANY, checks=IS_YES)).commit()
    (repo.path / "fixtures/s.prompt.yml").rename(repo.path / "fixtures/old.yml")
    repo.write({"fixtures/renamed.prompt.yml": BROKEN["fixtures/s.prompt.yml"]})
    moved = logged(MANY, checks=IS_YES, prompt="fixtures/renamed.prompt.yml")
    repo.write({"gate.yaml": moved["gate.yaml"]})
    (suite,) = judged(repo, "--all-calls", exit_code=1)["suites"]
    assert suite["failure_codes"]["new"] == {"regex": 30}


def test_a_new_suite_is_named_and_not_judged(repo: Folder) -> None:
    files = logged(FEW)
    repo.write(files).commit()
    suites = json.loads(files["gate.yaml"])["suites"]
    repo.write(with_config(files, suites={**suites, "t": suites["s"]}))
    report = judged(repo, exit_code=0)
    note = "suite t is new: no base to judge it by; next: gate refresh t"
    assert note in report["notes"]
    assert not calls(repo)
