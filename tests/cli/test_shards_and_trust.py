"""Shards count only if the run itself wrote them, and leave no trace among the recordings."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cli.in_process import gate_in_process
from cli.parts import THIRD, changed_in, committed, edited, merge, prompt, refused, replay
from cli.project import run
from conftest import Folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Folder]:
    """Makes repositories whose prompt was changed."""
    return lambda name, **how: changed_in(Folder(tmp_path / name / "repo"), **how)


def behind_a_link(repo: Folder) -> None:
    (repo.path / "shards").rename(repo.path / "kept")
    (repo.path / "shards").symlink_to("kept")
    repo.git("add", "kept", "shards")
    repo.git("commit", "--quiet", "--message", "answers of my own")


def behind_a_link_out_of_the_repository(repo: Folder) -> None:
    (repo.path / "shards").rename(repo.path.parent / "kept")
    (repo.path / "shards").symlink_to(repo.path.parent / "kept")


def in_a_repository_of_its_own(repo: Folder) -> None:
    Folder(repo.path / "shards").init().commit()


@pytest.mark.parametrize(
    "hide",
    [committed, behind_a_link, behind_a_link_out_of_the_repository, in_a_repository_of_its_own],
)
@pytest.mark.parametrize("two_files", [False, True])
def test_answers_that_a_change_brings_along_do_not_count(
    changed, hide: Callable[[Folder], None], *, two_files: bool
) -> None:
    repo = changed("a")
    repo.write({"old.prompt.yml": prompt("old {{n}}")})
    base = ("--base", repo.git("rev-parse", "HEAD"))
    sides = ("--old", "old.prompt.yml", "--new", "s.prompt.yml") if two_files else base
    replay(repo, *sides)
    hide(repo)
    assert "answers would be the author's" in refused(repo, *sides)


def test_a_merge_leaves_the_recordings_alone(changed) -> None:
    repo = changed("a", new=0.6)
    replay(repo)
    before = answers_in(repo)
    text = repo.read(THIRD).replace('"text":"wrong"', '"text":"right"')
    repo.write({THIRD: text})
    merge(repo)
    edited(-1, lambda _: "")(repo)
    refused(repo)
    assert answers_in(repo) == before


def answers_in(repo: Folder) -> list[object]:
    with closing(sqlite3.connect(repo.path / ".gate" / "recordings.db")) as db:
        return db.execute("SELECT * FROM recordings ORDER BY digest, repeat").fetchall()


def test_an_answer_that_carries_a_secret_by_now_gets_into_no_shard(changed) -> None:
    repo = changed("a")
    run(repo, "check", "--all-calls", "--quiet")
    arguments = ("check", "--shard", "1/1", "--output", "shards", "--quiet")
    with closing(sqlite3.connect(repo.path / ".gate" / "recordings.db")) as db, db:
        db.execute("UPDATE recordings SET text = 'it is sk-12345678'")
    done = gate_in_process(repo, *arguments, MY_API_KEY="sk-12345678", WORKER_LOG="/dev/null")
    assert done.returncode == 4
    assert "an answer carries the value of MY_API_KEY" in done.stderr
    assert not (repo.path / "shards").exists()
