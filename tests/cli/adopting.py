"""A repository that adopts the gate, and the gate's own repository as that one gets it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from cli.project import FAILURES_ONLY, MANY
from conftest import Folder, echo_project, prompt_file

ROOT = Path(__file__).parents[2]
BROKEN = {"fixtures/s.prompt.yml": prompt_file("never")}
HARMLESS = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed")}


def adopting_project() -> dict[str, str | bytes]:
    """Return the files of a project whose answers have to contain "yes"."""
    files = echo_project(MANY, checks=[{"contains": "yes"}])
    config = {**json.loads(files["gate.yaml"]), "policy": FAILURES_ONLY}
    return {**files, "gate.yaml": json.dumps(config), ".gitignore": ".gate/\nreport/\n"}


def own_repository(place: Path) -> tuple[Path, str]:
    """Commit the files of this tree, those not yet committed included, to a repository elsewhere.

    Returns:
        The repository, and the full id of its only commit.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    copy = Folder(place).init()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    return place, copy.commit("the gate")


def shown_yaml(marker: str) -> str:
    """Return the first block of YAML in the README behind a marker."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, found, rest = readme.partition(f"<!-- {marker} -->\n```yaml\n")
    assert found, f"README.md: no <!-- {marker} --> with a block of YAML below it"
    return rest.partition("\n```\n")[0] + "\n"
