"""Real decisions as labels: post-edited translations, and code suggestions kept or not."""

from __future__ import annotations

import csv

from conftest import SHARED_DATA, cases_file, config_file, prompt_file

DECISIONS = {
    "accepted": "accepted",
    "edited": "edited",
    "rewritten": "edited",
    "rejected": "rejected",
}


def labels_of(name: str, *, given: str, cluster: tuple[str, ...], tag: str) -> str:
    """Labels of a file of real decisions, known by their input, with what the model was sure of."""
    rows: list[dict[str, object]] = []
    with (SHARED_DATA / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sure = {key: float(row[key]) for key in ("mean_logprob", "min_logprob") if row.get(key)}
            rows.append(
                {
                    "input": row[given],
                    "output": row["machine_output"],
                    "decision": DECISIONS[row["verdict"]],
                    "segment": {tag: row["segment"]},
                    "cluster": " ".join(row[key] for key in cluster),
                    **sure,
                }
            )
    return cases_file(rows)


def project(suite: str, labels: str) -> dict[str, str | bytes]:
    """Files of a project whose suite has these labels and hardly a case."""
    return {
        "gate.yaml": config_file({suite: {"prompt": "s.prompt.yml", "cases": "cases.jsonl"}}),
        "s.prompt.yml": prompt_file("{{input}}", model="local/smollm2-135m"),
        "cases.jsonl": cases_file([{"id": "a", "input": "Hello"}]),
        "labels.jsonl": labels,
    }


def mt_project(suite: str) -> dict[str, str | bytes]:
    """Machine translations and what post-editors made of them, split by document."""
    return project(
        suite,
        labels_of("mlqe_pe_dev.csv", given="source", cluster=("segment", "doc"), tag="pair"),
    )


def copilot_project(suite: str) -> dict[str, str | bytes]:
    """Code suggestions and what programmers made of them, split by user."""
    return project(
        suite,
        labels_of("copilot_suggestions.csv", given="input_tail", cluster=("user",), tag="task"),
    )
