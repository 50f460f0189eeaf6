"""The commands that reports name are those that do it."""

from __future__ import annotations

import shlex

from cli.project import BROKEN, FAILURES_ONLY, FEW, IS_YES, MANY, all_broken, logged, run
from conftest import Folder, prompt_file


def test_the_command_that_is_named_next_names_the_base(repo: Folder) -> None:
    changed = all_broken(repo)
    changed.commit()
    table = run(changed, "check", "--base", "HEAD~1", "--quiet").stdout
    (line,) = [each for each in table.splitlines() if each.startswith("next: ")]
    arguments = shlex.split(line.removeprefix("next: gate "))
    assert arguments[-2:] == ["--base", "HEAD~1"]
    shown = run(changed, *arguments)
    assert shown.stdout.startswith(f"suite s, case {arguments[2]}: regressed")


def test_the_command_that_is_named_next_names_the_configuration(repo: Folder) -> None:
    Folder(repo.path / "bots").write(logged(MANY, FAILURES_ONLY, checks=IS_YES))
    repo.commit()
    Folder(repo.path / "bots").write(BROKEN)
    table = run(repo, "check", "--config", "bots/gate.yaml", "--quiet").stdout
    (line,) = [each for each in table.splitlines() if each.startswith("next: ")]
    shown = run(repo, *shlex.split(line.removeprefix("next: gate ")))
    assert shown.returncode == 0, shown.stderr
    assert ": regressed" in shown.stdout.splitlines()[0]


def test_explain_says_how_to_ask_for_what_is_missing(folder: Folder) -> None:
    files = logged(FEW)
    folder.write({**files, "new.prompt.yml": prompt_file("{{answer}} indeed")})
    sides = ("--old", "fixtures/s.prompt.yml", "--new", "new.prompt.yml")
    done = run(folder, "explain", "s", "b", *sides)
    (hint, again) = [
        line.partition("run: gate ")[2] for line in done.stdout.splitlines() if "run: " in line
    ]
    assert hint == again == f"check --all-calls --case b {' '.join(sides)}"
    run(folder, *shlex.split(hint), "--quiet")
    assert "no recorded answer" not in run(folder, "explain", "s", "b", *sides).stdout
