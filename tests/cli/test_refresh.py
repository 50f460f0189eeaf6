"""Baselines: `refresh` approves, `check` holds against them."""

from __future__ import annotations

import json
from collections import Counter

from cli.project import BROKEN, FEW, LOG_WORKER, calls, judged, logged, run
from conftest import Folder, cases_file, prompt_file


def test_refresh_approves_the_old_side_and_check_calls_only_the_new(repo: Folder) -> None:
    repo.write(logged(FEW))
    done = run(repo, "refresh")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "baselines/s.jsonl: 3 cases, 6 trials, 6 calls; 0.0 % fail\n"
    assert calls(repo) == Counter({"yes 1": 2, "yes 2": 2, "yes 3": 2})
    head, *rows = map(json.loads, repo.read("baselines/s.jsonl").splitlines())
    assert (head["suite"], head["cases"], head["repeats"]) == ("s", 3, 2)
    assert [row["case"] for row in rows] == ["a", "b", "c"]
    assert [trial["output"] for trial in rows[1]["trials"]] == ["yes 2", "yes 2"]
    repo.commit()

    repo.write(BROKEN)
    before = repo.snapshot()
    (suite,) = judged(repo, exit_code=0)["suites"]
    assert suite["trials"] == {"old": 6, "new": 3}
    assert suite["calls"]["old_live"] == 0
    assert calls(repo) == Counter(["yes 1 indeed", "yes 2 indeed", "yes 3 indeed"])
    assert repo.snapshot() == before  # check never writes a baseline

    again = run(repo, "refresh", "s")
    assert "baselines/s.jsonl: 3 cases, 6 trials, 3 calls; 0.0 % fail (0.0 % before)" in (
        again.stdout
    )
    assert calls(repo).total() == 3


def test_a_baseline_of_another_prompt_is_not_the_old_side(repo: Folder) -> None:
    repo.write(logged(FEW))
    assert run(repo, "refresh").returncode == 0
    repo.write({"fixtures/s.prompt.yml": prompt_file("{{answer}}, please")})
    repo.commit()
    calls(repo)
    repo.write(BROKEN)
    (suite,) = judged(repo, "--all-calls", exit_code=0)["suites"]
    assert suite["calls"]["old_live"] == 3
    assert calls(repo)["yes 1, please"] == 1


def test_refresh_only_new_calls_what_has_no_baseline(repo: Folder) -> None:
    repo.write(logged(FEW))
    assert run(repo, "refresh").returncode == 0
    first = repo.read("baselines/s.jsonl").splitlines()
    (repo.path / ".gate/recordings.db").unlink()
    calls(repo)
    more = {**FEW, "d": "yes 4"}
    rows = [{"id": key, "input": {"answer": text}} for key, text in more.items() if key != "a"]
    repo.write({"fixtures/cases.jsonl": cases_file(rows)})
    done = run(repo, "refresh", "--only-new")
    assert done.returncode == 0, done.stderr
    assert "3 cases, 6 trials, 2 calls" in done.stdout
    assert "  no longer a case: a\n  new: d\n" in done.stdout
    assert calls(repo) == Counter({"yes 4": 2})
    assert repo.read("baselines/s.jsonl").splitlines()[1:3] == first[2:4]


def test_a_refresh_with_an_answer_missing_writes_nothing(repo: Folder) -> None:
    repo.write(logged(FEW))
    assert run(repo, "refresh").returncode == 0
    refuses_b = LOG_WORKER.replace('"output": text', '"error" if text[-1] == "2" else "output": 1')
    repo.write({"worker.py": refuses_b})
    before = repo.snapshot()
    done = run(repo, "refresh")
    assert done.returncode == 4
    assert "suite 's': 2 answers are missing; no baseline was written" in done.stderr
    assert repo.snapshot() == before
