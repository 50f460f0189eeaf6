"""The base where pull requests, queues and shallow clones put it, in real clones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from action.pull_request import PullRequest, pull_request
from cli.project import (
    BROKEN,
    FAILURES_ONLY,
    HARMLESS,
    IS_YES,
    MANY,
    calls,
    judged,
    live,
    logged,
    run,
)
from conftest import Folder

if TYPE_CHECKING:
    from pathlib import Path

ZEROS = "0" * 40


@pytest.fixture
def asked(repo: Folder) -> PullRequest:
    return pull_request(repo, logged(MANY, FAILURES_ONLY, checks=IS_YES), BROKEN)


def told(place: Path, event: str, payload: dict[str, Any]) -> dict[str, str]:
    """The variables of a job, with the payload of its event."""
    path = place / "event.json"
    path.write_text(json.dumps(payload))
    return {"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(path)}


def fails_against(copy: Folder, base: str, variables: dict[str, str]) -> dict[str, Any]:
    """Judge in a clone, see that it is left as it was, and by whose rules it was judged."""
    before = (copy.snapshot(), copy.git("rev-parse", "HEAD"), copy.git("status", "--porcelain"))
    report = judged(copy, exit_code=1, **variables)
    after = (copy.snapshot(), copy.git("rev-parse", "HEAD"), copy.git("status", "--porcelain"))
    assert after == before
    assert report["policy"]["source"] == f"{base[:12]}:gate.yaml"
    return report


@pytest.mark.parametrize("depth", [1, 2, None])
@pytest.mark.parametrize("ref", ["merge", "change"])
def test_a_pull_request_is_held_against_its_base_at_any_depth(
    asked: PullRequest, tmp_path: Path, ref: str, depth: int | None
) -> None:
    copy = asked.checkout(tmp_path / "copy", depth=depth, ref=ref)
    variables = told(tmp_path, "pull_request", asked.payload())
    report = fails_against(copy, asked.base, variables)
    found = "first parent of the pull" if ref == "merge" else "base of the pull_request event"
    assert any(note.startswith(f"base: {asked.base[:12]}, {found}") for note in report["notes"])
    is_shallow = copy.git("rev-parse", "--is-shallow-repository")
    assert is_shallow == ("true" if depth else "false")


@pytest.mark.parametrize("depth", [1, None])
def test_a_merge_queue_names_its_base(
    asked: PullRequest, tmp_path: Path, depth: int | None
) -> None:
    copy = asked.checkout(tmp_path / "copy", depth=depth)
    payload = {"merge_group": {"base_sha": asked.base, "head_sha": asked.merge}}
    fails_against(copy, asked.base, told(tmp_path, "merge_group", payload))


@pytest.mark.parametrize("depth", [1, None])
def test_a_push_to_the_default_branch_is_held_against_what_was_there(
    asked: PullRequest, tmp_path: Path, depth: int | None
) -> None:
    copy = asked.checkout(tmp_path / "copy", depth=depth)
    payload = {**asked.payload(), "ref": "refs/heads/main", "before": asked.base}
    fails_against(copy, asked.base, told(tmp_path, "push", payload))


def test_a_push_that_was_forced_over_what_is_gone_is_incomplete(
    asked: PullRequest, tmp_path: Path
) -> None:
    copy = asked.checkout(tmp_path / "copy", depth=1)
    payload = {**asked.payload(), "ref": "refs/heads/main", "before": "1" * 40}
    done = run(copy, "check", **told(tmp_path, "push", payload))
    assert (done.returncode, done.stdout) == (4, "")
    assert "the base 111111111111 (base of the push event) cannot be fetched" in done.stderr
    assert "fetch-depth: 0 at actions/checkout" in done.stderr


def test_a_shallow_clone_of_a_new_branch_says_which_lines_to_add(
    asked: PullRequest, tmp_path: Path
) -> None:
    copy = asked.checkout(tmp_path / "copy", depth=1, ref="change")
    payload = {**asked.payload(), "ref": "refs/heads/change", "before": ZEROS}
    done = run(copy, "check", **told(tmp_path, "push", payload))
    assert (done.returncode, done.stdout) == (4, "")
    assert "fetch-depth: 0 at actions/checkout" in done.stderr


def moved_main(asked: PullRequest) -> str:
    """Something else is merged meanwhile."""
    asked.origin.git("checkout", "--quiet", "main")
    asked.origin.write({"README": "meanwhile"})
    return asked.origin.commit("meanwhile")


def test_a_rebase_loses_no_answer(asked: PullRequest) -> None:
    origin = asked.origin
    origin.git("checkout", "--quiet", "change")
    first = judged(origin, "--all-calls", exit_code=1)
    assert live(first["suites"][0]) == calls(origin).total() > 0
    main = moved_main(asked)
    origin.git("checkout", "--quiet", "change")
    origin.git("rebase", "--quiet", "main")
    second = judged(origin, "--all-calls", exit_code=1)
    assert live(second["suites"][0]) == calls(origin).total() == 0
    assert second["policy"]["source"] == f"{main[:12]}:gate.yaml"
    assert second["suites"][0]["findings"] == first["suites"][0]["findings"]


def test_a_squash_loses_no_answer(asked: PullRequest, tmp_path: Path) -> None:
    origin = asked.origin
    origin.git("checkout", "--quiet", "change")
    first = judged(origin, "--all-calls", exit_code=1)
    calls(origin)
    main = moved_main(asked)
    origin.git("merge", "--quiet", "--squash", "change")
    origin.commit("squashed")
    payload = {**asked.payload(), "ref": "refs/heads/main", "before": main}
    second = judged(origin, "--all-calls", exit_code=1, **told(tmp_path, "push", payload))
    assert live(second["suites"][0]) == calls(origin).total() == 0
    assert second["suites"][0]["findings"] == first["suites"][0]["findings"]


def test_a_base_without_a_configuration_is_a_first_run_in_a_shallow_clone(
    repo: Folder, tmp_path: Path
) -> None:
    files = logged(MANY, FAILURES_ONLY, checks=IS_YES)
    asked = pull_request(repo, {"README": "nothing yet"}, files)
    copy = asked.checkout(tmp_path / "copy", depth=1)
    done = run(copy, "check", **told(tmp_path, "pull_request", asked.payload()))
    assert done.returncode == 0, done.stderr
    assert f"first run: the base {asked.base[:12]}" in done.stdout
    assert "next: gate refresh" in done.stdout


def test_each_project_of_a_repository_is_judged_by_itself(repo: Folder, tmp_path: Path) -> None:
    files = logged(MANY, FAILURES_ONLY, checks=IS_YES)
    lenient = logged(MANY, {"metrics": {"failure_rate": {"max_rise": 0.2}}}, checks=IS_YES)
    base = {f"bots/{bot}/{name}": text for bot, each in (("mail", files), ("chat", lenient),
            ("fax", files)) for name, text in each.items()}  # fmt: skip
    change = {f"bots/mail/{name}": text for name, text in BROKEN.items()}
    change |= {f"bots/chat/{name}": text for name, text in HARMLESS.items()}
    asked = pull_request(repo, base, change)
    copy = asked.checkout(tmp_path / "copy", depth=1)
    variables = told(tmp_path, "pull_request", asked.payload())
    verdicts = {}
    for bot, exit_code in (("mail", 1), ("chat", 0), ("fax", 0)):
        report = judged(Folder(copy.path / "bots" / bot), exit_code=exit_code, **variables)
        assert report["policy"]["source"] == f"{asked.base[:12]}:bots/{bot}/gate.yaml"
        verdicts[bot] = report["suites"][0]["verdict"]
    assert verdicts == {"mail": "fail", "chat": "pass", "fax": "not_affected"}


def test_a_renamed_prompt_is_held_against_the_one_that_it_was(repo: Folder, tmp_path: Path) -> None:
    files = logged(MANY, FAILURES_ONLY, checks=IS_YES)
    moved = logged(MANY, FAILURES_ONLY, checks=IS_YES, prompt="prompts/new.yml")
    change = {
        "fixtures/s.prompt.yml": None,
        "prompts/new.yml": BROKEN["fixtures/s.prompt.yml"],
        "gate.yaml": moved["gate.yaml"],
    }
    asked = pull_request(repo, files, change)
    copy = asked.checkout(tmp_path / "copy", depth=1)
    fails_against(copy, asked.base, told(tmp_path, "pull_request", asked.payload()))
