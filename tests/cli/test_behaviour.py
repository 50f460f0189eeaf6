"""What the gate does, run as its users run it: real repositories and a real worker."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest
from conftest import ECHO_WORKER, Folder, cases_file, config_file, echo_project, prompt_file
from jsonschema import Draft202012Validator

# As the echo worker, and notes each answer, so that a test counts what was called.
LOG_WORKER = """\
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    text = request["messages"][-1]["content"]
    time.sleep(float(os.environ.get("WORKER_PAUSE_S", "0")))
    with open(os.environ["WORKER_LOG"], "a") as log:
        log.write(text + "\\n")
    print(json.dumps({"id": request["id"], "output": text, "input_tokens": 10,
                      "output_tokens": len(text)}), flush=True)
"""
FAILURES_ONLY = {"metrics": {"failure_rate": {"max_rise": 0.01}}}
MANY = {f"c{i:02}": f"yes {i}" for i in range(30)}
FEW = {"a": "yes 1", "b": "yes 2", "c": "yes 3"}
IS_YES = [{"regex": r"^yes \d+$"}]
BROKEN = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed")}
HARMLESS = {"fixtures/s.prompt.yml": prompt_file(modelParameters={"temperature": 0})}


def logged(answers: dict[str, str], policy=None, **suite: object) -> dict[str, str | bytes]:
    """Files of a project whose worker notes its calls."""
    files = echo_project(answers, **suite)
    config = json.loads(files["gate.yaml"])
    if policy is not None:
        config["policy"] = policy
    return {**files, "worker.py": LOG_WORKER, "gate.yaml": json.dumps(config)}


def log_of(folder: Folder):
    return folder.path.parent / "calls.log"


def run(folder: Folder, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command; no ending may show a trace."""
    done = folder.gate(*arguments, env={"WORKER_LOG": str(log_of(folder)), **env})
    assert "Traceback" not in done.stderr
    return done


def calls(folder: Folder) -> Counter[str]:
    """Texts that workers answered since the last look, with their numbers."""
    log = log_of(folder)
    found = Counter(log.read_text().splitlines()) if log.exists() else Counter()
    log.unlink(missing_ok=True)
    return found


def report_of(done: subprocess.CompletedProcess[str]) -> dict:
    return json.loads(done.stdout)


def judged(folder: Folder, *arguments: str, exit_code: int) -> dict:
    """Run check and return its JSON report."""
    done = run(folder, "check", "--format", "json", *arguments)
    assert done.returncode == exit_code, done.stdout + done.stderr
    report = report_of(done)
    assert report["exit_code"] == exit_code
    return report


def failure_rate(suite: dict) -> dict:
    (finding,) = [each for each in suite["findings"] if each["id"] == "failure-rate-rise"]
    return finding


def test_a_rise_that_no_failed_case_explains_is_shown(repo: Folder) -> None:
    repo.write(logged(MANY)).commit()  # no checks: nothing fails, but the text is another
    repo.write(BROKEN)
    done = run(repo, "check")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("FAIL: suite s: ")
    assert "cases: all unchanged" in done.stdout


# --- what is replayed ---------------------------------------------------------------------------


def test_nothing_affected_passes_and_calls_nothing(repo: Folder) -> None:
    repo.write(logged(MANY)).commit()
    silent = {"description": "what cannot change an answer", "price": {"input": 1, "output": 2}}
    repo.write({"README.md": "new", "fixtures/s.prompt.yml": prompt_file(**silent)})
    done = run(repo, "check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PASS: nothing to judge\n\nsuite s: not affected\n")
    assert "0 calls, 0 recorded answers" in done.stdout
    assert not calls(repo)


def test_only_the_affected_suite_is_replayed(repo: Folder) -> None:
    files = logged(FEW)
    config = json.loads(files["gate.yaml"])
    config["suites"]["t"] = {**config["suites"]["s"], "prompt": "fixtures/t.prompt.yml"}
    prompts = {"fixtures/t.prompt.yml": prompt_file("t {{answer}}")}
    repo.write({**files, **prompts, "gate.yaml": json.dumps(config)}).commit()
    repo.write({"fixtures/t.prompt.yml": prompt_file("new t {{answer}}")})
    report = judged(repo, exit_code=0)
    verdicts = {suite["suite"]: suite["verdict"] for suite in report["suites"]}
    assert verdicts == {"s": "not_affected", "t": "inconclusive"}
    assert calls(repo) == Counter(
        [*(f"t {text}" for text in FEW.values()), *(f"new t {text}" for text in FEW.values())]
    )
    assert [suite["suite"] for suite in judged(repo, "s", exit_code=0)["suites"]] == ["s"]


def test_a_filter_replays_the_cases_that_it_names(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    repo.write(BROKEN)
    assert judged(repo, "--case", "[ab]", exit_code=0)["suites"][0]["cases"] == 2
    assert calls(repo) == Counter(["yes 1", "yes 2", "yes 1 indeed", "yes 2 indeed"])


def test_a_regression_fails_and_the_same_run_again_calls_nothing(repo: Folder) -> None:
    repo.write(logged(MANY, checks=IS_YES)).commit()
    repo.write(BROKEN)
    first = judged(repo, exit_code=1)
    schema = json.loads(run(repo, "schema", "report").stdout)
    Draft202012Validator(schema).validate(first)
    (suite,) = first["suites"]
    assert suite["trials"] == {"old": 30, "new": 30}
    assert suite["calls"]["old_live"] == suite["calls"]["new_live"] == 30
    assert suite["failure_codes"] == {"old": {}, "new": {"regex": 30}}
    assert (failure_rate(suite)["old"], failure_rate(suite)["new"]) == (0.0, 1.0)
    assert calls(repo).total() == 60

    again = judged(repo, exit_code=1)
    assert not calls(repo)
    assert again["suites"][0]["calls"]["recorded"] == 60
    assert again["suites"][0]["calls"]["old_live"] == again["suites"][0]["calls"]["new_live"] == 0
    assert failure_rate(again["suites"][0]) == failure_rate(suite)

    table = run(repo, "check", "--offline")
    assert table.returncode == 1
    assert table.stdout.startswith("FAIL: suite s: failures rose from 0.0 % to 100.0 % ")
    lines = table.stdout.splitlines()
    assert any(line.split()[:5] == ["failures", "all", "30", "0.0", "%"] for line in lines)
    assert "cases: 30 regressed, 0 unchanged" in lines
    assert "  c00    failures 0/1 -> 1/1  regex" in lines
    assert "    - yes 0" in lines
    assert "    + yes 0 indeed" in lines
    assert "next: gate explain s c00" in lines
    assert not calls(repo)


def test_offline_with_something_missing_ends_in_4(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    repo.write(BROKEN)
    done = run(repo, "check", "--offline")
    assert (done.returncode, done.stdout) == (4, "")
    assert "suite 's': 6 answers are not recorded" in done.stderr
    assert "repair: run once without --offline" in done.stderr
    report = judged(repo, "--offline", exit_code=4)
    assert report["verdict"] == "incomplete"
    assert "6 answers are not recorded" in report["notes"][0]
    schema = json.loads(run(repo, "schema", "report").stdout)
    Draft202012Validator(schema).validate(report)
    assert not calls(repo)


def test_output_holds_one_file_a_format(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    done = run(repo, "check", "--format", "table,json", "--output", "out/reports")
    assert (done.returncode, done.stdout) == (0, "")
    assert repo.read("out/reports/report.txt").startswith("PASS: nothing to judge")
    assert json.loads(repo.read("out/reports/report.json"))["verdict"] == "pass"


def test_a_request_that_the_change_leaves_alone_is_called_once_a_case(repo: Folder) -> None:
    # Two cases that ask the same stay two trials: one answer for both would count twice.
    same = {"a": "yes 1", "b": "yes 1"}
    repo.write(logged(same, repeats={"baseline": 2, "new": 1})).commit()
    # The template's text changes, what it renders does not.
    repo.write({"fixtures/s.prompt.yml": prompt_file("{{ answer }}")})
    report = judged(repo, exit_code=0)
    assert report["suites"][0]["cases_changed"] == []
    assert calls(repo) == Counter(["yes 1", "yes 1"])


# --- baselines ----------------------------------------------------------------------------------


def test_refresh_approves_the_old_side_and_check_calls_only_the_new(repo: Folder) -> None:
    repo.write(logged(FEW))
    done = run(repo, "refresh")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "baselines/s.jsonl: 3 cases, 6 trials, 6 calls; 0.0 % fail\n"
    assert calls(repo) == Counter({"yes 1": 2, "yes 2": 2, "yes 3": 2})
    head, *rows = map(json.loads, repo.read("baselines/s.jsonl").splitlines())
    assert (head["suite"], head["cases"], head["repeats"]) == ("s", 3, 2)
    assert [row["case"] for row in rows] == ["a", "b", "c"]
    assert [trial["output"] for trial in rows[1]["trials"]] == ["yes 2", "yes 2"]
    repo.commit()

    repo.write(BROKEN)
    before = repo.snapshot()
    (suite,) = judged(repo, exit_code=0)["suites"]
    assert suite["trials"] == {"old": 6, "new": 3}
    assert suite["calls"]["old_live"] == 0
    assert calls(repo) == Counter(["yes 1 indeed", "yes 2 indeed", "yes 3 indeed"])
    assert repo.snapshot() == before  # check never writes a baseline

    again = run(repo, "refresh", "s")
    assert "baselines/s.jsonl: 3 cases, 6 trials, 3 calls; 0.0 % fail (0.0 % before)" in (
        again.stdout
    )
    assert calls(repo).total() == 3


def test_a_baseline_of_another_prompt_is_not_the_old_side(repo: Folder) -> None:
    repo.write(logged(FEW))
    assert run(repo, "refresh").returncode == 0
    repo.write({"fixtures/s.prompt.yml": prompt_file("{{answer}}, please")})
    repo.commit()
    calls(repo)
    repo.write(BROKEN)
    (suite,) = judged(repo, exit_code=0)["suites"]
    assert suite["calls"]["old_live"] == 3
    assert calls(repo)["yes 1, please"] == 1


def test_refresh_only_new_calls_what_has_no_baseline(repo: Folder) -> None:
    repo.write(logged(FEW))
    assert run(repo, "refresh").returncode == 0
    first = repo.read("baselines/s.jsonl").splitlines()
    (repo.path / ".gate/recordings.db").unlink()
    calls(repo)
    more = {**FEW, "d": "yes 4"}
    rows = [{"id": key, "input": {"answer": text}} for key, text in more.items() if key != "a"]
    repo.write({"fixtures/cases.jsonl": cases_file(rows)})
    done = run(repo, "refresh", "--only-new")
    assert done.returncode == 0, done.stderr
    assert "3 cases, 6 trials, 2 calls" in done.stdout
    assert "  no longer a case: a\n  new: d\n" in done.stdout
    assert calls(repo) == Counter({"yes 4": 2})
    assert repo.read("baselines/s.jsonl").splitlines()[1:3] == first[2:4]


def test_a_refresh_with_an_answer_missing_writes_nothing(repo: Folder) -> None:
    repo.write(logged(FEW))
    assert run(repo, "refresh").returncode == 0
    refuses_b = LOG_WORKER.replace('"output": text', '"error" if text[-1] == "2" else "output": 1')
    repo.write({"worker.py": refuses_b})
    before = repo.snapshot()
    done = run(repo, "refresh")
    assert done.returncode == 4
    assert "suite 's': 2 answers are missing; no baseline was written" in done.stderr
    assert repo.snapshot() == before


# --- the worktree -------------------------------------------------------------------------------


def test_check_touches_neither_worktree_nor_index_nor_refs(repo: Folder) -> None:
    repo.write({**logged(FEW), ".gitignore": ".gate/\n", "staged.txt": "1", "kept.txt": "1"})
    repo.commit()
    repo.write({**BROKEN, "staged.txt": "2", "untracked.txt": "u"})
    repo.git("add", "staged.txt")
    repo.write({"staged.txt": "3", "kept.txt": "2"})

    def state() -> tuple[object, ...]:
        index = (repo.path / ".git/index").read_bytes()
        return repo.snapshot(), index, repo.git("for-each-ref"), repo.git("rev-parse", "HEAD")

    status = repo.git("status", "--porcelain")  # may refresh the index, so it comes first
    before = state()
    assert run(repo, "check").returncode == 0
    assert calls(repo).total() == 6
    assert state() == before
    assert repo.git("status", "--porcelain") == status


def test_the_old_worker_runs_in_a_checkout_of_the_base(repo: Folder) -> None:
    project = Folder(repo.path / "bot")
    answers = {f"c{i:02}": f"yes {i}" for i in range(12)}
    place = 'import os\ntext = os.path.basename(__file__) + " "  + open("data/word.txt").read()\n'
    worker = LOG_WORKER.replace("import json", f"{place}import json", 1).replace(
        '    text = request["messages"][-1]["content"]\n', ""
    )
    files = logged(answers, checks=[{"contains": "good"}])
    prompt = prompt_file(depends=["worker.py", "data/*.txt"])
    project.write(files).write({"worker.py": worker, "data/word.txt": "good"})
    project.write({"fixtures/s.prompt.yml": prompt})
    repo.commit()
    project.write({"data/word.txt": "bad"})
    before = project.snapshot()
    report = judged(project, exit_code=1)
    moved = report["suites"][0]["cases_changed"]
    assert {(each["old_output"], each["new_output"]) for each in moved} == {
        ("worker.py good", "worker.py bad")
    }
    assert len(moved) == 12
    assert report["policy"]["source"].endswith(":bot/gate.yaml")
    assert project.snapshot() == before


# --- rules of trust -----------------------------------------------------------------------------

EXPECTS = [{"equals": {"expected": "text"}}]


def rows_of(answers: dict[str, str], *, expected: str = "{}") -> str:
    return cases_file(
        [
            {"id": key, "input": {"answer": text}, "expected": {"text": expected.format(text)}}
            for key, text in answers.items()
        ]
    )


def trusted(policy=None) -> dict[str, str | bytes]:
    """A project whose checks hold outputs against each case's expectation."""
    files = logged(MANY, policy, checks=EXPECTS)
    return {**files, "fixtures/cases.jsonl": rows_of(MANY)}


def with_config(files: dict, **keys: object) -> dict[str, str]:
    return {"gate.yaml": json.dumps({**json.loads(files["gate.yaml"]), **keys})}


LOOSE = {"metrics": {"failure_rate": {"max_rise": 1}}, "inconclusive": "pass"}
UNCHECKED = json.loads(logged(MANY, checks=[])["gate.yaml"])["suites"]
WAIVER = {"finding": "failure-rate-rise", "owner": "me", "reason": "I say so"}


@pytest.mark.parametrize(
    ("edit", "note"),
    [
        pytest.param(
            with_config(trusted(), policy=LOOSE),
            "policy edited in this change; not used for this verdict",
            id="policy",
        ),
        pytest.param(
            with_config(trusted(), suites=UNCHECKED),
            "checks of suite s edited in this change; not used for this verdict",
            id="checks",
        ),
        pytest.param(
            with_config(trusted(), waivers=[{**WAIVER, "expires": "2999-01-01"}]),
            "waivers edited in this change; not used for this verdict",
            id="waivers",
        ),
        pytest.param(
            {"fixtures/cases.jsonl": rows_of(MANY, expected="{} indeed")},
            "suite s: 30 cases edited in this change (c00, c01, c02, c03, c04, …); "
            "judged as they are in the base",
            id="expectations",
        ),
        pytest.param(
            {"fixtures/cases.jsonl": rows_of({"c00": "yes 0"})},
            "suite s: 29 cases deleted in this change (c01, c02, c03, c04, c05, …); "
            "judged as they are in the base",
            id="deleted-cases",
        ),
        pytest.param(
            {"fixtures/cases.jsonl": rows_of(dict.fromkeys(MANY, "harmless"), expected="x")},
            "suite s: 30 cases edited in this change (c00, c01, c02, c03, c04, …); "
            "judged as they are in the base",
            id="inputs",
        ),
    ],
)
def test_a_change_cannot_soften_its_own_rules(repo: Folder, edit, note) -> None:
    repo.write(trusted(FAILURES_ONLY)).commit()
    files = edit
    if "gate.yaml" in edit and "policy edited" not in note:
        config = {**json.loads(edit["gate.yaml"]), "policy": FAILURES_ONLY}
        files = {"gate.yaml": json.dumps(config)}
    repo.write({**BROKEN, **files})
    report = judged(repo, exit_code=1)
    (suite,) = report["suites"]
    assert (suite["verdict"], suite["cases"]) == ("fail", 30)
    assert failure_rate(suite)["new"] == 1.0
    assert failure_rate(suite)["limit"] == 0.01
    assert [each for each in report["notes"] if "in this change" in each] == [note]
    assert report["waivers"] == []


def test_checks_and_cases_inside_the_prompt_are_the_bases(repo: Folder) -> None:
    data = [{"answer": text} for text in MANY.values()]
    judge = [{"name": "polite", "string": {"startsWith": "yes"}}]
    files = logged(MANY, FAILURES_ONLY)
    config = {
        "version": 1,
        "suites": {"s": {"prompt": "fixtures/s.prompt.yml"}},
        "policy": FAILURES_ONLY,
    }
    repo.write({"worker.py": files["worker.py"], "gate.yaml": json.dumps(config)})
    repo.write({"fixtures/s.prompt.yml": prompt_file(testData=data, evaluators=judge)})
    repo.commit()
    softened = prompt_file("so: {{answer}}", testData=data[:2], evaluators=[])
    repo.write({"fixtures/s.prompt.yml": softened})
    report = judged(repo, exit_code=1)
    assert report["suites"][0]["cases"] == 30
    assert report["suites"][0]["failure_codes"]["new"] == {"starts_with": 90}


def test_a_new_case_is_judged_and_marked(repo: Folder) -> None:
    repo.write(trusted()).commit()
    template = "{% if answer == 'zz' %}no{% else %}{{answer}}{% endif %}"
    repo.write({"fixtures/s.prompt.yml": prompt_file(template)})
    repo.write({"fixtures/cases.jsonl": rows_of({**MANY, "new-1": "zz"})})
    report = judged(repo, exit_code=0)
    (suite,) = report["suites"]
    assert suite["cases"] == 31
    (moved,) = suite["cases_changed"]
    assert (moved["case"], moved["outcome"], moved["new_case"]) == ("new-1", "regressed", True)
    assert "suite s: 1 new cases in this change; judged too" in report["notes"]
    assert "  new-1 (new case)" in run(repo, "check", "--offline").stdout


def test_a_change_may_not_name_a_program_of_its_own(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    evil = "import pathlib\npathlib.Path('pwned').touch()\n"
    repo.write({"evil.py": evil})
    model = f"command/{sys.executable} evil.py"
    repo.write({"fixtures/s.prompt.yml": prompt_file(model=model, depends=["evil.py"])})
    before = repo.snapshot()
    done = run(repo, "check")
    assert done.returncode == 4
    assert "the change names a program that the base does not" in done.stderr
    assert "repair: let a maintainer merge the command first" in done.stderr
    assert repo.snapshot() == before
    assert not calls(repo)


def test_a_change_may_not_send_the_key_to_a_host_of_its_own(repo: Folder) -> None:
    repo.write(logged(FEW))
    vendor = prompt_file(model="openai/m", baseUrl="https://api.example/v1")
    repo.write({"fixtures/s.prompt.yml": vendor}).commit()
    foreign = prompt_file(model="openai/m", baseUrl="https://evil.example/v1")
    repo.write({"fixtures/s.prompt.yml": foreign})
    done = run(repo, "check", OPENAI_API_KEY="sk-made-up-for-this-test")
    assert done.returncode == 4
    assert "names a baseUrl that the base does not: https://evil.example/v1" in done.stderr
    assert "repair: no key is sent there" in done.stderr


def test_trust_head_lets_the_change_bring_its_own_rules(repo: Folder) -> None:
    policy = {**FAILURES_ONLY, "trust": "head"}
    files = trusted(policy)
    repo.write(files).commit()
    repo.write({"other.py": LOG_WORKER})
    model = f"command/{sys.executable} other.py"
    own = prompt_file("{{answer}} indeed", model=model, depends=["other.py"])
    repo.write({"fixtures/s.prompt.yml": own})
    repo.write({"fixtures/cases.jsonl": rows_of({"c00": "yes 0"})})
    repo.write(with_config(files, suites=UNCHECKED))
    report = judged(repo, exit_code=0)
    (suite,) = report["suites"]
    assert suite["cases"] == 1
    assert suite["failure_codes"] == {"old": {}, "new": {}}
    assert "policy: trust is head, so the change's own rules count" in report["notes"]
    assert report["policy"]["source"] == "gate.yaml"


def test_a_change_cannot_turn_trust_off_itself(repo: Folder) -> None:
    files = trusted(FAILURES_ONLY)
    repo.write(files).commit()
    repo.write({**BROKEN, **with_config(files, policy={**LOOSE, "trust": "head"})})
    report = judged(repo, exit_code=1)
    assert "policy edited in this change; not used for this verdict" in report["notes"]


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
    (suite,) = judged(repo, exit_code=1)["suites"]
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


# --- endings ------------------------------------------------------------------------------------


def test_a_first_run_passes_and_says_what_to_do_next(repo: Folder) -> None:
    repo.write(logged(FEW))
    done = run(repo, "check")
    assert done.returncode == 0, done.stderr
    assert "note: first run: nothing is committed yet" in done.stdout
    assert "note: next: gate refresh, then commit gate.yaml" in done.stdout

    (repo.path / "gate.yaml").unlink()
    base = repo.commit()
    repo.write({"gate.yaml": logged(FEW)["gate.yaml"]})
    done = run(repo, "check")
    assert done.returncode == 0
    assert f"first run: the base {base[:12]} (merge-base with main) has no gate.yaml" in done.stdout
    assert not calls(repo)


@pytest.mark.parametrize(("inconclusive", "exit_code"), [("pass", 0), ("fail", 3)])
def test_the_policy_says_how_inconclusive_ends(
    repo: Folder, inconclusive: str, exit_code: int
) -> None:
    repo.write(logged(FEW, {**FAILURES_ONLY, "inconclusive": inconclusive})).commit()
    repo.write(HARMLESS)
    done = run(repo, "check")
    assert done.returncode == exit_code, done.stderr
    assert done.stdout.startswith("INCONCLUSIVE: no regression is shown")
    assert "the limit takes about" in done.stdout


@pytest.mark.parametrize(
    ("waiver", "exit_code"),
    [
        pytest.param({**WAIVER, "expires": "2999-01-01"}, 0, id="valid"),
        pytest.param({**WAIVER, "expires": "2020-01-01"}, 1, id="expired"),
        pytest.param({**WAIVER, "expires": "2999-01-01", "segment": "a=b"}, 1, id="other-segment"),
    ],
)
def test_a_waiver_of_the_base_lets_its_finding_through(
    repo: Folder, waiver, exit_code: int
) -> None:
    files = logged(MANY, FAILURES_ONLY, checks=IS_YES)
    repo.write({**files, **with_config(files, waivers=[waiver])}).commit()
    repo.write(BROKEN)
    report = judged(repo, exit_code=exit_code)
    waived = exit_code == 0
    assert failure_rate(report["suites"][0])["waived"] is waived
    assert failure_rate(report["suites"][0])["verdict"] == "fail"
    assert [each["reason"] for each in report["waivers"]] == (["I say so"] if waived else [])
    if waived:
        shown = run(repo, "check", "--offline").stdout
        assert any(line.split()[-1:] == ["waived"] for line in shown.splitlines())


def test_a_spent_budget_ends_in_4_and_the_next_run_goes_on(repo: Folder) -> None:
    repo.write(logged(MANY, checks=IS_YES)).commit()
    repo.write(BROKEN)
    report = judged(repo, "--max-calls", "20", exit_code=4)
    assert report["verdict"] == "incomplete"
    assert "suite s: --max-calls is used up" in report["notes"]
    assert calls(repo).total() == 20
    report = judged(repo, exit_code=1)
    assert report["suites"][0]["calls"]["recorded"] == 20
    assert calls(repo).total() == 40


def test_a_budget_of_nothing_calls_nothing(repo: Folder) -> None:
    repo.write(logged(FEW)).commit()
    repo.write(BROKEN)
    judged(repo, "--max-calls", "0", exit_code=4)
    assert not calls(repo)


def recorded(folder: Folder) -> int:
    database = sqlite3.connect(folder.path / ".gate/recordings.db")
    try:
        return database.execute("SELECT count(*) FROM recordings").fetchone()[0]
    finally:
        database.close()


def test_an_interrupted_run_ends_in_130_and_the_next_goes_on(repo: Folder) -> None:
    repo.write(logged(MANY, checks=IS_YES)).commit()
    repo.write(BROKEN)
    env = {**os.environ, "WORKER_LOG": str(log_of(repo)), "WORKER_PAUSE_S": "0.1"}
    with subprocess.Popen(
        [sys.executable, "-m", "gate", "check"],
        cwd=repo.path,
        env={name: value for name, value in env.items() if not name.startswith("GITHUB_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as gate:
        while gate.poll() is None:
            if log_of(repo).exists() and len(log_of(repo).read_text().splitlines()) >= 5:
                gate.send_signal(signal.SIGINT)
                break
            time.sleep(0.02)
        stdout, stderr = gate.communicate(timeout=60)
    assert gate.returncode == 130, stderr
    assert stdout == ""
    assert "gate: interrupted" in stderr
    assert "repair: run the same command again" in stderr
    assert "Traceback" not in stderr
    kept = recorded(repo)
    assert 4 <= kept < 60
    calls(repo)
    report = judged(repo, exit_code=1)
    assert report["suites"][0]["trials"] == {"old": 30, "new": 30}
    assert report["suites"][0]["calls"]["recorded"] == kept
    assert calls(repo).total() == 60 - kept


def test_two_runs_at_once_lose_none_of_each_others_recordings(repo: Folder) -> None:
    files = logged(MANY, FAILURES_ONLY)
    config = json.loads(files["gate.yaml"])
    config["suites"]["t"] = {**config["suites"]["s"], "prompt": "fixtures/t.prompt.yml"}
    repo.write({**files, "gate.yaml": json.dumps(config)})
    repo.write({"fixtures/t.prompt.yml": prompt_file("t {{answer}}")}).commit()
    repo.write({**BROKEN, "fixtures/t.prompt.yml": prompt_file("new t {{answer}}")})
    env = {**os.environ, "WORKER_LOG": str(log_of(repo))}
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "gate", "check", suite],
            cwd=repo.path,
            env={name: value for name, value in env.items() if not name.startswith("GITHUB_")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for suite in ("s", "t")
    ]
    said = [each.communicate(timeout=60) for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert recorded(repo) == 120
    calls(repo)
    assert run(repo, "check", "--offline").returncode == 0
    assert not calls(repo)


# --- the other commands -------------------------------------------------------------------------


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
    assert lines[-3:] == ["differs:", "  - yes 2", "  + yes 2 indeed"]
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


def test_two_files_are_compared_without_git(folder: Folder) -> None:
    folder.write(logged(MANY, checks=IS_YES))
    folder.write({"new.prompt.yml": BROKEN["fixtures/s.prompt.yml"]})
    two = ("--old", "fixtures/s.prompt.yml", "--new", "new.prompt.yml")
    done = run(folder, "check", *two)
    assert done.returncode == 1, done.stderr
    assert f"next: gate explain s c00 {' '.join(two)}" in done.stdout.splitlines()
    assert calls(folder).total() == 60
    assert "suite s, case c00: regressed" in run(folder, "explain", "s", "c00", *two).stdout
    same = run(folder, "check", "--old", "new.prompt.yml", "--new", "new.prompt.yml")
    assert same.returncode == 0
    assert "suite s: not affected" in same.stdout


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


def test_the_worker_of_these_tests_answers_as_the_echo_worker() -> None:
    notes = ("import json, os, sys, time", "WORKER_PAUSE_S", "with open", "log.write")
    kept = [line for line in LOG_WORKER.splitlines() if not any(note in line for note in notes)]
    assert kept == ECHO_WORKER.splitlines()[1:]
