"""The steps that install, for real: from the lock, and the embedded model where it is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from action.pull_request import TOKEN, job_of, pull_request
from conftest import config_file

if TYPE_CHECKING:
    from conftest import Folder

DATA = [{"word": word} for word in ("yes", "no")]


def prompt(text: str) -> str:
    return json.dumps({
        "model": "local/smollm2-135m",
        "modelParameters": {"temperature": 0, "maxTokens": 4},
        "messages": [{"role": "user", "content": text}],
        "testData": DATA,
        "evaluators": [{"name": "short", "string": {"contains": ""}}],
    })  # fmt: skip


@pytest.mark.install
@pytest.mark.model
def test_the_embedded_model_comes_where_a_prompt_asks_for_it(
    github, repo: Folder, tmp_path
) -> None:
    suite = {"prompt": "s.prompt.yml", "repeats": {"baseline": 1, "new": 1}}
    base = {"gate.yaml": config_file({"s": suite}), "s.prompt.yml": prompt("Say {{word}}.")}
    asked = pull_request(repo, base, {"s.prompt.yml": prompt("Please say {{word}}.")})
    job = job_of(github, asked, tmp_path / "job").use({}, token=TOKEN, installs=True)
    assert "install the embedded model" in job.ran
    assert job.outputs["verdict"] == "inconclusive", job.log
    report = json.loads(job.artifacts["gate-report"]["report.json"])
    (suite_report,) = report["suites"]
    assert suite_report["calls"]["old_live"] + suite_report["calls"]["new_live"] == 4
    assert suite_report["calls"]["missing"] == 0
