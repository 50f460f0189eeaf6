"""What a comment shows of texts that others wrote: code, and no more than GitHub takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from attacks import ATTACKS, MARK
from cli.commenting import comment, relay, said
from github_events import RUN_URL, as_json, report, report_zip
from markdown_it import MarkdownIt
from stub_github import StubGitHub, zipped

from gate.commands.commenting import Saying
from gate.github.comments import LONGEST, marker
from gate.reports.formats import render
from gate.reports.medium import Medium

if TYPE_CHECKING:
    from conftest import Folder

    from gate.core.report import Report

PARSER = MarkdownIt("gfm-like")
OUR_HTML = ("<sub>", "</sub>", "<details>", "</details>", "<details><summary>", "<!-- gate:")


def assert_only_code_holds_the_mark(text: str, links: set[str]) -> None:
    for token in PARSER.parse(text):
        for part in token.children or [token]:
            assert part.type != "image", text
            if part.type == "link_open":
                assert part.attrs["href"] in links, text
            if part.type in {"html_inline", "html_block"}:
                assert part.content.startswith(OUR_HTML), text
            if part.type not in {"fence", "code_inline"}:
                assert MARK not in part.content, text
    assert MARK in text


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_hostile_text_arrives_as_code_and_fits(folder: Folder, attack: str) -> None:
    attack = attack[:100_000]  # the longest is ten million characters, and there are many places
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(report_zip("fail", attack))
        assert comment(folder, github, text=attack).returncode == 0
        ours = "https://github.com/octo/triage/actions/runs/77"
        assert_only_code_holds_the_mark(said(github), {ours})
        assert relay(folder, github).returncode == 0
        assert_only_code_holds_the_mark(said(github), {RUN_URL})
        assert len(said(github)) <= LONGEST


@pytest.mark.parametrize("cases", [0, 10, 40, 100, 400])
def test_a_comment_is_never_longer_than_github_takes(folder: Folder, cases: int) -> None:
    data = as_json(report("fail", "x" * 700, cases=cases))
    with StubGitHub() as github:
        github.pull(7)
        github.artifact(zipped({"report.json": data}))
        assert relay(folder, github, conclusion="success").returncode == 0
        assert len(said(github)) <= LONGEST


def just_fitting() -> Report:
    """A report that, with nothing before it, is as long as GitHub takes."""
    lengths = [len(rendered(report("fail", "x" * 300, cases=cases))) for cases in range(1, 100)]
    told = report("fail", "x" * 300, cases=lengths.index(max(lengths)) + 1)
    for _ in range(10):
        left = LONGEST - len(rendered(told))
        if left > 20:
            told = replace(told, notes=(*told.notes, "y" * min(500, left - 12)))
    return told


def rendered(told: Report) -> str:
    return render(told, "markdown", Medium(link=RUN_URL))


def test_what_stands_before_a_report_counts_towards_its_length() -> None:
    told = just_fitting()
    assert LONGEST - 20 <= len(rendered(told)) <= LONGEST
    text = Saying(report=told, link=RUN_URL, before="Some words before.").text("report")
    assert len(marker("report") + text) <= LONGEST
    assert "Cases were left out here to fit" in text
