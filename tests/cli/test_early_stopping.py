"""A run stops when its verdict is clear, and neither loses nor repeats a call by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cli.in_process import gate_in_process
from cli.project import (
    BROKEN,
    FAILURES_ONLY,
    HARMLESS,
    IS_YES,
    calls,
    judged,
    live,
    log_of,
    logged,
    recordings,
    run,
)
from conftest import Folder, cases_file, config_file, prompt_file
from stub_vendor import OK, StubVendor, status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ANSWERS = {f"c{i:03}": f"yes {i}" for i in range(200)}
ALL = 2 * len(ANSWERS)
AHEAD = 2  # calls for each place that may start while a look is open
WIDE = {"metrics": {"failure_rate": {"max_rise": 0.2}}}


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Folder]:
    """Makes a repository whose change is to be judged."""

    def make(
        name: str, change: dict[str, str], policy: dict[str, Any] = FAILURES_ONLY, **suite: object
    ) -> Folder:
        repo = Folder(tmp_path / name / "repo").init()
        repo.write(logged(ANSWERS, policy, checks=IS_YES, **suite)).commit()
        return repo.write(change)

    return make


def seen(report: dict[str, Any]) -> tuple[object, ...]:
    """What a verdict is made of."""
    (suite,) = report["suites"]
    names = ("verdict", "trials", "findings", "failure_codes", "cases_changed", "stopped_early")
    return tuple(suite[name] for name in names)


def test_a_broken_prompt_fails_after_a_part_of_the_calls(changed: Callable[..., Folder]) -> None:
    repo = changed("a", BROKEN)
    (suite,) = judged(repo, exit_code=1)["suites"]
    assert suite["stopped_early"]
    assert suite["trials"] == {"old": 25, "new": 25}  # an eighth: the first of eight looks
    assert 50 <= live(suite) <= 50 + AHEAD
    assert live(suite) + suite["calls"]["saved_by_stopping"] == ALL
    assert calls(repo).total() == live(suite)
    table = run(repo, "check", "--offline").stdout
    # What the first run called beyond the look is recorded, and no call that could be saved.
    saved = ALL - live(suite)
    assert f"0 calls, 50 recorded answers, {saved} calls saved by stopping early" in table


def test_a_harmless_change_passes_early_where_the_tolerance_is_wide(
    changed: Callable[..., Folder],
) -> None:
    thrice = {"repeats": {"baseline": 3, "new": 3}}
    (suite,) = judged(changed("a", HARMLESS, WIDE, **thrice), exit_code=0)["suites"]
    assert (suite["verdict"], suite["stopped_early"]) == ("pass", True)
    assert len(ANSWERS) <= suite["trials"]["new"] < 2 * len(ANSWERS)
    assert suite["calls"]["saved_by_stopping"] > 0


def test_a_change_that_breaks_the_cases_that_come_last_is_no_pass(
    changed: Callable[..., Folder],
) -> None:
    """The order of the calls is no secret: whoever knows it must gain nothing."""
    policy = {"metrics": {"failure_rate": {"max_rise": 0.05}}}
    asked = judged(changed("a", HARMLESS, policy), "--max-calls", "250", exit_code=4)
    early = set(asked["suites"][0]["case_ids"]["unchanged"])
    late = [ANSWERS[case_id] for case_id in ANSWERS if case_id not in early]
    assert 60 < len(late) < 90
    text = "{% if answer in " + json.dumps(late) + " %}no{% else %}{{answer}}{% endif %}"
    (suite,) = judged(
        changed("b", {"fixtures/s.prompt.yml": prompt_file(text)}, policy), exit_code=1
    )["suites"]
    assert suite["verdict"] == "fail"


def test_a_run_goes_on_while_the_tolerance_is_not_excluded(
    changed: Callable[..., Folder],
) -> None:
    policy = {"metrics": {"failure_rate": {"max_rise": 0.02}}}
    (suite,) = judged(changed("a", HARMLESS, policy), exit_code=0)["suites"]
    assert suite["trials"] == {"old": 200, "new": 200}
    assert not suite["stopped_early"]


def test_all_calls_makes_every_call(changed: Callable[..., Folder]) -> None:
    repo = changed("a", BROKEN)
    (suite,) = judged(repo, "--all-calls", exit_code=1)["suites"]
    assert suite["trials"] == {"old": 200, "new": 200}
    assert (live(suite), suite["calls"]["saved_by_stopping"]) == (ALL, 0)
    assert not suite["stopped_early"]
    assert calls(repo).total() == ALL


def test_a_seed_gives_one_order_and_one_verdict(changed: Callable[..., Folder]) -> None:
    orders, verdicts = [], []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        repo = changed(name, BROKEN)
        verdicts.append(seen(judged(repo, "--seed", seed, exit_code=1)))
        orders.append(log_of(repo).read_text().splitlines()[:50])  # what the verdict has seen
    assert orders[0] == orders[1]
    assert verdicts[0] == verdicts[1]
    assert set(orders[0]) != set(orders[2])


@pytest.mark.parametrize("offline", [(), ("--offline",)], ids=["online", "offline"])
def test_a_stopped_run_can_be_repeated_without_a_call(
    changed: Callable[..., Folder], offline: tuple[str, ...]
) -> None:
    repo = changed("a", BROKEN)
    first = judged(repo, exit_code=1)
    calls(repo)
    again = judged(repo, *offline, exit_code=1)
    assert seen(again) == seen(first)
    assert (live(again["suites"][0]), again["suites"][0]["calls"]["recorded"]) == (0, 50)
    assert not calls(repo)


def test_a_stop_keeps_every_answer_and_all_calls_goes_on_from_there(
    changed: Callable[..., Folder],
) -> None:
    repo = changed("a", BROKEN)
    made = live(judged(repo, exit_code=1)["suites"][0])
    assert len(recordings(repo)) == made
    calls(repo)
    judged(repo, "--all-calls", exit_code=1)
    assert calls(repo).total() == ALL - made
    assert max(calls(repo).values(), default=1) == 1


def test_what_is_recorded_beyond_a_look_does_not_change_what_it_sees(
    changed: Callable[..., Folder],
) -> None:
    # Every other request stays as it is, so that one trial is both sides.
    half = "{{answer}}{% if answer[-1] in '13579' %} indeed{% endif %}"
    change = {"fixtures/s.prompt.yml": prompt_file(half)}
    repo = changed("a", change, repeats={"baseline": 2, "new": 2})
    first = judged(repo, exit_code=1)
    assert first["suites"][0]["stopped_early"]
    (suite,) = judged(repo, "--all-calls", exit_code=1)["suites"]
    assert len(recordings(repo)) == 2 * 100 + 4 * 100
    assert suite["trials"] == {"old": 400, "new": 400}
    assert seen(judged(repo, exit_code=1)) == seen(first)


@pytest.mark.parametrize("budget", [1, 20, 49])
def test_a_run_cut_by_its_budget_goes_on_to_the_verdict_of_an_undisturbed_one(
    changed: Callable[..., Folder], budget: int
) -> None:
    undisturbed = judged(changed("a", BROKEN), exit_code=1)
    repo = changed("b", BROKEN)
    cut = judged(repo, "--max-calls", str(budget), exit_code=4)
    assert (cut["verdict"], live(cut["suites"][0])) == ("incomplete", budget)
    assert seen(judged(repo, exit_code=1)) == seen(undisturbed)
    made = calls(repo)
    assert max(made.values()) == 1
    assert made.total() == len(recordings(repo)) <= 50 + AHEAD


def test_a_budget_that_reaches_the_look_that_decides_is_enough(
    changed: Callable[..., Folder],
) -> None:
    report = judged(changed("a", BROKEN), "--max-calls", "50", exit_code=1)
    assert (report["verdict"], live(report["suites"][0])) == ("fail", 50)


def two_prompts(folder: Folder, stub: StubVendor) -> Folder:
    suite = {
        "prompt": "old.prompt.yml",
        "cases": "cases.jsonl",
        "repeats": {"baseline": 1, "new": 1},
        "checks": IS_YES,
    }
    rows: list[dict[str, object]] = [
        {"id": key, "input": {"answer": text}} for key, text in ANSWERS.items()
    ]
    vendor = {"model": "openai/tiny", "baseUrl": f"{stub.url}/v1"}
    return folder.write(
        {
            "old.prompt.yml": prompt_file("{{answer}}", **vendor),
            "new.prompt.yml": prompt_file("{{answer}} indeed", **vendor),
            "cases.jsonl": cases_file(rows),
            "gate.yaml": config_file({"s": suite}, policy=FAILURES_ONLY),
        }
    )


TWO = ("--old", "old.prompt.yml", "--new", "new.prompt.yml", "--format", "json")
KEY = {"OPENAI_API_KEY": "sk-made-up-for-this-test"}


def test_few_calls_are_made_beyond_what_the_verdict_has_seen(folder: Folder) -> None:
    with StubVendor() as stub:
        done = gate_in_process(
            two_prompts(folder, stub), "check", *TWO, "--concurrency", "8", **KEY
        )
        assert done.returncode == 1, done.stderr
        (suite,) = json.loads(done.stdout)["suites"]
        assert suite["trials"]["old"] + suite["trials"]["new"] == 50
        assert len(stub.seen) == live(suite) <= 50 + AHEAD * 8


@pytest.mark.parametrize("answered", [0, 1, 24, 49])
def test_a_refused_key_ends_in_4_whatever_look_is_open(folder: Folder, answered: int) -> None:
    with StubVendor([*[OK] * answered, status(401)]) as stub:
        done = gate_in_process(
            two_prompts(folder, stub), "check", *TWO, "--concurrency", "4", **KEY
        )
    assert done.returncode == 4, done.stdout
    assert "HTTP 401" in done.stderr
    assert "Traceback" not in done.stderr
