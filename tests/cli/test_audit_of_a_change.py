"""An audit of a change: by the base's rules, so that no change can loosen what would tell it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from cli.audited import forged, passes, project, run
from conftest import prompt_file

if TYPE_CHECKING:
    from conftest import Folder

MODEL = json.loads(str(project()["s.prompt.yml"]))["model"]
EDITED = {"s.prompt.yml": prompt_file("{{n}}, please", model=MODEL)}


@pytest.fixture
def change(repo: Folder) -> Folder:
    """A new prompt on a branch, with answers that its author recorded and edited."""
    repo.write(project()).commit()
    repo.git("checkout", "--quiet", "-b", "change")
    return forged(_recorded(repo), passes)


def _recorded(repo: Folder) -> Folder:
    repo.write(EDITED)
    run(repo, "refresh", "--quiet")
    repo.commit()
    return repo


def test_what_the_author_recorded_counts_and_is_told_as_his(change: Folder) -> None:
    # What the author recorded on his own machine is not there in CI.
    shutil.rmtree(change.path / ".gate")
    done = run(change, "check", "--format", "json", exit_code=None)
    report = json.loads(done.stdout)
    assert report["suites"][0]["calls"]["new_live"] == 0
    (note,) = [each for each in report["notes"] if "recorded by the author" in each]
    assert note == (
        "suite s: 30 answers of the new prompt were recorded by the author of the change; "
        "gate audit s calls some of them again"
    )


def test_a_policy_may_call_what_the_author_recorded(repo: Folder) -> None:
    files = project()
    config = json.loads(str(files["gate.yaml"]))
    config["policy"] |= {
        "author_recordings": "call",
        "metrics": {"failure_rate": {"max_rise": 0.01}},
    }
    repo.write({**files, "gate.yaml": json.dumps(config)}).commit()
    repo.git("checkout", "--quiet", "-b", "change")
    config["policy"]["author_recordings"] = "count"  # which the change cannot take back
    repo.write({"gate.yaml": json.dumps(config)})
    forged(_recorded(repo), passes)
    shutil.rmtree(repo.path / ".gate")
    report = json.loads(run(repo, "check", "--format", "json", exit_code=None).stdout)
    assert report["suites"][0]["calls"]["new_live"] > 0
    assert "regex" in report["suites"][0]["failure_codes"]["new"]
    assert not any("recorded by the author" in note for note in report["notes"])
    shutil.rmtree(repo.path / ".gate")
    done = run(repo, "check", "--offline", exit_code=4)
    assert "answers are not recorded" in done.stderr


def test_what_the_author_recorded_is_audited(change: Folder) -> None:
    done = run(change, "audit", "s", "--seed", "1", exit_code=1)
    assert "recorded answers that pass fail when called again" in done.stdout


@pytest.mark.parametrize("softer", [{"checks": []}, {"checks": [{"regex": "."}]}])
def test_checks_that_the_change_drops_still_tell(change: Folder, softer: dict[str, object]) -> None:
    config = json.loads(change.read("gate.yaml"))
    config["suites"]["s"] |= softer
    config["policy"] = {"alpha": 1e-9}
    change.write({"gate.yaml": json.dumps(config)}).commit()
    done = run(change, "audit", "s", "--seed", "1", exit_code=1)
    assert "recorded answers that pass fail when called again" in done.stdout
    # The alpha is the base's too: a third of it for each of three tests.
    assert " 0.0033 " in done.stdout


def test_a_base_can_be_named_and_must_be_there(change: Folder) -> None:
    assert run(change, "audit", "s", "--seed", "1", "--base", "main", exit_code=1).stdout
    done = run(change, "audit", "s", "--base", "no-such", exit_code=4)
    assert "the base 'no-such' cannot be found" in done.stderr


def test_without_git_the_rules_are_those_that_are_there(folder: Folder) -> None:
    folder.write(project())
    run(folder, "refresh", "--quiet")
    assert run(folder, "audit", "s", "--seed", "1").stdout.startswith("PLAUSIBLE")
