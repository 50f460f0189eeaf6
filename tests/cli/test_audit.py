"""`gate audit`: recorded answers called again, where a file of them came from someone else."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from cli.audited import fields, forged, half_the_tokens, one_text, passes, recorded, run
from cli.project import calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Folder

NUMBER = re.compile(r"chosen by seed (\d+) ")


# --- honest and forged --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_an_honest_file_is_plausible(repo: Folder, seed: str) -> None:
    recorded(repo)
    before = repo.snapshot()
    done = run(repo, "audit", "s", "--seed", seed)
    first, _, second, *_ = done.stdout.splitlines()
    assert first.startswith(
        "PLAUSIBLE: suite s: nothing tells 20 answers called again from the recorded ones (least p"
    )
    assert second == (
        f"20 of 150 recorded answers called again, in 20 of 30 cases, chosen by seed {seed} "
        f"(--seed {seed} chooses the same)"
    )
    assert "next:" not in done.stdout
    assert "\n20 calls\n" in done.stdout
    assert calls(repo).total() == 20
    assert repo.snapshot() == before  # it writes no baseline


@pytest.mark.parametrize(
    ("forge", "value", "cause"),
    [
        pytest.param(
            passes,
            "failures",
            r"(\d+) of 20 recorded answers that pass fail when called again",
            id="failures-edited-to-passes",
        ),
        pytest.param(
            half_the_tokens,
            "cost",
            r"answers called again take 2\d\.\d tokens, the recorded ones say 1\d\.\d tokens",
            id="output-tokens-halved",
        ),
        pytest.param(
            fields(input_tokens=1, output_tokens=0),
            "cost",
            r"answers called again take 2\d\.\d tokens, the recorded ones say 1\.0 tokens",
            id="tokens-that-are-none",
        ),
        pytest.param(
            one_text,
            "text",
            r"answers called again read otherwise than the recorded ones \(distance to the others "
            r"0\.\d{3}, recorded 0\.\d{3}\)",
            id="one-text-by-hand",
        ),
    ],
)
def test_a_forged_file_is_implausible(
    repo: Folder, forge: Callable[[dict[str, Any]], None], value: str, cause: str
) -> None:
    forged(recorded(repo), forge)
    done = run(repo, "audit", "s", "--seed", "1", exit_code=1)
    headline = done.stdout.splitlines()[0]
    assert headline.startswith("IMPLAUSIBLE: suite s: ")
    assert re.search(rf"{cause} \(p (< 0\.0001|= 0\.\d+)\)", headline)
    assert re.search(rf"^{value} .* implausible$", done.stdout, re.MULTILINE)
    assert re.search(rf"^case c\d\d: .*{value} \d.* recorded, \d.* live", done.stdout, re.MULTILINE)
    assert done.stdout.count("\n  recorded, passes: yes") == 3
    assert done.stdout.endswith("next: gate refresh s, by someone who holds the key\n")


def test_what_the_file_says_and_what_came_back_stand_side_by_side(repo: Folder) -> None:
    forged(recorded(repo), passes)
    done = run(repo, "audit", "s", "--seed", "1", exit_code=1)
    assert re.search(
        r"^case c\d\d: failures 0\.0 % recorded, 100\.0 % live\n"
        r"  recorded, passes: yes n\d\d .*\n"
        r"  live, fails \(regex\): sorry n\d\d .*$",
        done.stdout,
        re.MULTILINE,
    )


def test_an_input_that_is_counted_otherwise_is_told_and_fails_nothing(repo: Folder) -> None:
    forged(recorded(repo), fields(input_tokens=11))
    done = run(repo, "audit", "s", "--seed", "1")
    assert (
        "\nnote: 20 of 20 requests are counted otherwise today, the first of case c"
    ) in done.stdout
    assert "(10 input tokens, recorded 11)" in done.stdout
    forged(repo, fields(input_tokens=5))  # which makes it look cheaper than it is
    assert "IMPLAUSIBLE: suite s: answers called again take" in (
        run(repo, "audit", "s", "--seed", "1", exit_code=1).stdout
    )


def test_a_suite_without_checks_is_told_to_have_none(repo: Folder) -> None:
    recorded(repo)
    config = json.loads(repo.read("gate.yaml"))
    config["suites"]["s"]["checks"] = []
    repo.write({"gate.yaml": json.dumps(config)}).commit()
    assert "\nnote: no checks; only refused, cut and empty answers count as failures\n" in (
        run(repo, "audit", "s", "--seed", "1").stdout
    )


# --- which trials -------------------------------------------------------------------------------


def test_the_seed_is_drawn_anew_and_printed(repo: Folder) -> None:
    recorded(repo, cases=12)
    # Of the seeds that may be drawn, one in a hundred rejects an honest file.
    six = ("audit", "s", "--sample", "6")
    said = [run(repo, *six, exit_code=None).stdout for _ in range(2)]
    first, second = (NUMBER.findall(each)[0] for each in said)
    assert first != second
    called = calls(repo)
    assert called.total() == 12
    assert run(repo, *six, "--seed", first, exit_code=None).stdout == said[0]
    once = calls(repo)
    run(repo, *six, "--seed", second, exit_code=None)
    assert once + calls(repo) == called


def test_a_case_is_called_twice_only_when_all_were_called_once(repo: Folder) -> None:
    recorded(repo, cases=5, trials=3)
    for sample, expected in ((5, [1] * 5), (7, [1, 1, 1, 2, 2]), (15, [3] * 5), (999, [3] * 5)):
        run(repo, "audit", "s", "--sample", str(sample), "--seed", "5")
        assert sorted(calls(repo).values()) == expected


def test_no_case_is_called_more_often_than_it_is_recorded(repo: Folder) -> None:
    recorded(repo, cases=3, trials=4)
    head, first, *others = map(json.loads, repo.read("baselines/s.jsonl").splitlines())
    first["trials"] = first["trials"][:1]
    lines = [json.dumps(row) + "\n" for row in (head, first, *others)]
    repo.write({"baselines/s.jsonl": "".join(lines)})
    done = run(repo, "audit", "s", "--seed", "5")
    assert calls(repo) == {"n00": 1, "n01": 4, "n02": 4}
    assert "\n9 of 9 recorded answers called again, in 3 of 3 cases, " in done.stdout


def test_only_the_cases_that_are_named_are_called(repo: Folder) -> None:
    recorded(repo)
    done = run(repo, "audit", "s", "--case", "c0*", "--seed", "1")
    assert calls(repo).keys() <= {f"n0{number}" for number in range(10)}
    assert "20 of 50 recorded answers called again, in 10 of 10 cases" in done.stdout


# --- live is live -------------------------------------------------------------------------------


def poison(folder: Folder, words: str) -> None:
    """Record, as of now, made-up answers to every request under every number near and far."""
    path = folder.path / ".gate/recordings.db"
    with closing(sqlite3.connect(path)) as database, database:
        digests = database.execute("SELECT DISTINCT digest FROM recordings").fetchall()
        database.executemany(
            "INSERT OR REPLACE INTO recordings (digest, repeat, recorded_at, text, finish_reason, "
            "latency_ms, input_tokens, output_tokens, attempts) "
            "VALUES (?, ?, ?, ?, ?, 1, 10, 9, 1)",
            [
                (digest, repeat, time.time(), words, "stop")
                for (digest,) in digests
                for start in (0, 5_000, 10_000, 15_000)
                for repeat in range(start, start + 20)
            ],
        )


def test_no_recording_stands_for_an_answer_of_today(repo: Folder) -> None:
    forged(recorded(repo), one_text)
    poison(repo, "yes, your order is on its way")
    run(repo, "audit", "s", "--seed", "1", exit_code=1)
    assert calls(repo).total() == 20
    run(repo, "audit", "s", "--seed", "1", exit_code=1)  # not those of the audit before either
    assert calls(repo).total() == 20


def test_live_answers_are_drawn_anew_and_not_as_the_recorded_ones_were(repo: Folder) -> None:
    recorded(repo, cases=5)
    rows = [json.loads(line) for line in repo.read("baselines/s.jsonl").splitlines()[1:]]
    known = {trial["output"] for row in rows for trial in row["trials"]}
    # `refresh` orders its calls by seed 0: the same numbers would bring the same texts.
    run(repo, "audit", "s", "--sample", "25", "--seed", "0")
    with closing(sqlite3.connect(repo.path / ".gate/recordings.db")) as database:
        texts = [text for (text,) in database.execute("SELECT text FROM recordings")]
    assert len(set(texts) - known) == 25


def test_no_other_command_takes_the_answers_of_an_audit_for_its_own(repo: Folder) -> None:
    recorded(repo, cases=8)
    run(repo, "audit", "s", "--seed", "1")
    calls(repo)
    run(repo, "drift", "--all-calls", "--quiet", exit_code=0)
    assert calls(repo).total() == 8
