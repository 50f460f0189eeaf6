"""`gate plan`: what a check would call and cost, against what it then calls and costs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from cli.workers import HARMLESS, INDEED, calls, cases, checked, moody, planned, refreshed, run
from conftest import cases_file, prompt_file

if TYPE_CHECKING:
    from conftest import Folder


def most_calls(text: str) -> int:
    (found,) = re.findall(r"at most (\d+) calls", text)
    return int(found)


# --- calls --------------------------------------------------------------------------------------


def test_without_a_baseline_both_sides_are_called(repo: Folder) -> None:
    repo.write(moody(30, repeats={"baseline": 4, "new": 2})).commit()
    repo.write(HARMLESS)
    text = planned(repo)
    assert text.startswith("suite s: affected\n30 cases, 2 new trials each; at most 120 calls ")
    assert "(60 old, 60 new)" in text
    assert "0 answers are known" in text
    assert "confirming" not in text
    checked(repo)
    assert calls(repo) == 120


def test_with_a_baseline_only_new_is_called_and_a_fail_is_confirmed(repo: Folder) -> None:
    refreshed(repo, moody(30, checks=[{"regex": r"^yes \d+$"}], repeats={"baseline": 4, "new": 2}))
    repo.write(INDEED)
    text = planned(repo)
    assert "30 cases, 2 new trials each; at most 60 calls, " in text
    assert "120 answers are known; confirming a fail takes up to 60 more\n" in text
    assert checked(repo, exit_code=1)["confirmation"] == "confirmed"
    assert calls(repo) == 60 + 60


def test_answers_that_the_author_recorded_are_confirmed_as_well(repo: Folder) -> None:
    refreshed(repo, moody(30, checks=[{"regex": r"^yes \d+$"}], repeats={"baseline": 4, "new": 2}))
    repo.write(INDEED)
    run(repo, "refresh")
    for path in (repo.path / ".gate").iterdir():
        path.unlink()  # as in a fresh clone
    text = planned(repo)
    assert "at most 0 calls; " in text
    assert "confirming a fail takes up to 120 more\n" in text
    assert checked(repo, exit_code=1)["confirmation"] == "confirmed"
    assert calls(repo) == 120


def test_a_stopped_check_calls_no_more_than_planned(repo: Folder) -> None:
    refreshed(repo, moody(30, repeats={"baseline": 4, "new": 2}))
    repo.write(HARMLESS)
    assert most_calls(planned(repo)) == 60
    run(repo, "check")
    assert calls(repo) <= 60


def test_what_was_recorded_is_not_planned_again(repo: Folder) -> None:
    repo.write(moody(20)).commit()
    repo.write(HARMLESS)
    checked(repo)
    text = planned(repo)
    assert "at most 0 calls; " in text
    assert "40 answers are known" in text
    more = planned(repo, "--repeats", "3")
    assert "20 cases, 3 new trials each; at most 80 calls (40 old, 40 new)" in more
    checked(repo, "--repeats", "3")
    assert calls(repo) == 80


def test_a_request_that_the_change_leaves_alone_is_planned_once(repo: Folder) -> None:
    files = moody(4)
    # Two cases that ask the same are two trials all the same.
    rows = [{"id": name, "input": {"answer": text}} for name, text in cases(4).items()]
    rows.append({"id": "twin", "input": {"answer": "yes 0"}})
    repo.write({**files, "fixtures/cases.jsonl": cases_file(rows)}).commit()
    template = "{{answer}}{% if answer == 'yes 3' %} indeed{% endif %}"
    repo.write({"fixtures/s.prompt.yml": prompt_file(template)})
    assert most_calls(planned(repo)) == 6
    checked(repo)
    assert calls(repo) == 6


def test_only_the_named_suites_and_cases_are_planned(repo: Folder) -> None:
    files = moody(12)
    config = json.loads(files["gate.yaml"])
    config["suites"]["t"] = {**config["suites"]["s"], "prompt": "fixtures/t.prompt.yml"}
    other = {"fixtures/t.prompt.yml": prompt_file("t {{answer}}")}
    repo.write({**files, **other, "gate.yaml": json.dumps(config)}).commit()
    repo.write(HARMLESS)
    both = planned(repo)
    assert "suite s: affected\n" in both
    assert "\n\nsuite t: not affected; a change of its prompt would take\n" in both
    only = planned(repo, "s", "--case", "c00[12]")
    assert only.startswith("suite s: affected\n2 cases, 1 new trial each; at most 4 calls ")
    assert "suite t" not in only


# --- suites that are not affected ---------------------------------------------------------------


def test_a_suite_that_is_not_affected_is_planned_for_a_change(repo: Folder) -> None:
    refreshed(repo, moody(30, repeats={"baseline": 4, "new": 2}))
    text = planned(repo)
    assert text.startswith(
        "suite s: not affected; a change of its prompt would take\n"
        "30 cases, 2 new trials each; at most 60 calls, "
    )
    assert "; 120 answers are known; confirming a fail takes up to 60 more\n" in text
    repo.write(HARMLESS)
    assert most_calls(planned(repo)) == 60


def test_nor_does_a_missing_baseline_hide_half_of_its_calls(repo: Folder) -> None:
    repo.write(moody(30, repeats={"baseline": 4, "new": 2})).commit()
    text = planned(repo)
    assert "at most 120 calls (60 old, 60 new)" in text
    assert "next: gate refresh s" in text
    repo.write(HARMLESS)
    assert most_calls(planned(repo)) == 120


def test_a_first_run_says_so(repo: Folder) -> None:
    repo.write(moody(30))
    text = planned(repo)
    assert "note: first run: " in text
    assert text.startswith("suite s: not affected; a change of its prompt would take\n")


# --- cost ---------------------------------------------------------------------------------------


def priced(content: str = "{{answer}}", **more: object) -> dict[str, str]:
    price = {"input": 10, "output": 20}
    return {"fixtures/s.prompt.yml": prompt_file(content, price=price, **more)}


def test_the_cost_is_that_of_the_answers_that_are_known(repo: Folder) -> None:
    # 10 tokens in, 6 out: (10 x 10 + 6 x 20) / 10^6 = 0.00022 USD a call, 60 calls
    refreshed(repo, {**moody(30, repeats={"baseline": 4, "new": 2}), **priced()})
    repo.write(priced(modelParameters={"temperature": 0}))
    assert "at most 60 calls, 0.0132 USD; " in planned(repo)
    assert checked(repo)["cost_usd"] == pytest.approx(0.0132)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param({}, HARMLESS, "no price", id="no-price"),
        pytest.param({}, priced("{{answer}} indeed"), "no price", id="old-has-no-price"),
        pytest.param(
            priced(),
            priced("{{answer}} indeed"),
            "no answer yet whose tokens were counted",
            id="no-answer-whose-tokens-are-known",
        ),
    ],
)
def test_a_cost_that_is_not_known_is_not_made_up(
    repo: Folder, old: dict[str, str], new: dict[str, str], reason: str
) -> None:
    repo.write({**moody(10), **old}).commit()
    repo.write(new)
    assert f", cost unknown ({reason}); " in planned(repo)


# --- wrong questions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nope"], "no suite 'nope'", id="unknown-suite"),
        pytest.param(["--case", "z*"], "--case z*: matches none of 30 cases", id="no-such-case"),
        pytest.param(["--repeats", "0"], "0 is not in the range", id="no-repeats"),
    ],
)
def test_a_plan_of_nothing_is_an_error(repo: Folder, arguments: list[str], message: str) -> None:
    repo.write(moody(30)).commit()
    repo.write(HARMLESS)
    done = run(repo, "plan", *arguments, exit_code=2)
    assert message in done.stderr
    assert done.stdout == ""


def test_two_files_are_planned_without_git(folder: Folder) -> None:
    folder.write(moody(30))
    folder.write({"new.prompt.yml": INDEED["fixtures/s.prompt.yml"]})
    text = planned(folder, "--old", "fixtures/s.prompt.yml", "--new", "new.prompt.yml")
    assert "at most 60 calls (30 old, 30 new)" in text
