"""`gate certify`: the gate's false-alarm rate on a suite, from its baseline alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from cli.workers import FAILURES, calls, mood, moody, run

if TYPE_CHECKING:
    from conftest import Folder

STRICTLY = {"metrics": {"failure_rate": {"max_rise": 0.01}}}


def recorded(folder: Folder, count: int, policy: object = FAILURES, **repeats: int) -> Folder:
    folder.write(moody(count, policy, repeats=repeats))
    run(folder, "refresh", "--concurrency", "1")
    calls(folder)
    return folder


def test_a_steady_suite_is_fit_to_block(folder: Folder) -> None:
    recorded(folder, 12, baseline=4, new=3)
    before = folder.snapshot()
    done = run(folder, "certify", "s")
    first, second = done.stdout.splitlines()
    # 1 - 0.025^(1 / 200) = 1.8 %
    assert first == (
        "suite s: 0 false alarms in 200 runs of the same prompt, 0.0 % (95 % interval 0.0 % "
        "to 1.8 %); the policy promises at most 5.0 %: fit to block"
    )
    assert second == ("2 of a case's 4 trials stand for new, the rest for old; nothing was called")
    assert calls(folder) == 0
    assert folder.snapshot() == before


def test_a_suite_too_small_for_its_noise_is_unfit(folder: Folder) -> None:
    # One case that failed in one of eleven trials. Whenever that one stands for new, its mid-p is
    # 1/22 = 0.0455: the gate fails in 1/11 = 9 % of the runs, and promises 5 %.
    folder.write(mood("no", calls=[4]))
    recorded(folder, 1, STRICTLY, baseline=11, new=1)
    done = run(folder, "certify", "s", "--runs", "2000", exit_code=1)
    found = re.search(r"suite s: (\d+) false alarms in 2000 runs", done.stdout)
    assert found
    assert 143 <= int(found[1]) <= 221  # 181.8 -+ 3 x 12.9
    assert (
        "; the policy promises at most 5.0 %: unfit to block; set exact: true in the policy, or "
        "add cases or trials\n"
    ) in done.stdout
    assert calls(folder) == 0

    exact = json.loads(folder.read("gate.yaml"))
    exact["policy"]["exact"] = True
    folder.write({"gate.yaml": json.dumps(exact)})
    assert "suite s: 0 false alarms" in run(folder, "certify", "s").stdout


def test_few_runs_show_little(folder: Folder) -> None:
    recorded(folder, 3, baseline=4, new=1)
    # 1 - 0.025^(1 / 20) = 16.8 %
    done = run(folder, "certify", "s", "--runs", "20")
    assert "0.0 % (95 % interval 0.0 % to 16.8 %); " in done.stdout
    assert "not shown to exceed it; more --runs narrow the interval" in done.stdout


def test_the_same_seed_tells_the_same(folder: Folder) -> None:
    folder.write(mood("no", calls=[1, 8, 13, 20, 22]))
    recorded(folder, 6, STRICTLY, baseline=4, new=1)
    once, again, other = (
        run(folder, "certify", "s", "--runs", "300", "--seed", seed).stdout
        for seed in ("1", "1", "301")
    )
    assert once == again
    assert once != other


@pytest.mark.parametrize(
    ("late", "is_told"),
    [pytest.param([*range(90, 120)], True, id="worse"), pytest.param([], False, id="as-before")],
)
def test_a_baseline_that_changed_while_it_was_recorded_is_told(
    folder: Folder, late: list[int], *, is_told: bool
) -> None:
    # Each case is called once, then all come again: the last quarter is the fourth trial of each.
    folder.write(mood("no", calls=late))
    recorded(folder, 30, baseline=4, new=1)
    told = "the later trials of the baseline differ from the earlier ones (p "
    done = run(folder, "certify", "s", "--runs", "20")
    assert (told in done.stdout) is is_told
    assert ("next: gate refresh s" in done.stdout) is is_told


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        pytest.param(["nope"], "no suite 'nope'", 2, id="unknown-suite"),
        pytest.param([], "Missing argument 'SUITE'", 2, id="no-suite"),
        pytest.param(["s", "--runs", "19"], "19 is not in the range", 2, id="too-few-runs"),
        pytest.param(["s"], "baselines/s.jsonl: no baseline for suite 's'", 4, id="no-baseline"),
    ],
)
def test_what_cannot_be_certified_says_why(
    folder: Folder, arguments: list[str], message: str, exit_code: int
) -> None:
    folder.write(moody(3))
    done = run(folder, "certify", *arguments, exit_code=exit_code)
    assert message in done.stderr
    assert done.stdout == ""
    assert calls(folder) == 0


def test_a_baseline_of_one_trial_a_case_cannot_be_split(folder: Folder) -> None:
    recorded(folder, 3, baseline=1, new=1)
    done = run(folder, "certify", "s", exit_code=4)
    assert done.stdout == ""
    assert done.stderr == (
        "gate: suite 's': a case has one trial in the baseline, and nothing to hold it to\n"
        "  repair: set repeats.baseline to 5 or more, and run: gate refresh s\n"
    )
    recorded(folder, 3, baseline=5, new=1)  # the repair
    run(folder, "certify", "s")
