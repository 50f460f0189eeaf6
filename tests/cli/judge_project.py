"""A reviewed project of which only a judge tells the outputs apart."""

from __future__ import annotations

import json
import sys

from cli.project import calls
from cli.reviewed import reviewed_project
from conftest import Folder, cases_file, prompt_file

# Keeps whatever has the queue a, as most of the reviewers do; notes what it was asked.
JUDGE_WORKER = """\
import json, os, sys
for line in sys.stdin:
    request = json.loads(line)
    shown = request["messages"][-1]["content"]
    with open(os.environ["WORKER_LOG"], "a") as log:
        log.write("judge " + json.dumps(shown) + "\\n")
    keeps = '"a"' in shown.split("output-")[1] if "output-" in shown else True
    said = os.environ.get("JUDGE_SAYS") or ("keep" if keeps else "drop")
    print(json.dumps({"id": request["id"], "output": said, "input_tokens": 10,
                      "output_tokens": 1}), flush=True)
"""
# Says that the first is better, whatever stands there.
BIASED_WORKER = JUDGE_WORKER.replace('("keep" if keeps else "drop")', '"first"')
JUDGE = {
    "prompt": "judge/judge.prompt.yml",
    "answers": {"keep": 0, "drop": 1},
}


def judge_prompt(content: str = "Message: {{input}}\nAnswer: {{output}}\nkeep or drop?", **more):
    return prompt_file(
        content, model=f"command/{sys.executable} judge/worker.py", depends=["judge/*.py"], **more
    )


def project(worker: str = JUDGE_WORKER, judge: dict | None = None, **more: object) -> dict:
    """A project without expectations, so that no signal but the judge tells outputs apart."""
    files = reviewed_project(judge=judge or JUDGE, **more)
    rows = [json.loads(line) for line in str(files["fixtures/cases.jsonl"]).splitlines()]
    for row in rows:
        del row["expected"]
    return {
        **files,
        "fixtures/cases.jsonl": cases_file(rows),
        "judge/judge.prompt.yml": judge_prompt(),
        "judge/worker.py": worker,
    }


def asked(folder: Folder) -> list[str]:
    """What the judge was asked since the last look."""
    return [json.loads(text[6:]) for text in calls(folder) if text.startswith("judge ")]


def twice(rows):
    """Labels of which a second reviewer says the same, but for one in ten."""
    flipped = {"accepted": "edited", "edited": "accepted", "rejected": "accepted"}
    return rows + [
        {
            **row,
            "reviewer": "cas",
            "decision": flipped[row["decision"]] if number % 10 == 0 else row["decision"],
        }
        for number, row in enumerate(rows[:100])
    ]
