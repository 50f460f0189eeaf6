"""`gate comment` after a run of a pull request, in a job that saw none of its code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cli.commenting import relay, said
from github_events import RUN_URL, as_json, report, report_zip
from stub_github import SHA, TOKEN, StubGitHub, zipped

if TYPE_CHECKING:
    from conftest import Folder


def test_the_report_of_a_run_is_told_as_the_runs_word(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("fail"))
        done = relay(folder, github)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("comment created: https://")
        assert github.comments[0]["issue"] == 7
        first = said(github).splitlines()[1]
    assert first.startswith(
        f"This is what [the run of this pull request]({RUN_URL}) at `{SHA[:12]}`"
    )
    assert "### ❌ gate: fail" in said(github)


def test_each_artifact_has_a_comment_of_its_own_and_turns_green_by_itself(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("fail"), name="gate-report-eu")
        github.artifact(report_zip("fail"), name="gate-report-us")
        relay(folder, github)
        github.artifact(report_zip("pass"), name="gate-report-eu")
        github.artifact(report_zip("pass"), name="gate-report-us")
        assert relay(folder, github, conclusion="success").stdout.count("comment edited") == 2
        bodies = [each["body"] for each in github.comments]
    assert [body.partition("\n")[0] for body in bodies] == ["<!-- gate:eu -->", "<!-- gate:us -->"]
    assert ["✅" in body for body in bodies] == [True, True]


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "startup_failure"])
@pytest.mark.parametrize("verdict", ["pass", "inconclusive"])
def test_no_green_headline_stands_over_a_run_that_failed(
    folder: Folder, verdict: str, conclusion: str
) -> None:
    told = replace(report(verdict), exit_code=0)
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(zipped({"report.json": as_json(told)}))
        assert relay(folder, github, conclusion=conclusion).returncode == 0
        assert f"⚠️ The run ended as {conclusion} though its reports say exit code 0" in said(github)
        assert "✅" not in said(github)
        assert "### ⛔ gate: incomplete" in said(github)


def test_a_fail_in_a_run_that_succeeded_is_told_as_what_it_is(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("fail"))
        relay(folder, github, conclusion="success")
        assert "⚠️ The run ended as success though this report says exit code 1" in said(github)
        assert "### ❌ gate: fail" in said(github)


def test_a_pass_in_a_run_that_failed_waits_for_one_that_succeeds(folder: Folder) -> None:
    """Whoever forged the pass could have added a report that fails, to explain the run."""
    with StubGitHub() as github:
        github.pull(7)
        github.comment("<!-- gate:us -->\n### ❌ gate: fail")
        github.artifact(report_zip("fail"), name="gate-report-eu")
        github.artifact(report_zip("pass"), name="gate-report-us")
        github.artifact(report_zip("pass"), name="gate-report-new")
        relay(folder, github)
        assert [each["body"].partition("\n")[0] for each in github.comments] == [
            "<!-- gate:us -->",
            "<!-- gate:eu -->",
        ]
        assert not any("✅" in each["body"] for each in github.comments)
        assert "this one counts when the whole run succeeds" in github.comments[0]["body"]


def test_a_pass_of_a_run_that_succeeded_is_green(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("pass"))
        assert relay(folder, github, conclusion="success").stdout == "none: nothing to say\n"
        relay(folder, github, "--when", "always", conclusion="success")
        assert "✅" in said(github)
        assert "⚠️" not in said(github)


FORGED = {
    "not-json": zipped({"report.json": b"<html>"}),
    "deep": zipped({"report.json": b"[" * 100_000}),
    "not-a-number": zipped({"report.json": b'{"version": NaN}'}),
    "schema": zipped({"report.json": b'{"version": 1, "verdict": "pass"}'}),
    "contradicts-itself": zipped(
        {"report.json": as_json(report("fail")).replace(b'"exit_code": 1', b'"exit_code": 0')}
    ),
    "above-the-root": zipped({"../report.json": as_json(report("pass"))}),
    "no-zip": b"PK",
}


@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED)
def test_a_forged_report_takes_the_place_of_no_verdict_but_its_own(
    folder: Folder, data: bytes
) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.comment("<!-- gate:report -->\n### ✅ gate: pass\n")
        github.artifact(data)
        done = relay(folder, github, conclusion="success")
        assert done.returncode == 4
        assert done.stderr.startswith("gate: artifact gate-report")
        # What was green before is not left standing.
        assert "### ⛔ gate: incomplete" in said(github)
        assert "✅" not in said(github)


def test_a_refused_artifact_does_not_hold_up_the_others(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(b"PK", name="gate-report-eu")
        github.artifact(report_zip("fail"), name="gate-report-us")
        done = relay(folder, github)
        assert (done.returncode, done.stdout.count("comment created")) == (4, 2)
        assert "### ❌ gate: fail" in github.comments[1]["body"]


def test_a_number_of_another_pull_request_has_nowhere_to_stand(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.pull(8, sha="f" * 40, owner="victim")
        github.artifact(report_zip("fail", "pull_request: 8, #8, /issues/8/comments"))
        github.artifact(report_zip("fail"), name="gate-report-8")
        relay(folder, github, pull_requests=[{"number": 8, "head": {"sha": SHA}}])
        assert [each["issue"] for each in github.comments] == [7, 7]
        assert not [each for each in github.requests if "issues/8" in each.path]


@pytest.mark.parametrize(
    ("pulls", "says"),
    [
        pytest.param([], "it moved on, was closed", id="closed"),
        pytest.param([{"number": 7, "sha": "f" * 40}], "it moved on, was closed", id="moved-on"),
        pytest.param([{"number": 7}, {"number": 8}], "#7, #8 have the same head", id="two"),
    ],
)
def test_without_the_one_pull_request_nothing_is_said(
    folder: Folder, pulls: list[dict[str, Any]], says: str
) -> None:
    with StubGitHub() as github:
        for each in pulls:
            github.pull(**each)
        github.artifact(report_zip("fail"))
        done = relay(folder, github)
        assert (done.returncode, done.stderr, github.writes()) == (0, "", [])
        assert not github.stored
    assert done.stdout.startswith("none: ")
    assert says in done.stdout


@pytest.mark.parametrize("event", ["push", "pull_request_target", "schedule"])
def test_a_run_that_no_pull_request_started_is_not_told(folder: Folder, event: str) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("fail"))
        done = relay(folder, github, event=event)
        assert (done.returncode, github.requests) == (0, [])
    assert done.stdout == f"none: the run was started by {event}, not by a pull request\n"


def test_artifacts_that_are_not_read_are_named(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        for number in range(11):
            github.artifact(report_zip("fail"), name=f"gate-report-{number:02}")
        github.artifact(report_zip("fail"), name="gate-report--x")
        github.artifact(report_zip("fail"), name="gate-report-zz", expired=True)
        done = relay(folder, github)
        assert (done.returncode, len(github.comments), len(github.stored)) == (4, 10, 10)
    assert "artifact gate-report-10: not read, 10 were before it" in done.stderr
    assert "artifact gate-report--x: its name gives no key of its own" in done.stderr
    assert "none: artifact gate-report-zz has expired\n" in done.stdout


def test_two_artifacts_do_not_share_a_comment(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("fail"))
        github.artifact(report_zip("pass"), name="gate-report-report")
        done = relay(folder, github)
        assert "gate-report-report: its name gives no key of its own" in done.stderr
        assert "❌" in said(github)


def test_a_run_without_a_report_is_said_to_have_none(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("fail"), name="coverage")
        done = relay(folder, github)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "none: the run left no artifact named gate-report\n"


def test_an_older_pass_does_not_stay_where_a_run_failed_without_a_report(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.comment("<!-- gate:report -->\n### ✅ gate: pass")
        done = relay(folder, github)
    assert "comment edited" in done.stdout
    assert "⛔ gate: incomplete" in said(github)
    assert "the run left no report" in said(github)


def test_the_token_never_reaches_the_store_of_artifacts(folder: Folder) -> None:
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("fail"))
        relay(folder, github)
        assert github.stored
        assert TOKEN not in str(github.stored)
        assert all("authorization" not in each.headers for each in github.stored)
