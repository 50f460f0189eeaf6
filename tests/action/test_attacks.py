"""A pull request that wants more than a verdict: each attack through the steps of the Action."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from action.pull_request import TOKEN, job_of, pull_request
from attacks import ATTACKS, MARK
from cli.project import BROKEN, FAILURES_ONLY, IS_YES, MANY
from conftest import cases_file, echo_project, prompt_file
from github_runner.runner import ACTION, INSTALL
from markdown_it import MarkdownIt
from stub_github import BOT
from stub_vendor import Behaviour, StubVendor, status

if TYPE_CHECKING:
    from conftest import Folder
    from github_runner.runner import Job

SECRET = "sk-made-up-0123456789-for-this-test"
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


def project() -> dict[str, str | bytes]:
    files = echo_project(MANY, checks=IS_YES)
    config = json.loads(str(files["gate.yaml"]))
    return {**files, "gate.yaml": json.dumps({**config, "policy": FAILURES_ONLY})}


@pytest.fixture
def broken(repo: Folder):
    return pull_request(repo, project(), BROKEN)


def untouched(place: Path, *words: str) -> None:
    """See that no attack has left its file, and nowhere its mark."""
    assert not list(place.rglob("pwned*"))
    for word in words:
        assert not any(word.encode() in path.read_bytes() for path in files_in(place)), word


def files_in(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file() and ".git" not in path.parts]


def told(job: Job, github) -> list[str]:
    """Everything that others can read of a job."""
    kept = [
        text.decode(errors="replace") for each in job.artifacts.values() for text in each.values()
    ]
    comments = [each["body"] for each in github.comments]
    return [job.log, job.summary, json.dumps(job.outputs), *kept, *comments]


# --- the shell


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


@pytest.mark.parametrize("injection", INJECTIONS)
@pytest.mark.parametrize(
    "name", ["suites", "base", "config", "comment-key", "shard", "max-calls", "max-cost", "formats"]
)
def test_an_input_is_never_a_command(github, broken, tmp_path, name: str, injection: str) -> None:
    if name != "suites" and injection not in INJECTIONS[:6:5]:
        pytest.skip("one of each kind is enough for the others")
    text = injection.format(pwned=tmp_path / "pwned")
    job = job_of(github, broken, tmp_path / "job").use({name: text}, token=TOKEN)
    assert job.failed in {"read the inputs", "verdict"}
    assert job.outputs["verdict"] in {"", "error", "incomplete"}
    assert set(job.commands) <= {"error", "notice"}
    untouched(tmp_path)


@pytest.mark.parametrize("injection", INJECTIONS)
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


# --- the event


def test_pull_request_target_is_refused_before_anything_runs(github, broken, tmp_path) -> None:
    job = job_of(github, broken, tmp_path / "job", event="pull_request_target")
    job.use({}, token=TOKEN)
    assert job.ran == ["refuse pull_request_target"]
    assert job.conclusion == "failure"
    assert "::error title=gate::pull_request_target runs the author's code" in job.log
    assert github.requests == []


def test_its_steps_refuse_pull_request_target_themselves(repo: Folder) -> None:
    for step in ("inputs", "run"):
        done = repo.gate("action", step, env={"GITHUB_EVENT_NAME": "pull_request_target"})
        assert done.returncode == 2
        assert "the gate does not run on pull_request_target" in done.stderr


# --- the checkout


OWN_CODE = "import pathlib; pathlib.Path({pwned!r}).touch()\n"


@pytest.mark.parametrize("is_installed", [False, pytest.param(True, marks=pytest.mark.install)])
def test_no_module_of_the_checkout_is_imported(
    github, repo, tmp_path, *, is_installed: bool
) -> None:
    """Neither by the gate nor, where it is installed for real, by pip."""
    code = OWN_CODE.format(pwned=str(tmp_path / "pwned"))
    names = (
        *("sitecustomize", "usercustomize", "click", "yaml", "aiohttp", "json", "pip", "venv"),
        *("setuptools", "ensurepip", "encodings", "gate"),
    )
    own = {f"{name}.py": code for name in names}
    own |= {"evil.pth": code, "gate/__init__.py": code, "gate/__main__.py": code}
    own |= {"setup.py": code, "pip.conf": "[global]\nindex-url = http://127.0.0.1:1\n"}
    own |= {"pyproject.toml": "[build-system]\nrequires = ['evil']\n", ".env": "PYTHONPATH=.\n"}
    # The worker is the user's own program, and keeps itself apart.
    model = f"command/{sys.executable} -I worker.py"
    old = {"fixtures/s.prompt.yml": prompt_file(model=model)}
    new = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed", model=model)}
    asked = pull_request(repo, {**project(), **old}, {**new, **own})
    work = tmp_path / "job" / "work"
    job = job_of(
        github, asked, tmp_path / "job", PYTHONPATH=str(work), PYTHONSTARTUP=str(work / "pip.py"),
    )  # fmt: skip
    job.use({}, token=TOKEN, installs=is_installed)
    assert INSTALL in job.ran
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    untouched(tmp_path)


SPY = """\
import json, os, sys
seen = sorted(os.environ)
for name in seen:
    if name.startswith("GITHUB_") and os.path.isfile(os.environ[name]) and "EVENT" not in name:
        with open(os.environ[name], "a") as file:
            file.write("\\nverdict=pass\\nexit-code=0\\nPATH=/pwned\\n")
print("::add-path::/pwned\\n::set-output name=verdict::pass", file=sys.stderr, flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"id": request["id"], "output": "no " + " ".join(seen)}), flush=True)
"""


def test_a_worker_of_the_change_cannot_speak_for_the_step(github, repo, tmp_path) -> None:
    asked = pull_request(repo, project(), {"worker.py": SPY})
    job = job_of(github, asked, tmp_path / "job", ACTIONS_ID_TOKEN_REQUEST_TOKEN=SECRET)
    job.use({}, token=TOKEN)
    assert job.failed == "verdict"
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("fail", "1")
    output = json.loads(job.artifacts["gate-report"]["report.json"])
    said = output["suites"][0]["cases_changed"][0]["new_output"]
    assert said.startswith("no ")
    for name in ("GITHUB_TOKEN", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "ACTIONS_"):
        assert name not in said
    assert set(job.commands) == {"error"}
    assert "/pwned" not in job.environment["PATH"]


@pytest.mark.parametrize("what", ["prompt", "cases", "schema", "gate.yaml", "folder"])
def test_nothing_outside_of_the_checkout_is_read(github, repo, tmp_path, what: str) -> None:
    (tmp_path / "secret.txt").write_text(f'{{"{MARK}": "{SECRET}"}}')
    base = project() | {"fixtures/answer.schema.json": "{}"}
    config = json.loads(str(base["gate.yaml"]))
    config["suites"]["s"]["checks"] = [{"schema": "fixtures/answer.schema.json"}, *IS_YES]
    asked = pull_request(repo, {**base, "gate.yaml": json.dumps(config)}, BROKEN)
    job = job_of(github, asked, tmp_path / "job")
    path = {
        "prompt": "fixtures/s.prompt.yml",
        "cases": "fixtures/cases.jsonl",
        "schema": "fixtures/answer.schema.json",
        "gate.yaml": "gate.yaml",
        "folder": "fixtures",
    }[what]
    link = job.workspace / path
    if what == "folder":
        link.rename(job.workspace / "aside")
        link.symlink_to(tmp_path)
    else:
        link.unlink()
        link.symlink_to(tmp_path / "secret.txt")
    job.use({}, token=TOKEN)
    assert job.failed == "verdict"
    assert job.outputs["verdict"] in {"error", "incomplete"}
    assert not any(SECRET in text or MARK in text for text in told(job, github))


def test_a_template_cannot_include_a_file(github, repo, tmp_path) -> None:
    change = {"fixtures/s.prompt.yml": prompt_file("{% include '/etc/passwd' %}{{answer}}")}
    asked = pull_request(repo, project(), change)
    job = job_of(github, asked, tmp_path / "job").use({}, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "2"), job.log
    assert not any("root:" in text for text in told(job, github))


# --- the recordings


def recorded(texts: dict[str, str], prompt: str) -> str:
    """A baseline as `gate refresh` would write it, with other answers."""
    from gate.core.model import Case, Response
    from gate.core.prompt import request_for
    from gate.store.baseline_writer import write_baseline
    from gate.store.baselines import Baseline, BaselineCase
    from gate.store.prompts import read_prompt
    from gate.store.worktree import WorkTree

    tree = WorkTree(Path(prompt))
    found = read_prompt(tree, "fixtures/s.prompt.yml")
    cases = {
        case_id: BaselineCase(
            digest=request_for(found, Case(case_id=case_id, input={"answer": asked})).digest,
            trials=(Response(text=texts[case_id], finish_reason="stop", latency_ms=1.0,
                             input_tokens=10, output_tokens=5),) * 2,
        )
        for case_id, asked in MANY.items()
    }  # fmt: skip
    baseline = Baseline(
        suite="s", fingerprint=found.fingerprint, model=found.model,
        recorded_at="2026-11-25T00:00:00Z", repeats=2, vendor_models=(), cases=cases,
    )  # fmt: skip
    write_baseline(tree, baseline)
    return (Path(prompt) / "baselines/s.jsonl").read_text()


def test_an_edited_recording_of_the_base_has_no_effect(github, repo, tmp_path) -> None:
    """With bad answers put into the old side's mouth, new would look no worse."""
    repo.write({**project(), ".gitignore": ".gate/\n"})
    good = recorded(MANY, str(repo.path))
    bad = recorded(dict.fromkeys(MANY, "no"), str(repo.path))
    asked = pull_request(
        repo, {**project(), "baselines/s.jsonl": good}, {**BROKEN, "baselines/s.jsonl": bad}
    )
    job = job_of(github, asked, tmp_path / "job").use({}, token=TOKEN)
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    report = json.loads(job.artifacts["gate-report"]["report.json"])
    assert report["suites"][0]["failure_codes"]["old"] == {}


def test_recordings_that_a_change_commits_are_refused(github, repo, tmp_path) -> None:
    asked = pull_request(repo, project(), BROKEN)
    job = job_of(github, asked, tmp_path / "job")
    job.workspace.joinpath(".gate").mkdir()
    job.workspace.joinpath(".gate/recordings.db").write_bytes(b"forged")
    work = type(repo)(job.workspace)
    work.git("add", "--force", ".gate")
    job.use({}, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "4")
    assert ".gate/ is committed" in job.summary


# --- what others read


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name != "huge"])
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


# --- the artifact, from a run of the author's to a comment of ours


def test_a_report_of_a_fork_becomes_a_comment_by_workflow_run(github, broken, tmp_path) -> None:
    from github_events import workflow_run
    from stub_github import zipped

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
    from github_events import report_zip, workflow_run

    github.artifact(report_zip("pass"))
    github.pull(8)
    relay = job_of(github, broken, tmp_path / "relay", event="workflow_run", payload=workflow_run())
    relay.use({"command": "comment"}, token=TOKEN)
    (comment,) = github.comments
    assert "### ✅" not in comment["body"]
