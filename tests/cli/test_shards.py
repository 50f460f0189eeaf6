"""A run in parts: each replays its share of the cases, and a merge judges them together."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from cli.project import calls, run
from conftest import Folder, cases_file, config_file, prompt_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PARTS = 4
CASES = 60
POLICY = {
    "metrics": {"failure_rate": {"max_rise": 0.05}, "cost": {"max_ratio": 1.5}},
    "segments": {"by": ["channel"], "max_rise": 0.1},
}
# Whether a call is answered, and how, hangs on its text and seed: the same in every process.
WORKER = """\
import hashlib, json, os, sys
for line in sys.stdin:
    request = json.loads(line)
    asked = request["messages"][-1]["content"]
    with open(os.environ["WORKER_LOG"], "a") as log:
        log.write(asked + "\\n")
    drawn = hashlib.sha256(f"{asked} {request['seed']}".encode()).digest()
    reply = {"id": request["id"], "input_tokens": 10, "output_tokens": 1 + drawn[2] % 3}
    is_cured = os.path.exists(os.path.join(os.path.dirname(os.environ["WORKER_LOG"]), "cured"))
    if drawn[0] < LOST * 256 and not is_cured:
        reply = {"id": request["id"], "error": "not today"}
    else:
        broken = RATE[asked.split()[0]]
        reply["output"] = "wrong" if drawn[1] < broken * 256 else "right"
    print(json.dumps(reply), flush=True)
"""


def files(*, new: float = 0.05, lost: float = 0.0, **more: object) -> dict[str, str | bytes]:
    """A project whose old prompt fails in 10 % of its trials, the new one as often as said."""
    rows = [
        {"id": f"c{i:03}", "input": {"n": i}, "segment": {"channel": ("chat", "email")[i % 2]}}
        for i in range(CASES)
    ]
    suite = {
        "prompt": "s.prompt.yml",
        "cases": "cases.jsonl",
        "repeats": {"baseline": 2, "new": 3},
        "checks": [{"equals": "right"}],
    }
    rates = {"old": 0.1, "new": new}
    return {
        "worker.py": WORKER.replace("LOST", str(lost)).replace("RATE", repr(rates)),
        "s.prompt.yml": prompt_file("old {{n}}"),
        "cases.jsonl": cases_file(rows),
        "gate.yaml": config_file({"s": suite}, policy={**POLICY, **more}),
    }


CHANGE = {"s.prompt.yml": prompt_file("new {{n}}")}


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Folder]:
    """Makes repositories whose prompt was changed; they differ in nothing but their place."""

    def make(name: str, **how: Any) -> Folder:
        repo = Folder(tmp_path / name / "repo").init()
        repo.write(files(**how)).commit()
        return repo.write(CHANGE)

    return make


def replay(repo: Folder, *arguments: str, parts: int = PARTS) -> None:
    for index in range(1, parts + 1):
        part = f"{index}/{parts}"
        done = run(repo, "check", "--shard", part, "--output", "shards", "--quiet", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


def report(repo: Folder, command: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = run(repo, command, "--format", "json", "--quiet", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def merge(repo: Folder, *arguments: str) -> tuple[int, dict[str, Any]]:
    return report(repo, "merge", "shards", *arguments)


def refused(repo: Folder, *arguments: str) -> str:
    done = run(repo, "merge", "shards", "--quiet", *arguments)
    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stdout == ""
    assert "repair: " in done.stderr
    return done.stderr


def seen(found: dict[str, Any]) -> object:
    """What a verdict is made of."""
    names = ("verdict", "trials", "findings", "failure_codes", "cases_changed", "stopped_early")
    return found["verdict"], [[suite.get(name) for name in names] for suite in found["suites"]]


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
        "no verdict yet; next, with all 4 shards: gate merge shards\n"
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
    repo.write({"s.prompt.yml": prompt_file("old {{ n }}")})
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
    repo.write({"s.prompt.yml": prompt_file("new  {{n}}")})


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


def committed(repo: Folder) -> None:
    repo.git("add", "shards")


def edited(where: int, change: Callable[[str], str]) -> Callable[[Folder], None]:
    """Change one line of the third part."""

    def edit(repo: Folder) -> None:
        lines = repo.read("shards/shard-3-of-4.jsonl").splitlines(keepends=True)
        lines[where] = change(lines[where])
        repo.write({"shards/shard-3-of-4.jsonl": "".join(lines)})

    return edit


THIRD = "shards/shard-3-of-4.jsonl"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(without, "1 of 4 shards are missing: 3", id="missing"),
        pytest.param(without_any, "no shards in shards", id="none"),
        pytest.param(twice, "shard 3/4 is there twice: shards/again/shard-3", id="twice"),
        pytest.param(from_another_matrix, "the number of shards differs", id="another-matrix"),
        pytest.param(of_two_prompts, "the plan differs", id="two-prompts"),
        pytest.param(of_another_prompt, "the shards are of another run", id="another-prompt"),
        pytest.param(on_another_base, "its base is", id="another-base"),
        pytest.param(of_another_suite, "affected here: none", id="no-longer-affected"),
        pytest.param(committed, "is committed: its answers would be", id="committed"),
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
    changed, spoil: Callable[[Folder], None], said: str
) -> None:
    repo = changed("a")
    replay(repo)
    spoil(repo)
    calls(repo)
    assert said in refused(repo)
    assert not calls(repo)


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
    assert "no shards in nowhere" in done.stderr
