"""The client against a GitHub that misbehaves: bounded, patient, and silent about the token."""

from __future__ import annotations

import pytest
from loopback import Loopback, Reply
from stub_github import FAULT, FORBIDDEN, GARBAGE, HANG, REPOSITORY, RESET, TOKEN, StubGitHub
from unit.github.asking import all_pages, ask

from gate.github import wire
from gate.github.answers import ApiError

COMMENTS = f"/repos/{REPOSITORY}/issues/7/comments"
ZIP = f"/repos/{REPOSITORY}/actions/artifacts/500/zip"
TOO_MANY = Reply(status=429, headers={"Retry-After": "0"})


@pytest.mark.parametrize("fault", [FAULT, RESET, TOO_MANY], ids=["502", "reset", "429"])
def test_what_may_be_asked_twice_is_asked_again(fault: Reply) -> None:
    with StubGitHub() as github:
        github.comment("hello")
        github.misbehave(fault, times=2)
        ((comment,),) = ask(github, lambda api: all_pages(api, COMMENTS))
        assert (comment["body"], len(github.requests)) == ("hello", 3)


def test_three_tries_are_all() -> None:
    with StubGitHub() as github:
        github.misbehave(FAULT, times=None)
        with pytest.raises(ApiError, match="HTTP 502: <html>bad gateway</html>") as caught:
            ask(github, lambda api: all_pages(api, COMMENTS))
        assert (caught.value.status, len(github.requests)) == (502, 3)


@pytest.mark.parametrize("fault", [FAULT, RESET], ids=["502", "reset"])
def test_a_comment_that_may_have_been_created_is_not_created_again(fault: Reply) -> None:
    with StubGitHub() as github:
        github.misbehave(fault, method="POST")
        with pytest.raises(ApiError):
            ask(github, lambda api: api.post(COMMENTS, {"body": "x"}))
        assert len(github.requests) == 1


def test_a_comment_that_was_turned_away_is_created_after_the_wait() -> None:
    with StubGitHub() as github:
        github.misbehave(TOO_MANY, method="POST")
        ask(github, lambda api: api.post(COMMENTS, {"body": "x"}))
        assert [each["body"] for each in github.comments] == ["x"]


def test_an_hour_is_not_waited() -> None:
    with StubGitHub() as github:
        github.misbehave(Reply(status=429, headers={"Retry-After": "3600"}), times=None)
        with pytest.raises(ApiError, match="HTTP 429"):
            ask(github, lambda api: all_pages(api, COMMENTS))
        assert len(github.requests) == 1


def test_a_refusal_is_not_asked_again() -> None:
    with StubGitHub() as github:
        github.misbehave(FORBIDDEN, times=None)
        with pytest.raises(ApiError, match="403: Resource not accessible by integration"):
            ask(github, lambda api: all_pages(api, COMMENTS))
        assert len(github.requests) == 1


def test_a_server_that_hangs_costs_its_time_and_no_more() -> None:
    with StubGitHub() as github:
        github.misbehave(HANG, times=None)
        with pytest.raises(ApiError, match=r"no answer within 0\.05 s"):
            ask(github, lambda api: all_pages(api, COMMENTS), timeout_s=0.05)


def test_a_server_that_is_not_there_is_said_to_be_unreachable() -> None:
    github = StubGitHub()
    with github:
        pass
    with pytest.raises(ApiError, match="cannot be reached"):
        ask(github, lambda api: api.post(COMMENTS, {"body": "x"}))


def test_garbage_is_an_error_and_shows_nothing_that_hides() -> None:
    with StubGitHub() as github:
        github.misbehave(GARBAGE)
        with pytest.raises(ApiError, match="the answer is not JSON") as caught:
            ask(github, lambda api: all_pages(api, COMMENTS))
        assert str(caught.value).isprintable()


def test_deep_nesting_is_an_error() -> None:
    with StubGitHub() as github:
        github.misbehave(Reply(body=b"[" * 100_000))
        with pytest.raises(ApiError, match="not JSON"):
            ask(github, lambda api: all_pages(api, COMMENTS))


def test_a_body_is_quoted_two_hundred_characters_long() -> None:
    with StubGitHub() as github:
        github.misbehave(Reply(status=422, body=b"x" * 100_000))
        with pytest.raises(ApiError, match=r"422: x{200}$"):
            ask(github, lambda api: all_pages(api, COMMENTS))


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(wire.Wire.ask.__kwdefaults__, "most", 1000)
    with StubGitHub() as github:
        github.misbehave(Reply(body=b'["' + b"x" * 1000 + b'"]'))
        with pytest.raises(ApiError, match="larger than 1000 bytes"):
            ask(github, lambda api: all_pages(api, COMMENTS))


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500])
def test_the_token_that_a_server_echoes_is_never_told(status: int) -> None:
    with StubGitHub() as github:
        github.misbehave(Reply(status=status, echoes=True), times=None)
        for work in (
            lambda api: api.query("query { viewer { login } }"),
            lambda api: api.download(ZIP, most=10),
        ):
            with pytest.raises(ApiError) as caught:
                ask(github, work)
            assert (
                TOKEN[4:] not in f"{caught.value!r} {caught.value.fix} {caught.value.__cause__!r}"
            )


def test_a_token_written_in_escapes_is_found_too() -> None:
    with StubGitHub() as github:
        escaped = "".join(f"\\u{ord(char):04x}" for char in TOKEN)
        github.misbehave(Reply(status=403, body=f'{{"message": "{escaped}"}}'.encode()))
        with pytest.raises(ApiError, match="hold the token and are not shown"):
            ask(github, lambda api: all_pages(api, COMMENTS))


def test_a_body_that_holds_the_token_anywhere_is_not_quoted_at_all() -> None:
    with StubGitHub() as github:
        body = f'{{"message": "no", "request": {{"authorization": "{TOKEN}"}}}}'
        github.misbehave(Reply(status=403, body=body.encode()))
        with pytest.raises(ApiError, match="hold the token and are not shown"):
            ask(github, lambda api: all_pages(api, COMMENTS))


def test_all_pages_are_followed() -> None:
    with StubGitHub() as github:
        github.page_size = 2
        for number in range(5):
            github.comment(str(number))
        pages = ask(github, lambda api: all_pages(api, f"{COMMENTS}?per_page=100"))
        assert [[each["body"] for each in page] for page in pages] == [
            ["0", "1"],
            ["2", "3"],
            ["4"],
        ]


def test_pages_without_end_are_an_error() -> None:
    with StubGitHub() as github:
        github.endless = True
        with pytest.raises(ApiError, match="more than 50 pages"):
            ask(github, lambda api: all_pages(api, COMMENTS))
        assert len(github.requests) == 50


def test_a_next_page_on_another_host_never_sees_the_token() -> None:
    seen = []
    other = Loopback(lambda request: seen.append(request) or Reply(body=b"[]"))
    other.start()
    try:
        with StubGitHub() as github:
            github.endless, github.foreign_link = True, f"{other.url}/comments"
            with pytest.raises(ApiError, match="next page is on another host"):
                ask(github, lambda api: all_pages(api, COMMENTS))
    finally:
        other.stop()
    assert not seen


def test_a_redirect_of_an_ordinary_request_is_not_followed() -> None:
    with StubGitHub() as github:
        github.misbehave(Reply(status=302, headers={"Location": f"{github.url}/elsewhere"}))
        with pytest.raises(ApiError, match="HTTP 302"):
            ask(github, lambda api: all_pages(api, COMMENTS))
        assert len(github.requests) == 1


def test_an_artifact_is_fetched_from_its_store_without_the_token() -> None:
    with StubGitHub() as github:
        github.artifact(b"the zip")
        assert ask(github, lambda api: api.download(ZIP, most=100)) == b"the zip"
        (asked,), (stored,) = github.requests, github.stored
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"
        assert "authorization" not in stored.headers
        assert TOKEN not in str(stored)


def test_one_redirect_is_followed_and_no_second() -> None:
    with StubGitHub() as github:
        github.artifact(b"the zip")
        github.misbehave(Reply(status=302, headers={"Location": f"{github.url}/x"}), path="/zip/")
        with pytest.raises(ApiError, match="HTTP 302"):
            ask(github, lambda api: api.download(ZIP, most=100))
        assert len(github.requests) == 1


@pytest.mark.parametrize(
    "target",
    ["http://store.invalid/zip/500", "file:///etc/passwd", "ftp://127.0.0.1/x", "https://a:b@c/"],
)
def test_an_artifact_is_not_fetched_from_where_others_read_along(target: str) -> None:
    with StubGitHub() as github:
        github.artifact(b"the zip")
        github.redirect_to = target
        with pytest.raises(ApiError, match="not https"):
            ask(github, lambda api: api.download(ZIP, most=100))


def test_the_signature_in_a_stores_address_is_not_told() -> None:
    with StubGitHub() as github:
        github.artifact(b"the zip")
        github.misbehave(RESET, path="/zip/", times=None)
        with pytest.raises(ApiError, match="the file is kept: the connection broke") as caught:
            ask(github, lambda api: api.download(ZIP, most=100))
        assert "signature" not in str(caught.value)


def test_a_file_is_read_to_its_bound_whatever_its_list_says() -> None:
    with StubGitHub() as github:
        github.artifact(b"x" * 101, size_in_bytes=1)
        with pytest.raises(ApiError, match="larger than 100 bytes"):
            ask(github, lambda api: api.download(ZIP, most=100))
