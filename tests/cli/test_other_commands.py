"""Explain, init, validate, schema and help."""

from __future__ import annotations

import json
import sys

from cli.project import BROKEN, FEW, IS_YES, calls, logged, run
from conftest import Folder, cases_file, config_file
from jsonschema import Draft202012Validator


def test_explain_shows_both_sides_of_a_case(repo: Folder) -> None:
    repo.write(logged(FEW, checks=IS_YES)).commit()
    repo.write(BROKEN)
    done = run(repo, "explain", "s", "b")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("suite s, case b: unscored\n")
    assert done.stdout.count("no recorded answer; run: gate check") == 2
    assert not calls(repo)

    assert run(repo, "check").returncode == 0
    calls(repo)
    lines = run(repo, "explain", "s", "b").stdout.splitlines()
    assert lines[0] == "suite s, case b: regressed"
    assert "  answer: yes 2" in lines
    old, new = (
        next(i for i, line in enumerate(lines) if line.startswith(f"{side}: "))
        for side in ("old", "new")
    )
    assert "fixtures/s.prompt.yml" in lines[old]
    assert "  1 of 1 trials, usable, override " in "\n".join(lines[old:new])
    assert "    yes 2" in lines[old:new]
    assert "  1 of 1 trials, fails: regex, override " in "\n".join(lines[new:])
    assert "    yes 2 indeed" in lines[new:]
    assert lines[-3:] == ["differs:", "  - yes 2", "  + yes 2{+ indeed+}"]
    assert not calls(repo)

    unknown = run(repo, "explain", "s", "bb")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "suite 's' has no case 'bb'" in unknown.stderr
    assert "repair: ids look like 'a'" in unknown.stderr
    assert run(repo, "explain", "t", "b").returncode == 2


def test_explain_of_an_unaffected_suite_says_so(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    done = run(repo, "explain", "s", "a")
    assert (done.returncode, done.stdout) == (2, "")
    assert "suite 's' is not affected" in done.stderr


def test_init_writes_a_project_once_and_then_refuses(repo: Folder) -> None:
    repo.write({".gitignore": "dist/\n"})
    done = run(repo, "init")
    assert done.returncode == 0, done.stderr
    assert "wrote gate.yaml" in done.stdout
    assert "next:" in done.stdout
    assert repo.read(".gitignore") == "dist/\n.gate/\n"
    assert (repo.path / ".github/workflows/gate.yml").is_file()
    assert run(repo, "validate").returncode == 0

    before = repo.snapshot()
    again = run(repo, "init")
    assert (again.returncode, again.stdout) == (2, "")
    assert "is here already; nothing was written" in again.stderr
    assert repo.snapshot() == before


def test_validate_says_of_each_suite_where_it_stands(repo: Folder) -> None:
    repo.write(logged(FEW, checks=IS_YES))
    model = f"command/{sys.executable} worker.py"
    start = f"s: 3 cases, 1 checks, {model}; "
    assert run(repo, "validate").stdout == f"{start}no baseline, next: gate refresh s\n"
    assert not calls(repo)
    assert run(repo, "refresh").returncode == 0
    day = json.loads(repo.read("baselines/s.jsonl").splitlines()[0])["recorded_at"][:10]
    assert run(repo, "validate").stdout == f"{start}baseline of {day} is complete\n"
    rows = [{"id": key, "input": {"answer": text}} for key, text in {**FEW, "c": "yes 9"}.items()]
    repo.write({"fixtures/cases.jsonl": cases_file(rows)})
    assert run(repo, "validate").stdout == (
        f"{start}baseline covers 2 of them, next: gate refresh s\n"
    )


def test_schema_prints_schemas_that_accept_what_the_gate_reads(folder: Folder) -> None:
    folder.path.mkdir()
    config = json.loads(run(folder, "schema", "config").stdout)
    Draft202012Validator.check_schema(config)
    suite = {"s": {"prompt": "s.prompt.yml", "checks": [{"not_regex": "x"}]}}
    Draft202012Validator(config).validate(json.loads(config_file(suite)))
    assert not Draft202012Validator(config).is_valid({"version": 1, "suites": {}, "suits": {}})
    case = json.loads(run(folder, "schema", "case").stdout)
    Draft202012Validator(case).validate({"id": "a", "input": "text"})
    assert not Draft202012Validator(case).is_valid({"input": "no id"})
    assert run(folder, "schema", "verdict").returncode == 2


def test_help_is_help_and_no_command_is_an_error(folder: Folder) -> None:
    folder.path.mkdir()
    bare = folder.gate()
    assert (bare.returncode, bare.stdout) == (2, "")
    assert "Usage: gate" in bare.stderr
    asked = folder.gate("--help")
    assert asked.returncode == 0
    assert "Exit codes:" in asked.stdout
    assert folder.gate("check", "--help").returncode == 0
