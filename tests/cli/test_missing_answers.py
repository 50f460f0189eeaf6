"""What a report says of answers that did not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli.project import FAILURES_ONLY, IS_YES, MANY, judged, logged
from conftest import prompt_file

if TYPE_CHECKING:
    from conftest import Folder

# Refuses every second text of the new prompt, in words.
REFUSING = """\
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    text = request["messages"][-1]["content"]
    reply = {"id": request["id"], "output": text, "input_tokens": 1, "output_tokens": 1}
    if text.endswith("please") and int(text.split()[1]) % 2:
        reply = {"id": request["id"], "error": "SAID"}
    print(json.dumps(reply), flush=True)
"""


def refused(repo: Folder, said: str, **env: str) -> list[str]:
    """The notes of a run whose worker refuses half of the new requests."""
    files = logged(MANY, FAILURES_ONLY, checks=IS_YES)
    repo.write({**files, "worker.py": REFUSING.replace("SAID", said)}).commit()
    repo.write({"fixtures/s.prompt.yml": prompt_file("{{answer}} please")})
    report = judged(repo, "--all-calls", exit_code=1, **env)
    assert report["suites"][0]["calls"]["missing"] == len(MANY) // 2
    notes: list[str] = report["notes"]
    return notes


def test_it_says_what_was_said_instead(repo: Folder) -> None:
    (note,) = [each for each in refused(repo, "no such customer") if "said" in each]
    assert note.startswith("suite s: what was said most often instead: ")
    assert "no such customer" in note


@pytest.mark.parametrize("said", ["your key sk-12345678 is old", "x" * 400 + "sk-12345678"])
def test_what_repeats_a_secret_is_not_told(repo: Folder, said: str) -> None:
    notes = refused(repo, said, MY_API_KEY="sk-12345678")
    assert "sk-12345678" not in "\n".join(notes)
    assert any("it holds the value of MY_API_KEY" in each for each in notes)
