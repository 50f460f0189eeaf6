"""What others read of a job: the comment, the summary, the outputs, the artifact."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from action.attacked import SECRET, project, told, untouched
from action.pull_request import TOKEN, job_of, pull_request
from attacks import ATTACKS, MARK
from conftest import prompt_file
from github_events import report_zip, workflow_run
from markdown_it import MarkdownIt
from stub_github import BOT, zipped
from stub_vendor import Behaviour, StubVendor, status

if TYPE_CHECKING:
    from conftest import Folder


# One of each kind of reader; tests/unit/reports has all of them.
AT_COMMENTS = (
    "markdown-image", "reference-link", "html", "mention", "issue", "backticks", "fence",
    "long-fence", "details-end", "mask", "error-command", "azure-command", "output-of-a-step",
    "osc-8", "bidi",
)  # fmt: skip


@pytest.mark.parametrize("attack", AT_COMMENTS)
def test_an_output_of_the_model_stays_code_in_the_comment(
    github, repo, tmp_path, attack: str
) -> None:
    text = ATTACKS[attack]
    shown = text.encode("utf-8", "replace").decode()
    change = {"fixtures/s.prompt.yml": prompt_file(f"{{{{answer}}}} {{{{{json.dumps(shown)}}}}}")}
    job = job_of(github, pull_request(repo, project(), change), tmp_path / "job")
    job.use({}, token=TOKEN)
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    assert set(job.commands) == {"error"}
    (comment,) = github.comments
    assert MARK in comment["body"]
    for markdown in (comment["body"], job.summary):
        tokens = MarkdownIt("gfm-like").parse(markdown.partition("-->")[2] or markdown)
        for token in (inner for each in tokens for inner in (each, *(each.children or ()))):
            if MARK in token.content:
                assert token.type in {"inline", "code_inline", "fence", "code_block"}, token


def test_a_comment_with_our_marker_and_another_author_is_left_alone(
    github, broken, tmp_path
) -> None:
    foreign = github.comment("<!-- gate:report -->\nall fine", login="mallory", kind="User")
    almost = github.comment("<!-- gate:report -->\nall fine", login=BOT, kind="User")
    job_of(github, broken, tmp_path / "job").use({}, token=TOKEN)
    assert foreign["body"] == almost["body"] == "<!-- gate:report -->\nall fine"
    assert "gate: fail" in github.comments[2]["body"]


ECHOES = {
    "body": status(401, f"the key {SECRET} is not valid"),
    "header": Behaviour(status=401, headers={"X-Echo": SECRET, "Server": SECRET}, body=b"{}"),
    "answer": Behaviour(text=f"yes {SECRET}"),
    "error-of-a-call": status(400, f"bad request with Authorization: Bearer {SECRET}"),
    "name-of-the-model": Behaviour(text="no", finish=SECRET),
}  # fmt: skip


@pytest.mark.parametrize("echo", list(ECHOES))
def test_a_secret_that_a_server_repeats_is_told_nowhere(github, repo, tmp_path, echo: str) -> None:
    with StubVendor([ECHOES[echo]] * 500) as vendor:
        model = {"model": "openai/m", "baseUrl": f"{vendor.url}/v1"}
        old = {"fixtures/s.prompt.yml": prompt_file(**model)}
        new = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed", **model)}
        job = job_of(
            github, pull_request(repo, {**project(), **old}, new), tmp_path / "job",
            OPENAI_API_KEY=SECRET,
        ).use({}, token=TOKEN)  # fmt: skip
    assert job.failed == "verdict"
    assert not any(SECRET in text or TOKEN in text for text in told(job, github))
    untouched(job.workspace, SECRET, TOKEN)


def test_outputs_are_words_numbers_and_paths(github, broken, tmp_path) -> None:
    job = job_of(github, broken, tmp_path / "job").use({}, token=TOKEN)
    assert job.outputs["verdict"] in {"pass", "fail", "inconclusive", "incomplete", "none", "error"}
    for name in ("exit-code", "findings", "cost"):
        assert re.fullmatch(r"\d+(\.\d+)?", job.outputs[name])
    for name in ("report-json", "report-html"):
        assert Path(job.outputs[name]).parent.parent == job.temp


def test_an_output_of_two_lines_is_refused(repo: Folder) -> None:
    """A temporary folder whose name ends a line would set an output of its own."""
    out = repo.path / "out"
    env = {"GITHUB_OUTPUT": str(out), "GITHUB_STEP_SUMMARY": str(repo.path / "summary")}
    room = repo.path / "a\nverdict=pass"
    room.mkdir()
    inputs = {"GATE_INPUTS": "{}", "RUNNER_TEMP": str(room)}
    done = repo.write(project()).gate("action", "run", env={**env, **inputs})
    assert done.returncode == 2
    assert "holds a control character" in done.stderr
    assert not out.exists()


def test_a_report_of_a_fork_becomes_a_comment_by_workflow_run(github, broken, tmp_path) -> None:
    job = job_of(github, broken, tmp_path / "fork").use({"comment": "off"}, token=TOKEN)
    github.artifact(zipped(job.artifacts["gate-report"]))
    github.pull(8)
    relay = job_of(github, broken, tmp_path / "relay", event="workflow_run", payload=workflow_run())
    relay.use({"command": "comment"}, token=TOKEN)
    assert relay.conclusion == "success", relay.log
    (comment,) = github.comments
    assert comment["issue"] == 8
    assert "gate: fail" in comment["body"]
    assert "run the gate" not in relay.ran
    assert all("authorization" not in each.headers for each in github.stored)


def test_a_forged_report_that_says_pass_beside_a_failed_run_is_not_green(
    github, broken, tmp_path
) -> None:
    github.artifact(report_zip("pass"))
    github.pull(8)
    relay = job_of(github, broken, tmp_path / "relay", event="workflow_run", payload=workflow_run())
    relay.use({"command": "comment"}, token=TOKEN)
    (comment,) = github.comments
    assert "### ✅" not in comment["body"]
