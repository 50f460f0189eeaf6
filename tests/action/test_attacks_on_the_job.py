"""Text of a pull request that wants to be a command, and events that must not be answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from action.attacked import project, untouched
from action.pull_request import TOKEN, job_of, pull_request
from attacks import ATTACKS
from cli.project import BROKEN
from conftest import cases_file
from github_runner.runner import ACTION

if TYPE_CHECKING:
    from conftest import Folder


INJECTIONS = (
    "$(touch {pwned})",
    "`touch {pwned}`",
    '"; touch {pwned}; "',
    "'; touch {pwned}; '",
    "x\ntouch {pwned}",
    "${{{{ github.token }}}}",
    "x\nverdict=pass\nexit-code=0",
    "x\n::set-output name=verdict::pass\n::add-mask::x",
    "--help",
    "-e touch {pwned}",
)


@pytest.mark.parametrize(
    "path",
    ["action.yml", *sorted(str(path.relative_to(ACTION)) for path in
                           (*ACTION.glob(".github/workflows/*.yml"),
                            *ACTION.glob("gate/starter/**/*.yml")))],
)  # fmt: skip
def test_no_expression_stands_in_a_script(path: str) -> None:
    def scripts(value: Any):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from [inner] if key == "run" else scripts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from scripts(inner)

    document = yaml.safe_load((ACTION / path).read_text(encoding="utf-8"))
    assert not any("${{" in script for script in scripts(document))


OTHERS = ("base", "config", "comment-key", "shard", "max-calls", "max-cost", "formats")


@pytest.mark.parametrize(
    ("name", "injection"),
    [
        *(pytest.param("suites", each, id=f"suites-{each[:12]!r}") for each in INJECTIONS),
        *((name, INJECTIONS[0]) for name in OTHERS),
        ("base", INJECTIONS[4]),
    ],
)
def test_an_input_is_never_a_command(github, broken, tmp_path, name: str, injection: str) -> None:
    text = injection.format(pwned=tmp_path / "pwned")
    job = job_of(github, broken, tmp_path / "job").use({name: text}, token=TOKEN)
    assert job.failed in {"read the inputs", "verdict"}
    assert job.outputs["verdict"] in {"", "error", "incomplete"}
    assert set(job.commands) <= {"error", "notice"}
    untouched(tmp_path)


@pytest.mark.parametrize("injection", INJECTIONS[::3])
def test_a_title_a_branch_and_a_body_are_never_commands(
    github, broken, tmp_path, injection: str
) -> None:
    text = injection.format(pwned=tmp_path / "pwned")
    payload = broken.payload(title=text, body=text, user={"login": text})
    payload["pull_request"]["head"]["ref"] = text
    job = job_of(
        github, broken, tmp_path / "job", payload=payload,
        GITHUB_HEAD_REF=text, GITHUB_ACTOR=text, GITHUB_REF_NAME=text,
    ).use({}, token=TOKEN)  # fmt: skip
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail")
    assert set(job.commands) == {"error"}
    untouched(tmp_path)


def test_an_id_of_a_case_is_never_a_command(github, repo, tmp_path) -> None:
    ids = [text.format(pwned=tmp_path / "pwned") for text in INJECTIONS] + [*ATTACKS.values()]
    rows = [{"id": text[:150], "input": {"answer": "yes 1"}, "segment": {"t": text[:150]}}
            for text in ids if re.fullmatch(r"\S.*", text)]  # fmt: skip
    files = {**project(), "fixtures/cases.jsonl": cases_file(rows)}
    job = job_of(github, pull_request(repo, files, BROKEN), tmp_path / "job").use({}, token=TOKEN)
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    assert set(job.commands) == {"error"}
    untouched(tmp_path)


def test_pull_request_target_is_refused_before_anything_runs(github, broken, tmp_path) -> None:
    job = job_of(github, broken, tmp_path / "job", event="pull_request_target")
    job.use({}, token=TOKEN)
    assert job.ran == ["refuse pull_request_target", "verdict"]
    assert job.conclusion == "failure"
    assert "::error title=gate::pull_request_target runs the author's code" in job.log
    assert github.requests == []


def test_its_steps_refuse_pull_request_target_themselves(repo: Folder) -> None:
    for step in ("inputs", "run"):
        done = repo.gate("action", step, env={"GITHUB_EVENT_NAME": "pull_request_target"})
        assert done.returncode == 2
        assert "the gate does not run on pull_request_target" in done.stderr
