"""One comment a pull request and key: found by marker and own authorship, edited in place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from gate.core.steps import at
from gate.errors import UsageError
from gate.github.answers import ApiError

if TYPE_CHECKING:
    from gate.github.api import GitHubApi

DEFAULT_KEY = "report"
LONGEST = 65_536  # characters that GitHub takes in a comment, the marker among them
_KEY = re.compile(r"(?!.*--)[a-z0-9][a-z0-9._-]{0,60}")
_BOT = "[bot]"
_FORBIDDEN = 403
_GONE = {404, 410}
_READ_ONLY = "the token may not write comments: a pull request from a fork gets a read-only one"
_READ_ONLY_FIX = (
    "give the job `permissions: pull-requests: write`; for forks, comment from a workflow of "
    "`on: workflow_run`"
)


class Done(str, Enum):
    """What became of the comment."""

    CREATED = "created"
    EDITED = "edited"
    UNCHANGED = "unchanged"
    NONE = "none"  # there is none, and none was to be created


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What was done, and where it can be seen."""

    done: Done
    url: str = ""  # as GitHub tells it; empty: it does not


def is_key(text: str) -> bool:
    """Tell whether a text can tell one comment of the gate from another."""
    return _KEY.fullmatch(text) is not None


def marker(key: str) -> str:
    """Return what the comment of that key starts with.

    Raises:
        UsageError: It is no key, and might end the marker early.
    """
    if not is_key(key):
        raise UsageError(
            f"key {key[:80]!r}: a key has up to 61 small letters, digits, `.`, `_` and `-`, starts "
            "with a letter or a digit, and has no `--`"
        )
    return f"<!-- gate:{key} -->\n"


async def upsert(
    api: GitHubApi, *, repository: str, number: int, key: str, text: str, create: bool
) -> Posted:
    """Bring the comment of a key to a text.

    Args:
        api: Of the GitHub that has the pull request.
        repository: owner/name.
        number: Of the pull request.
        key: Tells it from other comments of the gate.
        text: Markdown, `LONGEST` less the marker at most.
        create: Whether there should be one where there is none yet.

    Raises:
        ApiError: It could not be done; where it is not known who we are, nothing is.
    """
    body = marker(key) + text
    own = await _own(api, f"/repos/{repository}/issues/{number}/comments", marker(key))
    if own is not None:
        if _same(own["body"], body):
            return Posted(done=Done.UNCHANGED, url=_url(own))
        try:
            edited = await api.patch(
                f"/repos/{repository}/issues/comments/{own['id']}", {"body": body}
            )
            return Posted(done=Done.EDITED, url=_url(edited))
        except ApiError as error:
            if error.status not in _GONE:
                raise _told(error) from error
    if not create:
        return Posted(done=Done.NONE)
    try:
        made = await api.post(f"/repos/{repository}/issues/{number}/comments", {"body": body})
    except ApiError as error:
        raise _told(error) from error
    return Posted(done=Done.CREATED, url=_url(made))


async def _own(api: GitHubApi, path: str, start: str) -> dict[str, Any] | None:
    """Return the oldest comment that starts so and that we wrote; pages after it are not read."""
    login = await _viewer(api)
    async for page in api.pages(f"{path}?per_page=100"):
        if not isinstance(page, list):
            raise ApiError(f"GitHub: {path}: the answer is no list")
        for comment in page:
            if _is_own(comment, login, start):
                return dict(comment)
    return None


async def _viewer(api: GitHubApi) -> str:
    """Return our login; GraphQL tells it to the token of a workflow, which REST's /user refuses."""
    login = at(await api.query("query { viewer { login } }"), "viewer", "login")
    if not isinstance(login, str) or not login:
        raise ApiError("GitHub: GraphQL: it does not tell whose the token is")
    return login


def _is_own(comment: Any, login: str, start: str) -> bool:
    body = at(comment, "body")
    if type(at(comment, "id")) is not int or not isinstance(body, str):
        return False
    if login.endswith(_BOT) and at(comment, "user", "type") != "Bot":
        return False
    return at(comment, "user", "login") == login and _lines(body).startswith(start)


def _same(one: str, other: str) -> bool:
    """Tell whether two bodies show the same; line ends and spaces at the end may be GitHub's."""
    return _lines(one).rstrip() == _lines(other).rstrip()


def _lines(body: str) -> str:
    return body.replace("\r\n", "\n")


def _url(comment: Any) -> str:
    url = at(comment, "html_url")
    return url if isinstance(url, str) else ""


def _told(error: ApiError) -> ApiError:
    if error.status != _FORBIDDEN:
        return error
    return ApiError(f"{_READ_ONLY} ({error})", status=error.status, fix=_READ_ONLY_FIX)
