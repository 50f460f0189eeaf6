"""One comment a pull request and key: ours, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stub_github import (
    BOT,
    FAULT,
    FORBIDDEN,
    GARBAGE,
    NOT_FOUND,
    REPOSITORY,
    StubGitHub,
    json_reply,
)
from unit.github.asking import ask

from gate.errors import UsageError
from gate.github.answers import ApiError
from gate.github.comments import Done, Posted, is_key, marker, upsert

if TYPE_CHECKING:
    from loopback import Reply

MARK = marker("report")


def bring(
    github: StubGitHub, text: str = "new", *, key: str = "report", create: bool = True
) -> Posted:
    return ask(
        github,
        lambda api: upsert(
            api, repository=REPOSITORY, number=7, key=key, text=text, create=create
        ),
    )  # fmt: skip


def test_the_first_comment_is_created_and_starts_with_its_marker() -> None:
    with StubGitHub() as github:
        posted = bring(github)
        (comment,) = github.comments
    assert posted == Posted(done=Done.CREATED, url=comment["html_url"])
    assert comment["body"] == "<!-- gate:report -->\nnew"
    assert comment["issue"] == 7


def test_none_is_created_where_none_is_asked_for() -> None:
    with StubGitHub() as github:
        assert bring(github, create=False) == Posted(done=Done.NONE)
        assert not github.writes()


@pytest.mark.parametrize("create", [True, False])
def test_our_comment_is_edited_in_place(*, create: bool) -> None:
    with StubGitHub() as github:
        github.comment(f"{MARK}old")
        assert bring(github, create=create).done is Done.EDITED
        assert [each["body"] for each in github.comments] == [f"{MARK}new"]
        assert github.writes() == ["PATCH"]


@pytest.mark.parametrize(
    "body", [f"{MARK}new", f"{MARK}new\r\n", f"{MARK}new\n\n".replace("\n", "\r\n")]
)
def test_a_body_that_says_the_same_is_left_alone(body: str) -> None:
    with StubGitHub() as github:
        github.comment(body)
        assert bring(github).done is Done.UNCHANGED
        assert not github.writes()


def test_our_comment_on_the_third_page_is_found() -> None:
    with StubGitHub() as github:
        github.page_size = 2
        for number in range(5):
            github.comment(f"talk {number}", login="octocat", kind="User")
        own = github.comment(f"{MARK}old")
        assert bring(github).done is Done.EDITED
        assert (own["body"], len(github.comments)) == (f"{MARK}new", 6)


def test_of_several_of_ours_the_oldest_is_edited() -> None:
    with StubGitHub() as github:
        github.comment(f"{MARK}one")
        github.comment(f"{MARK}two")
        bring(github)
        assert [each["body"] for each in github.comments] == [f"{MARK}new", f"{MARK}two"]


def test_comments_after_ours_are_not_read_so_nobody_can_write_it_out_of_reach() -> None:
    with StubGitHub() as github:
        github.page_size, github.endless = 2, True
        github.comment(f"{MARK}old")
        assert bring(github).done is Done.EDITED


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        pytest.param("octocat", "User", id="an-author"),
        pytest.param("other-app[bot]", "Bot", id="another-bot"),
        pytest.param("github-actions", "User", id="a-user-named-as-graphql-names-the-bot"),
        pytest.param("GitHub-Actions[bot]", "Bot", id="another-case"),
        pytest.param(BOT, "User", id="a-user-named-as-the-bot"),
    ],
)
def test_a_comment_with_our_marker_by_another_is_never_touched(login: str, kind: str) -> None:
    with StubGitHub() as github:
        foreign = github.comment(f"{MARK}all is well", login=login, kind=kind)
        assert bring(github).done is Done.CREATED
        assert foreign["body"] == f"{MARK}all is well"
        assert github.writes() == ["POST"]
        assert bring(github, create=False, text="newer").done is Done.EDITED
        assert foreign["body"] == f"{MARK}all is well"


@pytest.mark.parametrize(
    "body",
    [
        f"quoted: {MARK}old",
        f"\n{MARK}old",
        "<!-- gate:report-2 -->\nold",
        "<!--gate:report-->\n",
        "",
    ],
)
def test_a_comment_of_ours_that_does_not_start_with_the_marker_is_another(body: str) -> None:
    with StubGitHub() as github:
        other = github.comment(body)
        assert bring(github).done is Done.CREATED
        assert other["body"] == body


def test_keys_are_apart() -> None:
    with StubGitHub() as github:
        for key in ("report", "report-eu", "report"):
            bring(github, f"of {key}", key=key)
        assert [each["body"] for each in github.comments] == [
            "<!-- gate:report -->\nof report", "<!-- gate:report-eu -->\nof report-eu",
        ]  # fmt: skip


def test_a_person_with_a_token_of_their_own_edits_their_own() -> None:
    with StubGitHub() as github:
        github.viewer = "octocat"
        github.comment(f"{MARK}old", login="octocat", kind="User")
        assert bring(github).done is Done.EDITED


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(json_reply({"errors": [{"message": "no"}], "data": None}), id="errors"),
        pytest.param(
            json_reply({"errors": [{"message": "no"}], "data": {"viewer": {"login": BOT}}}),
            id="errors-beside-data",
        ),
        pytest.param(json_reply({"data": {"viewer": None}}), id="no-viewer"),
        pytest.param(json_reply({"data": {"viewer": {"login": 7}}}), id="a-number"),
        pytest.param(json_reply([]), id="a-list"),
        pytest.param(FORBIDDEN, id="403"),
        pytest.param(GARBAGE, id="garbage"),
    ],
)
def test_where_it_is_not_known_who_we_are_nothing_is_written(reply: Reply) -> None:
    with StubGitHub() as github:
        github.comment(f"{MARK}old")
        github.misbehave(reply, path="/graphql")
        with pytest.raises(ApiError, match="GraphQL"):
            bring(github)
        assert not github.writes()


def test_a_comment_that_was_deleted_meanwhile_is_none() -> None:
    with StubGitHub() as github:
        github.comment(f"{MARK}old")
        github.misbehave(NOT_FOUND, method="PATCH", times=2)
        assert bring(github, create=False).done is Done.NONE
        assert bring(github).done is Done.CREATED


@pytest.mark.parametrize(("method", "own"), [("POST", False), ("PATCH", True)])
def test_a_token_that_may_not_write_is_told_with_the_repair(method: str, *, own: bool) -> None:
    with StubGitHub() as github:
        if own:
            github.comment(f"{MARK}old")
        github.misbehave(FORBIDDEN, method=method, path="comments")
        with pytest.raises(ApiError, match="from a fork gets a read-only one") as caught:
            bring(github)
        assert "pull-requests: write" in caught.value.fix
        assert caught.value.exit_code == 4


def test_an_edit_that_failed_once_is_done_once_more() -> None:
    with StubGitHub() as github:
        github.comment(f"{MARK}old")
        github.misbehave(FAULT, method="PATCH")
        assert bring(github).done is Done.EDITED
        assert github.writes() == ["PATCH", "PATCH"]


def test_a_list_of_another_shape_is_an_error() -> None:
    with StubGitHub() as github:
        github.misbehave(json_reply({"message": "hello"}), path="/comments")
        with pytest.raises(ApiError, match="the answer is no list"):
            bring(github)


def test_what_is_no_comment_in_a_list_is_passed_over() -> None:
    odd = [None, 7, {}, {"id": "1", "body": MARK}, {"id": 1, "body": None, "user": None},
           {"id": 2, "body": MARK, "user": None}]  # fmt: skip
    with StubGitHub() as github:
        github.misbehave(json_reply(odd), path="/comments", method="GET")
        assert bring(github).done is Done.CREATED


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("report", True), ("a", True), ("0.a_b-c", True), ("a" * 61, True), ("a-", True),
        ("", False), ("A", False), ("-a", False), (".a", False), ("a--b", False),
        ("a" * 62, False), ("a b", False), ("a -->", False), ("a\n", False), ("ä", False),
    ],
)  # fmt: skip
def test_a_key_cannot_end_the_marker(text: str, *, is_one: bool) -> None:
    assert is_key(text) is is_one
    if not is_one:
        with pytest.raises(UsageError, match="a key has up to 61 small letters"):
            marker(text)
