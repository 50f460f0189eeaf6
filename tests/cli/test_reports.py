"""Reports as they are handed over: where each goes, what it is shown on, and a stored one again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cli.project import (
    BROKEN,
    FAILURES_ONLY,
    FEW,
    IS_YES,
    MANY,
    all_broken,
    calls,
    judged,
    logged,
    run,
)
from conftest import Folder, prompt_file

from gate.reports.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

FILES = {each.file_name for each in FORMATS.values() if each.file_name}


@pytest.fixture
def changed(repo: Folder) -> Folder:
    """A change that breaks every answer."""
    return all_broken(repo)


def test_a_folder_takes_every_format_and_the_table_is_shown(changed: Folder) -> None:
    done = run(changed, "check", "--output", "out", "--quiet")
    assert done.returncode == 1
    assert {path.name for path in (changed.path / "out").iterdir()} == FILES
    assert done.stdout == changed.read("out/report.txt")
    assert done.stdout.startswith("FAIL: suite s: ")


def test_a_folder_takes_the_formats_that_are_named_and_nothing_is_shown(changed: Folder) -> None:
    done = run(changed, "check", "--output", "out", "--format", "json,markdown", "--quiet")
    assert (done.returncode, done.stdout) == (1, "")
    assert {path.name for path in (changed.path / "out").iterdir()} == {"report.json", "report.md"}


def test_annotations_act_on_standard_output_beside_files_and_table(changed: Folder) -> None:
    both = run(changed, "check", "--format", "table,github", "--quiet")
    table, _, annotations = both.stdout.partition("\n::")
    assert table.startswith("FAIL: ")
    assert annotations.startswith("error ")
    beside = run(changed, "check", "--format", "json,github", "--output", "out", "--quiet")
    assert beside.stdout.startswith("::error ")
    assert {path.name for path in (changed.path / "out").iterdir()} == {"report.json"}


@pytest.mark.parametrize("name", FORMATS)
def test_a_stored_report_is_rendered_again(changed: Folder, name: str) -> None:
    report = judged(changed, exit_code=1)
    changed.write({"result.json": json.dumps(report)})
    calls(changed)
    done = run(changed, "report", "result.json", "--format", name)
    assert (done.returncode, bool(calls(changed))) == (1, False)
    run(changed, "report", "result.json", "--output", "again")
    file_name = FORMATS[name].file_name
    if file_name:
        assert changed.read(f"again/{file_name}") == done.stdout
    if name == "json":
        assert json.loads(done.stdout) == report
    # The page holds the outputs packed.
    assert "indeed" in done.stdout or name == "html"


def test_a_stored_report_says_what_the_run_said(changed: Folder) -> None:
    first = run(changed, "check", "--output", "out", "--quiet")
    again = run(changed, "report", "out/report.json")
    assert (again.returncode, again.stdout) == (first.returncode, first.stdout)


def test_what_is_no_report_is_one_error(folder: Folder) -> None:
    folder.write({"result.json": '{"version": 1}', "broken.json": "{"})
    for name, says in (("result", "key "), ("broken", "not JSON"), ("none", "cannot be read")):
        done = run(folder, "report", f"{name}.json")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"gate: {name}.json: ")
        assert says in done.stderr


def test_a_run_that_could_not_look_tells_its_suites_and_rules(repo: Folder) -> None:
    files = logged(FEW, checks=IS_YES)
    repo.write({**files, "worker.py": "raise SystemExit(3)\n"}).commit()
    repo.write(BROKEN)
    done = run(repo, "check", "--format", "json", "--quiet")
    assert done.returncode == 4
    report = json.loads(done.stdout)
    assert (report["verdict"], report["exit_code"]) == ("incomplete", 4)
    assert report["policy"]["alpha"] == 0.05
    assert report["policy"]["source"].endswith(":gate.yaml")
    (suite,) = report["suites"]
    assert (suite["suite"], suite["verdict"], suite["cases"]) == ("s", "incomplete", len(FEW))
    assert sorted(suite["case_ids"]["not_asked"]) == sorted(FEW)
    assert "worker" in report["notes"][0]


def test_a_report_names_file_and_line_of_the_case_in_front_of_the_reader(repo: Folder) -> None:
    repo.write(logged(FEW, checks=IS_YES)).commit()
    rows = repo.read("fixtures/cases.jsonl").splitlines(keepends=True)
    repo.write({**BROKEN, "fixtures/cases.jsonl": "".join(["\n", *reversed(rows[1:])])})
    report = judged(repo, exit_code=0)
    places = {
        each["case"]: (each["path"], each["line"]) for each in report["suites"][0]["cases_changed"]
    }
    here = "fixtures/cases.jsonl"
    assert places == {"a": (here, 0), "b": (here, 3), "c": (here, 2)}


def test_paths_are_told_from_the_top_of_the_repository(tmp_path: Path) -> None:
    top = Folder(tmp_path / "repo").init()
    inner = Folder(top.path / "bots" / "mail").write(logged(MANY, FAILURES_ONLY, checks=IS_YES))
    top.commit()
    inner.write(BROKEN)
    report = judged(inner, exit_code=1)
    assert report["folder"] == "bots/mail/"
    done = run(inner, "check", "--format", "github", "--quiet")
    assert "file=bots/mail/fixtures/cases.jsonl,line=1" in done.stdout


GITHUB = {
    "GITHUB_SERVER_URL": "https://github.invalid",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "7",
}


@pytest.mark.parametrize(
    ("env", "link"),
    [
        pytest.param(GITHUB, "https://github.invalid/o/r/actions/runs/7", id="github"),
        pytest.param(
            {"CI_JOB_URL": "https://lab.invalid/j/1"}, "https://lab.invalid/j/1", id="lab"
        ),
        pytest.param({"CI_JOB_URL": "https://x) ![a](https://evil.invalid"}, "", id="no-address"),
        pytest.param({"CI_JOB_URL": "javascript:alert(1)"}, "", id="no-page"),
        pytest.param({}, "", id="nowhere"),
    ],
)
def test_a_comment_links_to_the_run_where_there_is_one(
    changed: Folder, env: dict[str, str], link: str
) -> None:
    changed.write({"result.json": json.dumps(judged(changed, exit_code=1))})
    text = run(changed, "report", "result.json", "--format", "markdown", **env).stdout
    assert (f"[The whole run]({link})" in text) is bool(link)
    assert "](" not in text.replace(f"({link})", "") or link


def test_explain_shows_the_place_and_the_words(changed: Folder) -> None:
    run(changed, "check", "--quiet")
    lines = run(changed, "explain", "s", "c02").stdout.splitlines()
    assert "stands at: fixtures/cases.jsonl:3" in lines
    at = lines.index("asked differently:")
    assert lines[at + 1 : at + 3] == [
        "  - user message: yes 2",
        "  + user message: yes 2{+ indeed+}",
    ]
    assert lines[-2:] == ["  - yes 2", "  + yes 2{+ indeed+}"]


def test_a_prompt_s_own_cases_are_told_with_their_lines(folder: Folder) -> None:
    rows = [{"answer": "yes 1"}, {"answer": "yes 2"}]
    old = prompt_file("{{answer}}", testData=rows, evaluators=_EQUALS)
    new = prompt_file("{{answer}} indeed", testData=rows, evaluators=_EQUALS)
    files = logged(FEW)
    folder.write({"worker.py": files["worker.py"], "old.prompt.yml": old, "new.prompt.yml": new})
    done = run(
        folder, "check", "--old", "old.prompt.yml", "--new", "new.prompt.yml", "--format", "json"
    )
    changed = json.loads(done.stdout)["suites"][0]["cases_changed"]
    assert {(each["path"], each["line"]) for each in changed} == {("old.prompt.yml", 1)}


_EQUALS = [
    {"name": "same", "string": {"endsWith": "1"}},
    {"name": "y", "string": {"contains": "y"}},
]


def test_a_drift_names_paths_from_the_top_of_the_repository(repo: Folder) -> None:
    inner = Folder(repo.path / "bots").write(logged(FEW, checks=IS_YES))
    run(inner, "refresh", "--quiet")
    repo.commit()
    done = run(inner, "drift", "--format", "json", "--quiet")
    report = json.loads(done.stdout)
    assert (report["folder"], report["policy"]["source"]) == ("bots/", "gate.yaml")


def test_files_that_cannot_be_written_leave_those_that_were_there(changed: Folder) -> None:
    run(changed, "check", "--output", "out", "--quiet")
    before = changed.read("out/report.md")
    (changed.path / "out" / "report.html").unlink()
    (changed.path / "out" / "report.html").mkdir()
    done = run(changed, "check", "--output", "out", "--quiet", "--all-calls")
    assert done.returncode == 2
    assert done.stdout.startswith("FAIL: suite s: ")
    assert "--output out: cannot be written: Is a directory: report.html" in done.stderr
    assert changed.read("out/report.md").startswith(before[:20])
    assert not [path for path in (changed.path / "out").iterdir() if path.name.startswith(".")]


def test_a_closed_standard_output_is_no_defect(changed: Folder) -> None:
    changed.write({"result.json": json.dumps(judged(changed, exit_code=1))})
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m gate report result.json --output out >&-', sys.executable],
        cwd=changed.path,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode != 70, done.stderr
    assert (changed.path / "out" / "report.json").exists()
