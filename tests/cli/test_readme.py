"""Every command block of the README is run here, or by .ci/run (the test command)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cli.in_process import gate_in_process
from conftest import echo_project, prompt_file

from gate.core.report import FieldChange
from gate.reports.diff_lines import diff_lines
from gate.reports.formats import FORMATS
from gate.store.config import read_config
from gate.store.worktree import WorkTree

if TYPE_CHECKING:
    from conftest import Folder

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
IDENTITY = {
    f"GIT_{who}_{what}": "t@example.invalid"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


def block(start: str) -> list[str]:
    (found,) = [text for text in BLOCKS if start in text]
    return found.strip().splitlines()


def demonstration(folder: Folder) -> None:
    for name in ("fixtures", "baselines", "gate.yaml"):
        source, target = ROOT / name, folder.path / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)


def gate_arguments(line: str) -> list[str]:
    return re.split(r"\S*gate ", line, maxsplit=1)[1].split()


def test_there_is_no_command_block_that_nobody_runs() -> None:
    assert len(BLOCKS) == 9
    assert "<!-- test command -->\n```sh\n" in README  # .ci/run looks for it


def test_the_configuration_in_the_readme_is_valid(folder: Folder) -> None:
    (config,) = re.findall(r"^```yaml\n(version: 1.*?)^```$", README, re.MULTILINE | re.DOTALL)
    shutil.copytree(ROOT / "fixtures", folder.path / "fixtures")
    done = folder.write({"gate.yaml": config}).gate("validate")
    assert done.returncode == 0, done.stderr


def test_the_error_in_the_readme_is_what_the_gate_prints(folder: Folder) -> None:
    text = (ROOT / "gate.yaml").read_text(encoding="utf-8")
    done = folder.write({"gate.yaml": text.replace("    prompt:", "    promt:", 1)}).gate(
        "validate"
    )
    (shown,) = re.findall(
        r"^```text\n(gate: gate.yaml:5:.*?)^```$", README, re.MULTILINE | re.DOTALL
    )
    assert done.returncode == 2
    assert done.stderr == shown


def test_the_commands_for_github_and_its_tables_are_those_of_the_action(repo: Folder) -> None:
    (line,) = block("gate init --github")
    done = gate_in_process(repo, *gate_arguments(line))
    assert done.returncode == 0, done.stderr
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    section = README.split("\n### On GitHub\n")[1].split("\n### ")[0]
    for kind in ("input", "output"):
        table = section.split(f"| {kind} |")[1].split("\n\n")[0]
        first = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        named = [name for cell in first for name in re.findall(r"`([\w-]+)`", cell)]
        assert sorted(named) == sorted(action[f"{kind}s"])
    written = {path.name for path in (repo.path / ".github/workflows").iterdir()}
    assert set(re.findall(r"^\| `(gate[\w-]*\.yml)`", section, re.MULTILINE)) == written


def test_what_the_readme_says_of_waivers_is_a_configuration(folder: Folder) -> None:
    (waivers,) = re.findall(r"^```yaml\n(waivers:.*?)^```$", README, re.MULTILINE | re.DOTALL)
    folder.write({"gate.yaml": f"version: 1\nsuites: {{}}\n{waivers}"})
    config = read_config(WorkTree(folder.path))
    assert (config.waivers[0].segment, config.waivers[0].owner) == ("topic=billing", "ada")


def test_the_matrix_in_the_readme_replays_in_parts_and_merges_them(repo: Folder) -> None:
    (text,) = re.findall(r"^```yaml\n(name: gate.*?)^```$", README, re.MULTILINE | re.DOTALL)
    jobs = yaml.safe_load(text)["jobs"]
    assert (jobs["gate"]["needs"], jobs["gate"]["if"]) == ("replay", "always()")
    parts = jobs["replay"]["strategy"]["matrix"]["shard"]
    # What the Action makes of the two is tried in tests/action.
    assert given(jobs["replay"]) == {"shard": f"${{{{ matrix.shard }}}}/{len(parts)}"}
    assert given(jobs["gate"]) == {"command": "merge"}
    lines = [f"gate check --shard {part}/{len(parts)} --output shards" for part in parts]
    answers = {f"c{i:03}": f"yes {i}" for i in range(1000)}
    repo.write(echo_project(answers, repeats={"baseline": 1, "new": 1})).commit()
    repo.write({"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed")})
    said = [
        (line, gate_in_process(repo, *gate_arguments(line), "--quiet").stdout) for line in lines
    ]
    line, third = said[2]
    assert third == shown_after(line)
    merge = third.strip().rpartition(": ")[2]
    done = gate_in_process(repo, *gate_arguments(merge))
    assert "note: merged from 8 shards" in done.stdout
    assert done.returncode in {0, 1}, done.stderr


def test_the_commands_on_reports_write_what_the_table_of_formats_says(repo: Folder) -> None:
    repo.write(echo_project({"a": "We will refund your order within five days."})).commit()
    repo.write(
        {"fixtures/s.prompt.yml": prompt_file("We will not refund your order within 5 days.")}
    )
    (write,), (again,) = block("gate check --output"), block("gate report")
    done = gate_in_process(repo, *gate_arguments(write), "--quiet")
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| ", _section("## Reports"), re.MULTILINE)
    assert [name for name, _ in rows] == list(FORMATS)
    files = {file.strip("`") for _, file in rows if file.startswith("`")}
    assert {path.name for path in (repo.path / "report").iterdir()} == files
    comment = gate_in_process(repo, *gate_arguments(again))
    assert comment.stdout == repo.read("report/report.md")
    assert comment.returncode == done.returncode


def test_the_words_in_the_readme_are_marked_as_the_table_marks_them() -> None:
    (shown,) = re.findall(r"^```text\n(    - reply.*?)^```$", README, re.MULTILINE | re.DOTALL)
    old, new = (
        f"We will {words} days."
        for words in ("refund your order within five", "not refund your order within 5")
    )
    change = FieldChange(path="reply", old=old, new=new)
    assert shown == "".join(f"    {line}\n" for line in diff_lines([change], longest=160, most=4))


def _section(heading: str) -> str:
    return README.split(f"\n{heading}\n")[1].split("\n## ")[0]


def given(job: dict[str, Any]) -> dict[str, Any]:
    """What a job gives the Action."""
    return next(step["with"] for step in job["steps"] if step["uses"].startswith("OWNER/"))


def shown_after(command: str) -> str:
    """What the README shows below a command in a text block."""
    (text,) = re.findall(
        rf"^```text\n\$ {re.escape(command)}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL
    )
    return text


@pytest.mark.parametrize(
    "command",
    [
        "gate plan --old fixtures/triage/triage.prompt.yml "
        "--new fixtures/triage/harmless.prompt.yml",
        "gate certify triage",
    ],
)
def test_what_the_readme_shows_of_the_demonstration_is_what_is_printed(
    folder: Folder, command: str
) -> None:
    demonstration(folder)
    done = folder.gate(*gate_arguments(command))
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown_after(command)


def test_the_lines_for_a_notebook_print_what_the_readme_shows() -> None:
    code, shown = re.findall(
        r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", README, re.MULTILINE | re.DOTALL
    )[0]
    assert sum(bool(line) for line in code.splitlines()) <= 10
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == shown


def test_the_simulation_runs_and_tells_a_reach_that_is_missed() -> None:
    (command,) = re.findall(r"`python (tests/bench/simulate_verdict\.py)`", README)
    done = subprocess.run(
        [sys.executable, str(ROOT / command), "--only", "stopping", "--runs", "20"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    assert "| configuration " in done.stdout


@pytest.mark.model
def test_the_main_command_shows_the_regression(folder: Folder) -> None:
    line = block("candidate.prompt.yml")[0]
    demonstration(folder)
    done = folder.gate(*gate_arguments(line.rpartition("&& ")[2]), timeout=600)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("FAIL: suite triage: ")
    shown = re.findall(r"^```text\n(FAIL: suite .*?)^```$", README, re.MULTILINE | re.DOTALL)
    (picture,) = [text for text in shown if text.startswith("FAIL: suite triage: ")]
    assert headings(done.stdout) == headings(picture)


def headings(report: str) -> list[str]:
    (line,) = [line for line in report.splitlines() if line.startswith("metric ")]
    return line.split()


@pytest.mark.model
def test_the_starting_project_runs_from_init_to_check(repo: Folder) -> None:
    for line in block("gate init\n"):
        if line.startswith("git "):
            repo.git("add", ".")
            repo.git("commit", "--quiet", "-m", "put the prompt under the gate")
            continue
        done = repo.gate(*gate_arguments(line), env=IDENTITY, timeout=300)
        assert done.returncode == 0, done.stderr
    assert "suite tickets: not affected" in done.stdout
    prompt = repo.read("fixtures/tickets/tickets.prompt.yml")
    edited = prompt.replace("Answer as JSON.", "Answer as JSON, please.")
    assert edited != prompt
    repo.write({"fixtures/tickets/tickets.prompt.yml": edited})
    judged = repo.gate("check", "--all-calls", "--format", "json", timeout=300)
    (suite,) = json.loads(judged.stdout)["suites"]
    assert judged.returncode in {0, 1}
    assert suite["calls"]["new_live"] == 36
    # A fail calls old again.
    assert suite["calls"]["old_live"] == (36 if suite["confirmation"] else 0)


@pytest.mark.model
def test_two_prompt_files_are_compared_without_a_configuration(folder: Folder) -> None:
    prompt = {
        "model": "local/smollm2-135m",
        "modelParameters": {"temperature": 0, "maxTokens": 8},
        "messages": [{"role": "user", "content": "Say {{word}}."}],
        "testData": [{"word": "yes"}, {"word": "no"}],
        "evaluators": [{"name": "says something", "string": {"contains": " "}}],
    }
    old = json.dumps(prompt)
    folder.write({"old.prompt.yml": old, "new.prompt.yml": old.replace("Say {{", "Please say {{")})
    (line,) = block("--old old.prompt.yml")
    done = folder.gate(*gate_arguments(line), timeout=300)
    assert done.returncode in {0, 1}, done.stderr
    assert "suite old: " in done.stdout
