"""A fail against a recorded baseline must hold against the old prompt called again."""

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
    MANY,
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
    import subprocess

# Answers as a file outside of what the prompt depends on says: well, or as a model that was
# changed behind its name. Where `only_in` is set, it works in that folder alone.
MOODY_WORKER = """\
import json, os, sys, time
log = os.environ["WORKER_LOG"]
mood = json.load(open(os.path.join(os.path.dirname(log), "mood.json")))
if mood.get("only_in", os.getcwd()) != os.getcwd():
    sys.exit("the queue that this automation used is gone")
for line in sys.stdin:
    request = json.loads(line)
    text = request["messages"][-1]["content"]
    with open(log, "a") as file:
        file.write(text + "\\n")
    if text.endswith("slowly"):
        time.sleep(0.05)
    output = text.removesuffix(" slowly") + mood["adds"]
    print(json.dumps({"id": request["id"], "output": output}), flush=True)
"""


def mood(folder: Folder, **keys: str) -> None:
    state = json.dumps({"adds": "", **keys})
    log_of(folder).with_name("mood.json").write_text(state)


def recorded(
    repo: Folder, change: dict[str, str], policy: dict[str, Any] = FAILURES_ONLY
) -> Folder:
    """A repository with a baseline of two good answers a case, and a change to be judged."""
    mood(repo)
    repo.write({**logged(MANY, policy, checks=IS_YES), "worker.py": MOODY_WORKER})
    assert run(repo, "refresh").returncode == 0
    repo.commit()
    calls(repo)
    return repo.write(change)


def unconfirmed(report: dict[str, Any], reason: str) -> dict[str, Any]:
    """Hold a report to what an unconfirmed fail promises."""
    (suite,) = report["suites"]
    assert (report["verdict"], suite["confirmation"]) == ("fail", "unconfirmed")
    (note,) = [each for each in report["notes"] if "the fail is unconfirmed" in each]
    assert reason in note
    return suite


def test_a_pass_says_that_the_baseline_should_come_along(repo: Folder) -> None:
    """Or the next drift has no answers of the prompt that was merged."""
    lenient = {"metrics": {"failure_rate": {"max_rise": 0.2}}}
    repo.write(logged(MANY, lenient, checks=IS_YES))
    assert run(repo, "refresh").returncode == 0
    repo.commit()
    repo.write(HARMLESS)
    told = "suite s: the baseline is that of the old prompt; before the merge: gate refresh s"
    assert any(note.startswith(told) for note in judged(repo, exit_code=0)["notes"])
    assert run(repo, "refresh").returncode == 0
    assert not any(note.startswith(told) for note in judged(repo, exit_code=0)["notes"])


def test_a_fail_that_holds_live_against_live_is_confirmed(repo: Folder) -> None:
    recorded(repo, BROKEN)
    approved = recordings(repo)
    report = judged(repo, exit_code=1)
    (suite,) = report["suites"]
    assert suite["confirmation"] == "confirmed"
    assert any("old was called again, and the fail holds" in each for each in report["notes"])
    # Live against live: as many old trials as new ones, none of them the baseline's.
    assert suite["trials"]["old"] == suite["trials"]["new"] > 0
    assert suite["calls"]["old_live"] >= suite["trials"]["old"]
    made = calls(repo)
    assert (made.total(), max(made.values())) == (live(suite), 1)
    again = {(key, repeat) for key, repeat in recordings(repo) if (key, 0) in approved} - approved
    assert len(again) == suite["calls"]["old_live"]
    assert {repeat for _, repeat in again} == {2}  # the baseline was made of 0 and 1
    assert run(repo, "check").stdout.startswith("FAIL: ")


def test_a_confirmed_fail_can_be_repeated_without_a_call(repo: Folder) -> None:
    first = judged(recorded(repo, BROKEN), exit_code=1)["suites"][0]
    calls(repo)
    for offline in ((), ("--offline",)):
        again = judged(repo, *offline, exit_code=1)["suites"][0]
        for name in ("confirmation", "findings", "trials", "cases_changed", "verdict"):
            assert again[name] == first[name]
        assert not calls(repo)


def test_a_stale_baseline_fails_no_change(repo: Folder) -> None:
    recorded(repo, HARMLESS)
    mood(repo, adds=", as an AI")  # what answers behind the name is another model now
    report = judged(repo, exit_code=0)
    (suite,) = report["suites"]
    assert suite["confirmation"] == "not_confirmed"
    assert suite["verdict"] != "fail"
    assert suite["failure_codes"]["old"] == suite["failure_codes"]["new"] != {}
    (note,) = [each for each in report["notes"] if "not live against live" in each]
    assert "failed against the baseline (failure_rate)" in note
    assert "next: gate drift s" in note
    assert not run(repo, "check").stdout.startswith("FAIL")


def test_a_stale_baseline_does_not_excuse_a_change_that_is_worse_still(repo: Folder) -> None:
    worse = "{{answer}}{% if answer[-1] in '02468' %}, as an AI{% endif %}"
    recorded(repo, {"fixtures/s.prompt.yml": prompt_file(worse)})
    mood(repo, adds="0")  # "yes 10": still a yes
    (suite,) = judged(repo, exit_code=1)["suites"]
    assert suite["confirmation"] == "confirmed"


def test_a_pass_against_the_baseline_needs_no_confirmation(repo: Folder) -> None:
    recorded(repo, HARMLESS)
    (suite,) = judged(repo, exit_code=0)["suites"]
    assert (suite["confirmation"], suite["calls"]["old_live"]) == (None, 0)


def test_a_fail_of_two_live_sides_needs_no_confirmation(repo: Folder) -> None:
    repo.write(logged(MANY, FAILURES_ONLY, checks=IS_YES)).commit()
    (suite,) = judged(repo.write(BROKEN), exit_code=1)["suites"]
    assert suite["confirmation"] is None


def test_a_budget_spent_while_confirming_and_offline_leave_the_fail_unconfirmed(
    repo: Folder,
) -> None:
    recorded(repo, BROKEN)
    report = judged(repo, "--max-calls", "14", exit_code=1)
    suite = unconfirmed(report, "--max-calls is used up")
    assert suite["trials"]["old"] == 60  # the findings are those against the baseline
    assert suite["calls"]["old_live"] > 0
    assert calls(repo).total() == live(suite) == 14

    offline = unconfirmed(judged(repo, "--offline", exit_code=1), "answers are not recorded")
    assert (offline["findings"], live(offline)) == (suite["findings"], 0)
    table = run(repo, "check", "--offline")
    assert table.returncode == 1
    assert table.stdout.startswith("FAIL (unconfirmed): ")
    assert not calls(repo)

    whole = judged(repo, exit_code=1)["suites"][0]  # and the next run goes on
    assert whole["confirmation"] == "confirmed"
    assert max(calls(repo).values()) == 1


def test_an_old_worker_that_is_gone_leaves_the_fail_unconfirmed(repo: Folder) -> None:
    recorded(repo, BROKEN)
    mood(repo, only_in=str(repo.path))  # so not in the checkout of the base
    report = judged(repo, exit_code=1)
    suite = unconfirmed(report, "the queue that this automation used is gone")
    assert suite["calls"]["old_live"] == 0


KEY = {"OPENAI_API_KEY": "sk-made-up-for-this-test"}


def at_vendor(repo: Folder, stub: StubVendor, *suites: str) -> int:
    """Refresh and commit suites at a vendor, break their prompt; return the calls it took."""
    vendor = {"model": "openai/tiny", "baseUrl": f"{stub.url}/v1"}
    rows: list[dict[str, object]] = [
        {"id": key, "input": {"answer": text}} for key, text in MANY.items()
    ]
    suite = {"cases": "cases.jsonl", "repeats": {"baseline": 1, "new": 1}, "checks": IS_YES}
    config = {name: {**suite, "prompt": f"{name}.prompt.yml"} for name in suites}
    repo.write({"cases.jsonl": cases_file(rows)})
    repo.write({"gate.yaml": config_file(config, policy=FAILURES_ONLY)})
    for content in ("{{answer}}", "{{answer}} indeed"):
        for name in suites:
            system = {"messages": [{"role": "system", "content": name},
                                   {"role": "user", "content": content}]}  # fmt: skip
            repo.write({f"{name}.prompt.yml": prompt_file(**{**vendor, **system})})
        if content == "{{answer}}":
            assert gate_in_process(repo, "refresh", **KEY).returncode == 0
            repo.commit()
    return len(stub.seen)


def check_at_vendor(repo: Folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    one_by_one = ("--concurrency", "1", "--format", "json")
    return gate_in_process(repo, "check", *one_by_one, *arguments, **KEY)


@pytest.mark.parametrize("code", [401, 404])
def test_an_old_model_that_is_gone_leaves_the_fail_unconfirmed(repo: Folder, code: int) -> None:
    with StubVendor([OK] * (30 + 14), otherwise=status(code)) as stub:
        refreshed = at_vendor(repo, stub, "s")
        done = check_at_vendor(repo)
        assert done.returncode == 1, done.stderr
        suite = unconfirmed(json.loads(done.stdout), f"HTTP {code}")
        assert len(stub.seen) == refreshed + live(suite) + 1  # the refused one


def test_calls_of_a_confirmation_that_broke_off_count_for_the_budget(repo: Folder) -> None:
    with StubVendor([*[OK] * (60 + 14), status(404)]) as stub:
        refreshed = at_vendor(repo, stub, "a", "b")
        done = check_at_vendor(repo, "--max-calls", "17")
        suites = json.loads(done.stdout)["suites"]
        assert suites[0]["confirmation"] == "unconfirmed"
        assert len(stub.seen) - refreshed == 17
        assert sum(map(live, suites)) == 16
