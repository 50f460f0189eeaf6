"""A run in parts: each replays its share of the cases, and a merge judges them together."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from cli.parts import (
    CASES,
    CHANGE,
    PARTS,
    changed_in,
    files,
    merge,
    prompt,
    replay,
    report,
    seen,
)
from cli.project import calls, recordings, run
from conftest import Folder, cases_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Folder]:
    """Makes repositories whose prompt was changed."""
    return lambda name, **how: changed_in(Folder(tmp_path / name / "repo"), **how)


@pytest.mark.parametrize("flags", [(), ("--all-calls",)], ids=["looks", "all-calls"])
@pytest.mark.parametrize(
    ("how", "exit_code"),
    [
        pytest.param({"new": 0.05}, 0, id="not-worse"),
        pytest.param({"new": 0.5}, 1, id="worse"),
        pytest.param({"new": 0.5, "lost": 0.05}, 1, id="worse-with-missing-answers"),
        pytest.param({"new": 0.16, "lost": 0.2}, 4, id="too-many-missing-answers"),
    ],
)
def test_the_merged_verdict_is_that_of_a_run_in_one_part(
    changed, how: dict[str, float], exit_code: int, flags: tuple[str, ...]
) -> None:
    whole, parts = changed("whole", **how), changed("parts", **how)
    expected = report(whole, "check", *flags)
    replay(parts)
    found = merge(parts, *flags)
    assert found[0] == expected[0] == exit_code
    assert seen(found[1]) == seen(expected[1])
    if how["new"] > 0.4:
        assert expected[1]["suites"][0]["stopped_early"] is (not flags)


def test_the_parts_make_every_call_once_and_the_merge_makes_none(changed) -> None:
    repo = changed("a", lost=0.05)
    replay(repo)
    asked = calls(repo)
    assert asked == Counter({f"{side} {n}": 3 for side in ("old", "new") for n in range(CASES)})
    _, found = merge(repo, "--all-calls")
    (suite,) = found["suites"]
    assert not calls(repo)
    told = suite["calls"]
    assert told["recorded"] == 0
    assert told["missing"] > 0
    assert told["old_live"] + told["new_live"] + told["missing"] == asked.total()
    assert "merged from 4 shards" in found["notes"]


def test_parts_are_as_large_as_each_other_and_their_calls_are_side_by_side(changed) -> None:
    repo = changed("a")
    done = run(repo, "check", "--shard", "2/4", "--output", "shards", "--quiet")
    rows = [json.loads(line) for line in repo.read("shards/shard-2-of-4.jsonl").splitlines()]
    assert done.stdout == (
        f"shard 2/4: {CASES * 6 // PARTS} answers, {CASES * 6 // PARTS} of them called now; "
        "shards/shard-2-of-4.jsonl\n"
        "no verdict yet; next, with all 4 shards: gate merge --all-calls shards\n"
    )
    assert len(rows) == 1 + CASES * 6 // PARTS
    asked = {text.split()[1] for text in calls(repo)}
    assert len(asked) == CASES // PARTS


def test_a_part_that_was_killed_goes_on_and_its_answers_count_once(changed) -> None:
    repo = changed("a")
    stopped = run(
        repo, "check", "--shard", "1/2", "--output", "shards", "--quiet", "--max-calls", "50"
    )
    assert stopped.returncode == 4
    assert "shard 1/2, suite 's': --max-calls is used up" in stopped.stderr
    assert not (repo.path / "shards").exists()
    replay(repo, parts=2)
    assert set(calls(repo).values()) == {3}
    _, found = merge(repo, "--all-calls")
    told = found["suites"][0]["calls"]
    assert (told["old_live"] + told["new_live"], told["recorded"]) == (CASES * 6 - 50, 50)


def test_answers_of_another_run_do_not_stand_in_for_what_a_part_lost(changed) -> None:
    repo = changed("a", lost=0.05)
    replay(repo)
    before = merge(repo, "--all-calls")
    (repo.path.parent / "cured").touch()
    whole = report(repo, "check", "--all-calls")
    assert whole[1]["suites"][0]["calls"]["missing"] == 0
    after = merge(repo, "--all-calls")
    assert after[1]["suites"][0]["calls"]["missing"] > 0
    assert seen(after[1]) == seen(before[1])


def test_a_fail_against_a_baseline_is_confirmed_by_the_merge(changed) -> None:
    repo = changed("a", new=0.6)
    change = repo.read("s.prompt.yml")
    repo.git("stash", "--quiet")
    run(repo, "refresh", "--quiet")
    repo.commit()
    repo.write({"s.prompt.yml": change})
    calls(repo)
    replay(repo)
    assert {text.split()[0] for text in calls(repo)} == {"new"}
    code, offline = merge(repo, "--offline")
    assert (code, offline["suites"][0]["confirmation"]) == (1, "unconfirmed")
    assert not calls(repo)
    code, live = merge(repo)
    assert (code, live["suites"][0]["confirmation"]) == (1, "confirmed")
    assert {text.split()[0] for text in calls(repo)} == {"old"}


def test_where_nothing_is_affected_parts_and_merge_pass_without_a_call(changed) -> None:
    repo = changed("a")
    repo.write(files())
    replay(repo)
    done = run(repo, "merge", "shards")
    assert (done.returncode, bool(calls(repo))) == (0, False)
    assert "suite s: not affected" in done.stdout


def test_where_the_change_touches_no_request_there_is_nothing_to_replay(changed) -> None:
    repo = changed("a")
    repo.write({"s.prompt.yml": prompt("old {{ n }}")})
    replay(repo, "--repeats", "2")
    code, found = merge(repo, "--repeats", "2")
    assert (code, bool(calls(repo))) == (0, False)
    assert any("no case's request did: nothing to judge" in note for note in found["notes"])


def test_each_part_may_lie_in_a_folder_of_its_own(changed) -> None:
    repo = changed("a")
    replay(repo, parts=2)
    for index in (1, 2):
        name = f"shard-{index}-of-2.jsonl"
        (repo.path / "shards" / f"part-{index}").mkdir()
        (repo.path / "shards" / name).rename(repo.path / "shards" / f"part-{index}" / name)
    assert merge(repo)[0] == 0


def test_two_files_need_no_git(tmp_path) -> None:
    folder = Folder(tmp_path / "p").write(
        {**files(new=0.6), "new.prompt.yml": CHANGE["s.prompt.yml"]}
    )
    names = ("--old", "s.prompt.yml", "--new", "new.prompt.yml")
    replay(folder, "s", *names)
    assert merge(folder, "--suite", "s", *names)[0] == 1


def test_suites_that_ask_the_same_share_an_answer_as_in_a_run_in_one_part(changed) -> None:
    whole, parts = changed("whole", lost=0.05), changed("parts", lost=0.05)
    for repo in (whole, parts):
        repo.git("stash", "--quiet")
        config = json.loads(repo.read("gate.yaml"))
        rows = [{**json.loads(line)} for line in repo.read("cases.jsonl").splitlines()]
        turned = [{**row, "id": f"d{row['id']}"} for row in rows]
        config["suites"]["t"] = {**config["suites"]["s"], "cases": "turned.jsonl"}
        repo.write({"gate.yaml": json.dumps(config), "turned.jsonl": cases_file(turned)}).commit()
        repo.write(CHANGE)
    expected = report(whole, "check", "--all-calls")
    replay(parts)
    assert seen(merge(parts, "--all-calls")[1]) == seen(expected[1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--shard", "0/4", "--output", "d"), "'0/4' is no i/n", id="zero"),
        pytest.param(("--shard", "5/4", "--output", "d"), "'5/4' is no i/n", id="beyond"),
        pytest.param(("--shard", "three", "--output", "d"), "'three' is no i/n", id="word"),
        pytest.param(("--shard", "1/4"), "--shard 1/4 needs --output DIR", id="no-output"),
        pytest.param(
            ("--shard", "1/4", "--output", "d", "--format", "json"),
            "--shard writes no report",
            id="format",
        ),
    ],
)
def test_a_part_that_cannot_be_is_refused(changed, arguments: tuple[str, ...], said: str) -> None:
    repo = changed("a")
    done = run(repo, "check", *arguments)
    assert (done.returncode, bool(calls(repo))) == (2, False)
    assert said in done.stderr


def test_a_part_that_cannot_be_written_says_so_and_its_answers_are_kept(changed) -> None:
    repo = changed("a")
    repo.write({"taken": "a file"})
    done = run(repo, "check", "--shard", "1/4", "--output", "taken/shards", "--quiet")
    assert done.returncode == 2
    assert "--output taken/shards: cannot be written" in done.stderr
    assert calls(repo)
    replay(repo)
    assert not Counter(n for n in calls(repo).values() if n > 3)


def test_a_folder_that_is_not_there_holds_no_shards(changed) -> None:
    done = run(changed("a"), "merge", "nowhere")
    assert done.returncode == 4
    assert "nowhere: no such folder" in done.stderr


def test_what_parts_took_is_added_up(changed) -> None:
    repo = changed("a")
    replay(repo)
    for part in range(1, PARTS + 1):
        path = f"shards/shard-{part}-of-{PARTS}.jsonl"
        head, *rest = repo.read(path).splitlines(keepends=True)
        row = json.loads(head)
        row["suites"]["s"] |= {"retries": part, "cost_usd": part / 4}
        repo.write({path: json.dumps(row) + "\n" + "".join(rest)})
    (suite,) = merge(repo)[1]["suites"]
    assert (suite["calls"]["retries"], suite["cost_usd"]) == (1 + 2 + 3 + 4, 2.5)


def test_a_suite_that_is_named_twice_is_replayed_once(changed) -> None:
    repo = changed("a")
    replay(repo, "s", "s")
    assert set(calls(repo).values()) == {3}
    assert merge(repo, "--suite", "s", "--suite", "s")[0] == 0


def test_the_command_that_a_part_names_next_is_the_one_that_fits(changed) -> None:
    repo = changed("a")
    base = repo.git("rev-parse", "HEAD")
    repo.commit("the change itself")
    flags = ("s", "--base", base, "--repeats", "2", "--all-calls", "--config", "gate.yaml")
    for part in ("1/2", "2/2"):
        done = run(repo, "check", *flags, "--shard", part, "--output", "./-parts", "--quiet")
    command = done.stdout.rpartition("gate merge ")[2]
    assert command == (
        f"--config gate.yaml --base {base} --all-calls --suite s --repeats 2 -- -parts\n"
    )
    merged = run(repo, "merge", "--quiet", *command.split())
    assert merged.returncode == 0, merged.stderr


def test_what_the_parts_lost_is_called_again_if_the_verdict_hangs_on_it(changed) -> None:
    how = {"new": 0.16, "lost": 0.2}
    whole, parts = changed("whole", **how), changed("parts", **how)
    replay(parts)
    lost = 6 * CASES - len(recordings(parts))
    calls(parts)
    assert merge(parts, "--offline")[0] == 4
    assert not calls(parts)
    for repo in (whole, parts):
        (repo.path.parent / "cured").touch()
    expected = report(whole, "check", "--all-calls")
    found = merge(parts, "--all-calls")
    assert calls(parts).total() == lost > 0
    assert (found[0], seen(found[1])) == (expected[0], seen(expected[1]))
    (note,) = [note for note in found[1]["notes"] if "wanted again" in note]
    assert note == f"suite s: {lost} answers that the shards had lost were wanted again"
    assert merge(parts, "--all-calls")[0] == expected[0]
    assert not calls(parts)


def test_a_part_says_on_standard_error_what_it_was_compared_with(changed) -> None:
    repo = changed("a")
    done = run(repo, "check", "--shard", "1/2", "--output", "shards")
    assert f"note: base: {repo.git('rev-parse', 'HEAD')[:12]}, merge-base with main" in done.stderr


def test_a_file_can_be_named_as_well_as_its_folder(changed) -> None:
    repo = changed("a")
    replay(repo, parts=2)
    names = [f"shards/shard-{part}-of-2.jsonl" for part in (1, 2)]
    assert run(repo, "merge", *names, "--quiet").returncode == 0
