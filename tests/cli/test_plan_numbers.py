"""`gate plan`: what it says that a check could tell, against what the check then tells."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cli.workers import FAILURES, HARMLESS, moody, planned, refreshed, run
from conftest import cases_file

if TYPE_CHECKING:
    from typing import Any

    from conftest import Folder

FOUR_METRICS = {
    "metrics": {
        "failure_rate": {"max_rise": 0.05},
        "override_rate": {"max_rise": 0.05},
        "latency_p95": {"max_ratio": 1.25},
        "cost": {"max_ratio": 1.1},
    }
}


def cannot_prove(text: str) -> list[int]:
    """The cases that each metric takes, of those that cannot be proven."""
    return [int(found) for found in re.findall(r"cannot be proven .* about (\d+) cases", text)]


FIVE_POINTS = {"metrics": {"failure_rate": {"max_rise": 0.05}}}


def test_what_cannot_be_proven_is_said_with_the_cases_that_it_takes(repo: Folder) -> None:
    refreshed(repo, moody(10, FIVE_POINTS))
    text = planned(repo)
    assert (
        "failures: a tolerance of 5.0 pp cannot be proven with 10 cases x 1; "
        "it takes about 91 cases\n"
    ) in text
    # And that is true of the plan and of the check alike, which may look at each eighth.
    refreshed(repo, moody(90, FIVE_POINTS))
    assert cannot_prove(planned(repo, "--case", "c0[1-8]?")) == [90]
    assert cannot_prove(planned(repo)) == []
    repo.write(HARMLESS)
    assert checked(repo)["verdict"] == "pass"
    assert checked(repo, "--case", "c0[1-8]?")["verdict"] == "inconclusive"


def test_without_a_baseline_the_numbers_are_called_the_best_case(repo: Folder) -> None:
    repo.write(moody(30)).commit()
    assert "so these numbers are the best case; next: gate refresh s\n" in planned(repo)
    run(repo, "refresh")
    assert "best case" not in planned(repo)


def test_no_number_of_cases_proves_a_tolerance_of_nothing(repo: Folder) -> None:
    repo.write(moody(30, {"metrics": {"failure_rate": {"max_rise": 0}}})).commit()
    text = planned(repo)
    assert "failures: no number of cases proves a tolerance of 0\n" in text
    assert cannot_prove(text) == []


def checked(repo: Folder, *arguments: str) -> dict[str, Any]:
    """The only suite's part of the report of a check that may stop early, as the plan has it."""
    (suite,) = json.loads(run(repo, "check", "--format", "json", *arguments).stdout)["suites"]
    return suite


def row(text: str, metric: str, segment: str = "all") -> list[str]:
    (line,) = [each for each in text.splitlines() if re.match(rf"{metric} +{segment} ", each)]
    return re.split(r"  +", line)


def points(rate: float) -> str:
    return f"+{rate * 100:.1f} pp"


def test_the_numbers_are_those_of_the_check(repo: Folder) -> None:
    refreshed(repo, moody(30, repeats={"baseline": 4, "new": 2}))
    text = planned(repo)
    repo.write(HARMLESS)
    assert row(planned(repo), "failures") == row(text, "failures")
    (finding,) = checked(repo)["findings"]
    assert row(text, "failures") == [
        "failures", "all", "30", "0.0 %", points(finding["limit"]),
        points(finding["detectable"]), points(finding["provable"]),
    ]  # fmt: skip


def test_the_numbers_are_those_of_a_check_that_cannot_measure_latency(repo: Folder) -> None:
    refreshed(repo, moody(30, FOUR_METRICS, repeats={"baseline": 4, "new": 2}))
    text = planned(repo)
    repo.write(HARMLESS)
    finding = checked(repo)["findings"][0]
    assert row(text, "failures")[5] == points(finding["detectable"])


def test_suites_that_share_alpha_in_the_check_share_it_in_the_plan(repo: Folder) -> None:
    files = moody(30, FIVE_POINTS)
    config = json.loads(files["gate.yaml"])
    config["suites"]["t"] = config["suites"]["s"]
    refreshed(repo, {**files, "gate.yaml": json.dumps(config)})
    repo.write(HARMLESS)
    both, alone = planned(repo).split("\n\n")[0], planned(repo, "s").split("\n\n")[0]
    assert row(both, "failures")[5] != row(alone, "failures")[5]
    report = json.loads(run(repo, "check", "--format", "json").stdout)
    assert [each["suite"] for each in report["suites"]] == ["s", "t"]
    for suite in report["suites"]:
        assert row(both, "failures")[5] == points(suite["findings"][0]["detectable"])


def test_segments_that_cannot_fail_are_those_of_the_check(repo: Folder) -> None:
    segments = {"by": ["channel"], "max_rise": 0.1}
    tags = ["web"] * 20 + ["mail"] * 8 + ["fax"]
    rows: list[dict[str, object]] = [
        {"id": f"c{number}", "input": {"answer": f"yes {number}"}, "segment": {"channel": tag}}
        for number, tag in enumerate(tags)
    ]
    files = moody(1, {**FAILURES, "segments": segments})
    refreshed(repo, {**files, "fixtures/cases.jsonl": cases_file(rows)})
    repo.write(HARMLESS)
    text = planned(repo)
    assert row(text, "failures", "channel=fax")[5] == "cannot fail"
    assert "too few trials to fail by themselves, whatever their answers: channel=fax\n" in text
    suite = checked(repo)
    assert suite["small_segments"] == ["channel=fax"]
    web = next(each for each in suite["findings"] if each["segment"] == "channel=web")
    assert row(text, "failures", "channel=web")[5] == points(web["detectable"])
