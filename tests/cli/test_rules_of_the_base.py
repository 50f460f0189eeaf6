"""Policy, checks, waivers and cases are the base's: a change cannot bring its own."""

from __future__ import annotations

import json
import sys

import pytest
from cli.in_process import gate_in_process
from cli.project import (
    BROKEN,
    FAILURES_ONLY,
    FEW,
    LOG_WORKER,
    MANY,
    WAIVER,
    calls,
    failure_rate,
    judged,
    logged,
    rows_of,
    run,
    with_config,
)
from conftest import Folder, prompt_file

EXPECTS = [{"equals": {"expected": "text"}}]


def trusted(policy=None) -> dict[str, str | bytes]:
    """A project whose checks hold outputs against each case's expectation."""
    files = logged(MANY, policy, checks=EXPECTS)
    return {**files, "fixtures/cases.jsonl": rows_of(MANY)}


LOOSE = {"metrics": {"failure_rate": {"max_rise": 1}}, "inconclusive": "pass"}
UNCHECKED = json.loads(logged(MANY, checks=[])["gate.yaml"])["suites"]


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
    report = judged(repo, "--all-calls", exit_code=1)
    assert report["suites"][0]["cases"] == 30
    assert report["suites"][0]["failure_codes"]["new"] == {"starts_with": 90}


def test_a_new_case_is_judged_and_marked(repo: Folder) -> None:
    repo.write(trusted()).commit()
    template = "{% if answer == 'zz' %}no{% else %}{{answer}}{% endif %}"
    repo.write({"fixtures/s.prompt.yml": prompt_file(template)})
    repo.write({"fixtures/cases.jsonl": rows_of({**MANY, "new-1": "zz"})})
    report = judged(repo, "--all-calls", exit_code=0)
    (suite,) = report["suites"]
    assert suite["cases"] == 31
    (moved,) = suite["cases_changed"]
    assert (moved["case"], moved["outcome"], moved["new_case"]) == ("new-1", "regressed", True)
    assert "suite s: 1 new case in this change; judged too" in report["notes"]
    assert "  new-1 (new case)" in run(repo, "check", "--offline", "--all-calls").stdout


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


def under(folder: str, files: dict[str, str | bytes]) -> dict[str, str | bytes]:
    return {f"{folder}/{name}": content for name, content in files.items()}


@pytest.mark.parametrize("is_linked", [True, False])
@pytest.mark.parametrize("how", ["folder", "option"])
def test_a_project_that_was_moved_is_no_first_run(
    repo: Folder, how: str, *, is_linked: bool
) -> None:
    repo.write(under("sub", trusted(FAILURES_ONLY))).commit()
    repo.git("mv", "sub", "moved")
    if is_linked:
        (repo.path / "sub").symlink_to("moved")
    repo.write(under("moved", BROKEN))
    place = "sub" if is_linked else "moved"
    here, arguments = (
        (Folder(repo.path / place), ())
        if how == "folder"
        else (repo, ("--config", f"{place}/gate.yaml"))
    )
    done = gate_in_process(here, "check", *arguments)
    assert done.returncode == 4, done.stdout
    assert "sub/gate.yaml is in the base and gone here, or behind a symlink" in done.stderr


@pytest.mark.parametrize("place", [".", "fixtures"])
def test_a_configuration_that_is_gone_is_no_new_users_first_step(repo: Folder, place: str) -> None:
    repo.write(trusted(FAILURES_ONLY)).commit()
    (repo.path / "gate.yaml").unlink()
    repo.write(BROKEN)
    done = gate_in_process(Folder(repo.path / place), "check")
    assert (done.returncode, done.stdout) == (4, "")
    assert "gate.yaml is in the base" in done.stderr
    assert "repair: put gate.yaml back; to end the gate, first merge `retired: true`" in done.stderr


def test_where_the_base_has_no_configuration_either_init_is_the_way(repo: Folder) -> None:
    repo.write({"README": "x"}).commit()
    done = gate_in_process(repo, "check")
    assert done.returncode == 2
    assert "repair: run: gate init" in done.stderr


def test_a_configuration_that_was_moved_into_a_folder_has_a_way_out(repo: Folder) -> None:
    repo.write(trusted(FAILURES_ONLY)).commit()
    repo.write(under("sub", trusted(FAILURES_ONLY)))
    (repo.path / "gate.yaml").unlink()
    done = gate_in_process(Folder(repo.path / "sub"), "check")
    assert done.returncode == 4
    assert "repair: put gate.yaml back, or merge the move first" in done.stderr


def test_a_second_project_beside_the_first_is_a_first_run(repo: Folder) -> None:
    repo.write(under("sub", trusted(FAILURES_ONLY))).commit()
    repo.write(under("more", trusted(FAILURES_ONLY)))
    done = gate_in_process(Folder(repo.path / "more"), "check")
    assert done.returncode == 0, done.stderr
    assert "first run" in done.stdout
