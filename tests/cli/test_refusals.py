"""What the gate refuses: the exit code, one error that names the place and the repair, no trace."""

from __future__ import annotations

import json
import socket

import pytest
from conftest import ECHO_WORKER, Folder, cases_file, config_file, echo_project, prompt_file

ANSWERS = {"a": "yes 1", "b": "yes 2", "c": "yes 3"}
CONFIG = """\
version: 1
suites:
  s:
    prompt: fixtures/s.prompt.yml
    cases: fixtures/cases.jsonl
    checks:
      - equals: yes
    repeats: {baseline: 2, new: 1}
"""
CHANGED = {"fixtures/s.prompt.yml": prompt_file("{{answer}} ")}
BASELINE_OF_ANOTHER = (
    '{"cases":0,"fingerprint":"f","format":"gate-baseline/1","model":"m",'
    '"recorded_at":"2026-01-01T00:00:00Z","repeats":1,"suite":"other","vendor_models":[]}\n'
)
DIES = "import sys\nprint('no such table: queue', file=sys.stderr)\nsys.exit(3)\n"
GARBAGE = "import sys\nfor line in sys.stdin:\n    print('loading model ...', flush=True)\n"


def project(repo: Folder) -> Folder:
    """Commit a project whose suite is affected by what stands in the worktree."""
    repo.write({**echo_project(ANSWERS), "gate.yaml": CONFIG}).commit()
    return repo.write(CHANGED)


def refused(
    folder: Folder, *arguments: str, exit_code: int, says: tuple[str, ...], env=None
) -> None:
    """Run the command and hold it to what every refusal promises."""
    before = folder.snapshot()
    done = folder.gate(*arguments, env=env)
    assert done.returncode == exit_code, done.stderr + done.stdout
    errors = [line for line in done.stderr.splitlines() if line.startswith("gate: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for needle in says:
        assert needle in done.stderr
    assert done.stdout == ""
    assert folder.snapshot() == before


def rows(*ids: str) -> str:
    return cases_file([{"id": case_id, "input": {"answer": "yes"}} for case_id in ids])


@pytest.mark.parametrize(
    ("files", "says"),
    [
        pytest.param(
            {"gate.yaml": "version: 1\nsuites:\n  s:\n    prompt: [a\n    cases: b\n"},
            ("gate.yaml:5: broken YAML", "repair: check indentation"),
            id="broken-yaml",
        ),
        pytest.param(
            {"gate.yaml": CONFIG.replace("checks:", "chekcs:")},
            ("gate.yaml:6: unknown key 'suites.s.chekcs'", "repair: did you mean 'checks'?"),
            id="unknown-key",
        ),
        pytest.param(
            {"gate.yaml": CONFIG.replace("prompt:", "# prompt:")},
            ("gate.yaml:3: suites.s: key 'prompt' is missing", "repair: add 'prompt'"),
            id="missing-key",
        ),
        pytest.param(
            {"gate.yaml": CONFIG.replace("new: 1", "new: many")},
            ("gate.yaml:8: suites.s.repeats.new: 'many' must be of type integer",),
            id="wrong-type",
        ),
        pytest.param(
            {"fixtures/s.prompt.yml": prompt_file(model="opnai/gpt-4o")},
            (
                "fixtures/s.prompt.yml: model 'opnai/gpt-4o': unknown provider 'opnai'",
                "providers: openai",
            ),
            id="unknown-provider",
        ),
        pytest.param(
            {"fixtures/cases.jsonl": None},
            ("fixtures/cases.jsonl: no such file", "repair: looked below"),
            id="missing-cases",
        ),
        pytest.param(
            {"gate.yaml": CONFIG.replace("equals: yes", "schema: fixtures/none.json")},
            ("gate.yaml:7: fixtures/none.json: no such file", "repair: looked below"),
            id="missing-schema",
        ),
        pytest.param(
            {"gate.yaml": CONFIG.replace("fixtures/s.prompt", "../s.prompt")},
            ("gate.yaml:4: ../s.prompt.yml: the path leads out of the folder", "repair: keep"),
            id="prompt-out-of-the-root",
        ),
        pytest.param(
            {"gate.yaml": CONFIG.replace("fixtures/cases", "/etc/cases")},
            ("gate.yaml:5: /etc/cases.jsonl: the path leads out of the folder", "repair: keep"),
            id="cases-out-of-the-root",
        ),
        pytest.param(
            {"gate.yaml": CONFIG.replace("equals: yes", "schema: ../x.json")},
            ("gate.yaml:7: ../x.json: the path leads out of the folder", "repair: keep"),
            id="schema-out-of-the-root",
        ),
        pytest.param(
            {"fixtures/cases.jsonl": rows("a", "b", "c", "a")},
            (
                "fixtures/cases.jsonl:4: case id 'a' stands already at fixtures/cases.jsonl:1",
                "repair: give each case an id of its own",
            ),
            id="duplicate-case-id",
        ),
        pytest.param(
            {"fixtures/cases.jsonl": "\n"},
            ("fixtures/cases.jsonl: no cases", "repair: an empty file judges nothing"),
            id="no-cases",
        ),
        pytest.param(
            {"fixtures/s.prompt.yml": prompt_file("{{anwser}}")},
            (
                "fixtures/s.prompt.yml: case ",
                "'anwser' is undefined",
                "repair: variables of this case: answer",
            ),
            id="undefined-variable",
        ),
        pytest.param(
            {"baselines/s.jsonl": BASELINE_OF_ANOTHER},
            (
                "baselines/s.jsonl:1: belongs to suite 'other'",
                "repair: restore the file from git, or run: gate refresh s",
            ),
            id="baseline-of-another-suite",
        ),
        pytest.param(
            {"baselines/s.jsonl": BASELINE_OF_ANOTHER[: len(BASELINE_OF_ANOTHER) // 2]},
            ("baselines/s.jsonl:1: the last line is cut short", "repair: restore the file"),
            id="baseline-cut-in-half",
        ),
        pytest.param(
            {".gate/recordings.db": b"no database, whatever its name says\n" * 40},
            (".gate/recordings.db: cannot be used for recordings", "repair: move the file away"),
            id="recordings-that-are-not-sqlite",
        ),
        pytest.param(
            {"fixtures/s.prompt.yml": prompt_file(model="openai/gpt-4o-mini")},
            ("needs the variable OPENAI_API_KEY", "repair: set it"),
            id="no-key-for-openai",
        ),
        pytest.param(
            {"fixtures/s.prompt.yml": prompt_file(model="anthropic/claude-3-5-haiku-latest")},
            ("needs the variable ANTHROPIC_API_KEY", "repair: set it"),
            id="no-key-for-anthropic",
        ),
    ],
)
def test_what_is_wrong_in_a_file_ends_in_2_and_is_named(repo: Folder, files, says) -> None:
    project(repo).write({name: text for name, text in files.items() if text is not None})
    for name, text in files.items():
        if text is None:
            (repo.path / name).unlink()
    refused(repo, "check", exit_code=2, says=says)
    for name, text in files.items():  # the recordings are not part of the snapshot
        assert text is None or (repo.path / name).read_bytes() == (
            text if isinstance(text, bytes) else text.encode()
        )


@pytest.mark.parametrize("name", ["fixtures/s.prompt.yml", "fixtures/cases.jsonl"])
def test_a_symlink_out_of_the_root_is_refused(repo: Folder, name: str) -> None:
    project(repo)
    outside = repo.path.parent / "outside"
    outside.write_bytes((repo.path / name).read_bytes())
    (repo.path / name).unlink()
    (repo.path / name).symlink_to(outside)
    says = (f"{name}: a symlink leads out of the folder of gate.yaml", "repair: copy the file")
    refused(repo, "check", exit_code=2, says=says)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        pytest.param(
            ("check", "--case", "zz*"),
            2,
            ("--case zz*: matches none of 3 cases", "repair: ids look like 'a'"),
            id="filter-that-matches-nothing",
        ),
        pytest.param(
            ("check", "--base", "no-such-branch"),
            4,
            ("the base 'no-such-branch' cannot be found", "git fetch origin no-such-branch"),
            id="base-that-is-not-there",
        ),
        pytest.param(
            ("check", "--old", "fixtures/s.prompt.yml"),
            2,
            ("--old and --new go together",),
            id="old-without-new",
        ),
        pytest.param(
            ("check", "--new", "fixtures/s.prompt.yml"),
            2,
            ("--old and --new go together",),
            id="new-without-old",
        ),
        pytest.param(
            ("check", "triag"),
            2,
            ("no suite 'triag'", "repair: suites: s"),
            id="unknown-suite",
        ),
        pytest.param(
            ("check", "--format", "tabel"),
            2,
            ("--format 'tabel': not one of table, json",),
            id="unknown-format",
        ),
        pytest.param(
            ("check", "--format", "table,json"),
            2,
            ("several formats need --output DIR",),
            id="several-formats-without-output",
        ),
        pytest.param(
            ("check", "--config", "other.yaml"),
            2,
            ("other.yaml: no such file",),
            id="config-that-is-not-there",
        ),
        pytest.param(("chekc",), 2, ("No such command 'chekc'",), id="unknown-command"),
        pytest.param(("check", "--ofline"), 2, ("No such option",), id="unknown-option"),
        pytest.param(
            ("refresh", "triag"), 2, ("gate.yaml: no suite 'triag'",), id="refresh-unknown-suite"
        ),
    ],
)
def test_a_command_line_that_cannot_be_followed_is_refused(
    repo: Folder, arguments, exit_code, says
) -> None:
    refused(project(repo), *arguments, exit_code=exit_code, says=says)


def test_several_suites_with_two_files_need_a_name(folder: Folder) -> None:
    files = echo_project(ANSWERS)
    suite = {"prompt": "fixtures/s.prompt.yml", "cases": "fixtures/cases.jsonl"}
    folder.write({**files, "gate.yaml": config_file({"s": suite, "t": suite})})
    folder.write({"new.prompt.yml": prompt_file("{{answer}}!")})
    two = ("--old", "fixtures/s.prompt.yml", "--new", "new.prompt.yml")
    says = ("--old/--new need one suite, gate.yaml has 2", "repair: name it: gate check s")
    refused(folder, "check", *two, exit_code=2, says=says)


def test_without_git_on_the_path_the_other_way_is_named(repo: Folder) -> None:
    nowhere = repo.path.parent / "empty"
    nowhere.mkdir()
    refused(
        project(repo),
        "check",
        env={"PATH": str(nowhere)},
        exit_code=2,
        says=("git is not installed", "repair: install it, or compare two files"),
    )


def test_a_check_needs_the_expectation_of_every_case(repo: Folder) -> None:
    files = echo_project({}, checks=[{"equals": {"expected": "queue"}}])
    cases = [
        {"id": "a", "input": {"answer": "yes"}, "expected": {"queue": "yes"}},
        {"id": "b", "input": {"answer": "yes"}, "expected": {"owner": "me"}},
    ]
    repo.write({**files, "fixtures/cases.jsonl": cases_file(cases)}).commit()
    repo.write(CHANGED)
    says = ("case 'b' has no 'expected.queue'", "the check 'equals' needs", "repair: add it")
    refused(repo, "check", exit_code=2, says=says)
    refused(repo, "validate", exit_code=2, says=says)


def test_a_missing_prompt_is_named_by_validate(repo: Folder) -> None:
    (project(repo).path / "fixtures/s.prompt.yml").unlink()
    says = ("fixtures/s.prompt.yml: no such file",)
    refused(repo, "validate", exit_code=2, says=says)


@pytest.mark.parametrize(
    ("worker", "says"),
    [
        pytest.param(
            DIES,
            ("the worker ended with exit code 3; it said:", "no such table: queue", "repair:"),
            id="dies-at-once",
        ),
        pytest.param(
            GARBAGE,
            ("not a response line: 'loading model ...", "repair: write one line of JSON"),
            id="writes-garbage",
        ),
        pytest.param(
            ECHO_WORKER.replace('request["id"]', '"other"'),
            ("answered request 'other', was asked 1", "repair: answer each request"),
            id="answers-another-request",
        ),
        pytest.param(
            ECHO_WORKER.replace('"output": text', '"answer": text'),
            ("not a response line: ", "'output'"),
            id="answers-without-output",
        ),
    ],
)
def test_a_worker_that_does_not_answer_ends_in_4(repo: Folder, worker: str, says) -> None:
    project(repo).write({"worker.py": worker})
    before = repo.snapshot()
    done = repo.gate("check", "--format", "json")
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    for needle in says:
        assert needle in done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"], report["exit_code"]) == ("incomplete", 4)
    assert repo.snapshot() == before


def test_a_command_that_does_not_exist_ends_in_4(repo: Folder) -> None:
    gone = prompt_file(model="command/no-such-program-here")
    repo.write({**echo_project(ANSWERS), "fixtures/s.prompt.yml": gone}).commit()
    repo.write({"worker.py": ECHO_WORKER + "\n"})
    says = ("command/no-such-program-here: cannot be started: No such file", "repair:")
    before = repo.snapshot()
    done = repo.gate("check", "--quiet")
    assert (done.returncode, done.stdout) == (4, "")
    assert all(needle in done.stderr for needle in says), done.stderr
    assert repo.snapshot() == before


@pytest.mark.parametrize(
    "worker",
    [
        pytest.param(
            """\
import json, os, sys
here = os.environ["WORKER_MARK"]
for line in sys.stdin:
    tries = os.path.getsize(here) if os.path.exists(here) else 0
    with open(here, "a") as mark:
        mark.write(".")
    if 1 <= tries <= 3:
        sys.exit("the database went away")
    key = "error" if tries else "output"
    print(json.dumps({"id": json.loads(line)["id"], key: "yes"}), flush=True)
""",
            id="dies-later-and-then-says-error",
        ),
        pytest.param(
            ECHO_WORKER.replace('"output": text', '"error": "no such ticket"'), id="says-error"
        ),
    ],
)
def test_answers_that_went_missing_and_could_decide_end_in_4(repo: Folder, worker: str) -> None:
    repo.write(echo_project(ANSWERS, repeats={"baseline": 10, "new": 1}))
    repo.write({"mark.txt": ""})
    assert repo.gate("refresh", "--quiet").returncode == 0
    repo.commit()
    repo.write({"worker.py": worker})
    before = repo.snapshot()
    done = repo.gate("check", env={"WORKER_MARK": str(repo.path.parent / "mark")})
    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stdout.startswith("INCOMPLETE: ")
    assert "answers are missing" in done.stdout
    assert "Traceback" not in done.stderr
    assert repo.snapshot() == before


def test_a_server_that_is_not_there_ends_in_4(folder: Folder) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    cases = [{"answer": str(number)} for number in range(3)]
    for name in ("old", "new"):
        text = prompt_file(f"{name} {{{{answer}}}}", model="openai/m", baseUrl=url, testData=cases)
        folder.write({f"{name}.prompt.yml": text})
    before = folder.snapshot()
    done = folder.gate("check", "--old", "old.prompt.yml", "--new", "new.prompt.yml")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "5 calls in a row were not answered" in done.stderr
    assert url in done.stderr
    assert "repair: see that the server runs" in done.stderr
    assert "Traceback" not in done.stderr
    assert folder.snapshot() == before


def test_a_call_that_hangs_costs_one_time_out_and_no_pass(repo: Folder) -> None:
    project(repo).write({"worker.py": "import sys\nfor line in sys.stdin:\n    pass\n"})
    done = repo.gate("check", "--timeout", "0.3", "--case", "a")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "1 answers are missing (timeout 1)" in done.stdout
    assert "Traceback" not in done.stderr
