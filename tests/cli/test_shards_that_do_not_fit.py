"""Shards that are missing, broken, of another run, or not the run's own, have no verdict."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from cli.parts import (
    POLICY,
    THIRD,
    changed_in,
    committed,
    edited,
    files,
    merge,
    prompt,
    refused,
    replay,
)
from cli.project import calls, run
from conftest import Folder, config_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Folder]:
    """Makes repositories whose prompt was changed."""
    return lambda name, **how: changed_in(Folder(tmp_path / name / "repo"), **how)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A repository whose parts are all there."""
    repo = changed_in(Folder(tmp_path_factory.mktemp("replayed") / "repo"))
    replay(repo)
    return repo


@pytest.fixture
def whole(replayed: Folder, tmp_path: Path) -> Folder:
    """A copy of that repository, to be spoilt."""
    shutil.copytree(replayed.path, tmp_path / "a" / "repo")
    return Folder(tmp_path / "a" / "repo")


def without(repo: Folder) -> None:
    (repo.path / "shards/shard-3-of-4.jsonl").unlink()


def without_any(repo: Folder) -> None:
    shutil.rmtree(repo.path / "shards")
    (repo.path / "shards").mkdir()


def twice(repo: Folder) -> None:
    (repo.path / "shards/again").mkdir()
    shutil.copy(repo.path / "shards/shard-3-of-4.jsonl", repo.path / "shards/again")


def from_another_matrix(repo: Folder) -> None:
    replay(repo, parts=2)


def of_another_prompt(repo: Folder) -> None:
    repo.write({"s.prompt.yml": prompt("new  {{n}}")})


def of_two_prompts(repo: Folder) -> None:
    of_another_prompt(repo)
    run(repo, "check", "--shard", "3/4", "--output", "shards", "--quiet")


def on_another_base(repo: Folder) -> None:
    change = repo.read("s.prompt.yml")
    repo.git("stash", "--quiet")
    repo.write({"README": "more"}).commit()
    repo.write({"s.prompt.yml": change})


def of_another_suite(repo: Folder) -> None:
    repo.write(files())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(without, "missing of 4 shards: 3", id="missing"),
        pytest.param(without_any, "no shards in shards", id="none"),
        pytest.param(twice, "shard 3/4 is there twice: shards/again/shard-3", id="twice"),
        pytest.param(from_another_matrix, "the number of shards differs", id="another-matrix"),
        pytest.param(of_two_prompts, "the plan differs", id="two-prompts"),
        pytest.param(of_another_prompt, "the shards are of another run", id="another-prompt"),
        pytest.param(on_another_base, "its base is", id="another-base"),
        pytest.param(of_another_suite, "affected here: none", id="no-longer-affected"),
        pytest.param(committed, "is committed, or behind a symlink", id="committed"),
        pytest.param(edited(0, lambda _: "{}\n"), f"{THIRD}:1: not a shard", id="no-head"),
        pytest.param(
            edited(0, lambda line: line.replace("gate-shard/1", "gate-shard/2")),
            "format 'gate-shard/2'",
            id="another-format",
        ),
        pytest.param(
            edited(0, lambda line: line.replace('"index":3', '"index":5')),
            f"{THIRD}:1: not a shard",
            id="no-such-part",
        ),
        pytest.param(edited(5, lambda _: "oops\n"), f"{THIRD}:6: not JSON", id="no-json"),
        pytest.param(
            edited(5, lambda line: line.replace('"suite":"s"', '"suite":"t"')),
            f"{THIRD}:6: no answer of this shard",
            id="another-suite",
        ),
        pytest.param(
            edited(5, lambda line: line.replace('"text":', '"txt":')),
            f"{THIRD}:6: no answer of this shard",
            id="unknown-field",
        ),
        pytest.param(
            edited(5, lambda line: line.replace('"attempts":1', '"attempts":"one"')),
            f"{THIRD}:6: no answer of this shard",
            id="wrong-kind",
        ),
        pytest.param(
            edited(5, lambda line: line.replace('"key":[', '"key":[1,')),
            f"{THIRD}:6: no answer of this shard",
            id="no-key",
        ),
        pytest.param(edited(-1, lambda _: ""), "holds 89 answers of suite 's'", id="cut"),
        pytest.param(edited(-1, lambda line: line[:30]), "the last line is cut", id="cut-line"),
        pytest.param(
            edited(-1, lambda line: line + line), "holds 91 answers of suite 's'", id="too-many"
        ),
    ],
)
def test_what_does_not_fit_together_has_no_verdict(
    whole: Folder, spoil: Callable[[Folder], None], said: str
) -> None:
    spoil(whole)
    calls(whole)
    assert said in refused(whole)
    assert not calls(whole)


def test_an_answer_that_no_part_brought_is_no_verdict(changed) -> None:
    repo = changed("a")
    replay(repo)
    lines = repo.read(THIRD).splitlines(keepends=True)
    repo.write({THIRD: "".join([*lines[:-1], lines[-2]])})
    assert "suite 's': 1 answers are in no shard, the first is of case 'c" in refused(repo)


@pytest.mark.parametrize("flags", [("--seed", "3"), ("--repeats", "2"), ("--case", "c00*")])
def test_the_merge_takes_the_options_of_the_parts(changed, flags: tuple[str, ...]) -> None:
    repo = changed("a")
    replay(repo, *flags)
    said = refused(repo)
    assert f"was made with {' '.join(flags).replace('c00*', chr(39) + 'c00*' + chr(39))}" in said
    assert merge(repo, *flags)[0] in {0, 1}


def test_another_policy_is_another_run(changed) -> None:
    repo = changed("a")
    repo.write({"strict.yaml": config_file({}, policy={**POLICY, "strict": True})})
    replay(repo, "--policy", "strict.yaml")
    assert merge(repo, "--policy", "strict.yaml")[0] == 0
    repo.write({"strict.yaml": config_file({}, policy={**POLICY, "alpha": 0.01})})
    assert "was made under another policy" in refused(repo, "--policy", "strict.yaml")


@pytest.mark.parametrize(
    ("flags", "edit", "said"),
    [
        pytest.param(("--seed", "3"), {}, "the options differs", id="options"),
        pytest.param((), {"README": "more"}, "the base differs", id="base"),
        pytest.param(("--policy", "other.yaml"), {}, "the options differs", id="policy-option"),
    ],
)
def test_a_part_that_was_made_otherwise_than_the_first_is_foreign(
    changed, flags: tuple[str, ...], edit: dict[str, str], said: str
) -> None:
    repo = changed("a")
    repo.write({"other.yaml": config_file({}, policy={**POLICY, "alpha": 0.01})})
    replay(repo)
    if edit:
        change = repo.read("s.prompt.yml")
        repo.git("stash", "--quiet")
        repo.write(edit).git("add", "README")
        repo.git("commit", "--quiet", "--message", "more")
        repo.write({"s.prompt.yml": change})
    run(repo, "check", "--shard", "3/4", "--output", "shards", "--quiet", *flags)
    assert said in refused(repo)


def test_a_part_that_was_made_under_another_policy_than_the_first_is_foreign(changed) -> None:
    repo = changed("a")
    repo.write({"other.yaml": config_file({}, policy=POLICY)})
    replay(repo, "--policy", "other.yaml")
    repo.write({"other.yaml": config_file({}, policy={**POLICY, "alpha": 0.01})})
    third = ("--shard", "3/4", "--output", "shards", "--policy", "other.yaml", "--quiet")
    run(repo, "check", *third)
    assert "the policy differs" in refused(repo, "--policy", "other.yaml")


def with_key(name: str, value: object) -> Callable[[str], str]:
    """Set one key of a line; `a.b` is a key of a key."""

    def change(line: str) -> str:
        row = json.loads(line)
        *way, last = name.split(".")
        inner = row
        for step in way:
            inner = inner[step]
        inner[last] = value
        return json.dumps(row) + "\n"

    return change


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        *((0, "shard.count", value) for value in (10**400, 0, 2, 200_000, "4", 4.0, True, None)),
        *((0, name, value) for name in ("base", "flags", "policy") for value in (5, None, [])),
        *((0, "suites", value) for value in ([], None, {"s": []}, {"s": {}})),
        *((0, "suites.s.retries", value) for value in ("x", -1, 10**400, 0.5)),
        *((0, "suites.s.cost_usd", value) for value in (None, -5, 10**400)),
        *((0, "suites.s.answers", value) for value in (None, -5, 10**30)),
        *((5, "key", value) for value in (None, [], ["a", 10**30], ["a", -1], [1, 1], ["a", True])),
        *((5, "response", value) for value in (None, [], {}, "right")),
        *((5, "response.input_tokens", value) for value in (10**30, -1, "x", 1.5, True)),
        *((5, "response.received_at", value) for value in (10**30, -1, "x")),
        *((5, "response.latency_ms", value) for value in (10**400, -1.0, None)),
        *((5, "response.logprobs", value) for value in ([10**400], ["x"], 5)),
        (5, "response.headers", {"authorization": "x"}),
        (5, "missing", None),
        (5, "missing", "::error::no such reason"),
        (5, "suite", ["s"]),
        (5, "live", None),
    ],
)
def test_whatever_stands_in_a_shard_is_told_in_a_line(
    replayed: Folder, where: int, name: str, value: object
) -> None:
    kept = replayed.read(THIRD)
    edited(where, with_key(name, value))(replayed)
    said = refused(replayed)
    replayed.write({THIRD: kept})
    assert said.startswith("gate: ")
    assert len(said) < 2000


def test_a_link_that_leads_in_a_circle_is_no_shard(changed) -> None:
    repo = changed("a")
    replay(repo)
    (repo.path / "shards/shard-5-of-4.jsonl").symlink_to("shard-5-of-4.jsonl")
    refused(repo)


def test_what_could_not_be_looked_at_is_told_in_the_output_folder_too(changed) -> None:
    repo = changed("a")
    replay(repo)
    without(repo)
    done = run(repo, "merge", "shards", "--output", "out", "--quiet")
    assert done.returncode == 4
    told = repo.read("out/report.txt")
    assert told.startswith("INCOMPLETE")
    assert "note: missing of 4 shards: 3" in told
    assert "policy" not in told
