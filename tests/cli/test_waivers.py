"""Waivers: bound to finding, segment and prompt; what has no effect is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli.project import (
    BROKEN,
    FAILURES_ONLY,
    HARMLESS,
    IS_YES,
    MANY,
    bound_waiver,
    judged,
    logged,
    run,
    with_config,
)
from conftest import cases_file, prompt_file

if TYPE_CHECKING:
    from conftest import Folder

TOLD = "waiver of failure-rate-rise (owner me)"


@pytest.fixture
def files() -> dict[str, str | bytes]:
    return logged(MANY, FAILURES_ONLY, checks=IS_YES)


def merged(repo: Folder, files: dict[str, str | bytes], waiver: dict[str, str]) -> None:
    """Put a waiver into the base."""
    repo.write({**files, **with_config(files, waivers=[waiver])}).commit()


def test_the_report_of_a_fail_says_what_a_waiver_must_name(repo: Folder, files) -> None:
    repo.write(files).commit()
    report = judged(repo.write(BROKEN), exit_code=1)
    fingerprint = report["suites"][0]["prompts"]["new"]["fingerprint"]
    told = f"suite s: waivers of this fail would name prompt: {fingerprint}; findings: "
    stopped = "failure-rate-rise (it stopped at its first fail; --all-calls finds all)"
    assert f"{told}{stopped}" in report["notes"]
    merged(repo, files, {**bound_waiver(repo, files), "prompt": fingerprint})
    assert judged(repo.write(BROKEN), exit_code=0)["verdict"] == "pass"


def test_the_report_lists_what_was_waived_by_whom_why_and_until_when(repo: Folder, files) -> None:
    waiver = bound_waiver(repo, files)
    merged(repo, files, waiver)
    report = judged(repo.write(BROKEN), exit_code=0)
    assert report["waivers"] == [{"suite": "s", "segment": None, **waiver}]
    assert not any("waivers of this fail" in note for note in report["notes"])
    sentence = "waived until 2999-01-01: failure-rate-rise in all cases of suite s; me: I say so"
    assert sentence in run(repo, "check").stdout
    done = run(repo, "check", "--format", "markdown")
    assert f"- `{sentence}`" in done.stdout
    assert sentence in run(repo, "check", "--format", "html").stdout


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        pytest.param(
            {"expires": "2020-01-01"},
            f"{TOLD} expired on 2020-01-01: it has no effect",
            id="expired",
        ),
        pytest.param(
            {"prompt": None}, f"{TOLD} is bound to no prompt: it has no effect", id="none"
        ),
        pytest.param(
            {"prompt": "0" * 32}, f"{TOLD} is bound to prompt 000000000000, and this", id="another"
        ),
    ],
)
def test_a_waiver_without_effect_is_named(repo: Folder, files, edit, told: str) -> None:
    waiver = {**bound_waiver(repo, files), **edit}
    merged(repo, files, {key: value for key, value in waiver.items() if value is not None})
    report = judged(repo.write(BROKEN), exit_code=1)
    assert [note[: len(told)] for note in report["notes"] if "waiver of f" in note] == [told]
    assert report["waivers"] == []


@pytest.mark.parametrize("edit", [{"expires": "2020-01-01"}, {"prompt": None}])
def test_an_expired_or_unbound_waiver_is_named_also_where_nothing_fails(
    repo: Folder, files, edit
) -> None:
    waiver = {**bound_waiver(repo, files), **edit}
    merged(repo, files, {key: value for key, value in waiver.items() if value is not None})
    for change in ({}, HARMLESS):
        report = judged(repo.write(change), exit_code=0)
        assert any("it has no effect" in note for note in report["notes"])


def test_a_waiver_of_another_prompt_waits_unnamed_where_nothing_fails(repo: Folder, files) -> None:
    merged(repo, files, bound_waiver(repo, files))
    report = judged(repo.write(HARMLESS), exit_code=0)
    assert not any("waiver" in note for note in report["notes"])


@pytest.mark.parametrize("segment", ["half=q", "a", "all"])
def test_a_segment_that_no_case_is_in_is_named(repo: Folder, files, segment: str) -> None:
    """A typing error must not look like a waiver that was not enough."""
    policy = {**FAILURES_ONLY, "segments": {"by": ["half"], "max_rise": 0.05}}
    rows = [{"id": key, "input": {"answer": text}, "segment": {"half": "ab"[number % 2]}}
            for number, (key, text) in enumerate(MANY.items())]  # fmt: skip
    files = {**logged(MANY, policy, checks=IS_YES), "fixtures/cases.jsonl": cases_file(rows)}
    waiver = {**bound_waiver(repo, files), "segment": segment}
    merged(repo, files, waiver)
    report = judged(repo.write(BROKEN), "--all-calls", exit_code=1)
    told = (
        f"waiver of failure-rate-rise in {segment} (owner me): no segment of suite s has this name"
    )
    assert any(note.startswith(told) for note in report["notes"])
    (line,) = [note for note in report["notes"] if "waivers of this fail would name" in note]
    assert line.partition("findings: ")[2] == (
        "failure-rate-rise, failure-rate-rise in half=a, failure-rate-rise in half=b"
    )


def test_validate_names_waivers_without_effect(repo: Folder, files) -> None:
    waiver = {**bound_waiver(repo, files), "expires": "2020-01-01"}
    repo.write({**files, **with_config(files, waivers=[waiver, {**waiver, "expires": "2999-01-01",
                "segment": "half=q"}])})  # fmt: skip
    done = run(repo, "validate")
    assert done.returncode == 0, done.stderr
    assert f"note: {TOLD} expired on 2020-01-01: it has no effect" in done.stdout
    assert (
        "note: waiver of failure-rate-rise in half=q (owner me): no suite has a segment"
        in done.stdout
    )


def test_a_prompt_that_is_edited_after_its_waiver_fails_again(repo: Folder, files) -> None:
    merged(repo, files, bound_waiver(repo, files))
    again = {"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed, and worse")}
    report = judged(repo.write(again), exit_code=1)
    assert any("is bound to prompt" in note for note in report["notes"])


def test_a_waiver_of_one_suite_lets_no_other_through(repo: Folder, files) -> None:
    waiver = bound_waiver(repo, files)
    config = json.loads(str(files["gate.yaml"]))
    other = {**config["suites"]["s"], "prompt": "fixtures/t.prompt.yml"}
    suites = {"suites": {**config["suites"], "t": other}, "waivers": [waiver]}
    both = {**files, "fixtures/t.prompt.yml": prompt_file("{{answer}}", name="t")}
    repo.write({**both, **with_config(files, **suites)}).commit()
    repo.write({**BROKEN, "fixtures/t.prompt.yml": prompt_file("{{answer}} truly", name="t")})
    report = judged(repo, exit_code=1)
    assert {each["suite"]: each["verdict"] for each in report["suites"]} == {
        "s": "pass",
        "t": "fail",
    }
    assert [each["suite"] for each in report["waivers"]] == ["s"]


def test_a_waiver_names_a_whole_fingerprint(repo: Folder, files) -> None:
    waiver = {**bound_waiver(repo, files), "prompt": "abc123"}
    repo.write({**files, **with_config(files, waivers=[waiver])})
    done = run(repo, "validate")
    assert done.returncode == 2
    assert "waivers.0.prompt: 'abc123' is no fingerprint" in done.stderr
    assert "repair: the report of a fail tells its 32 digits" in done.stderr
