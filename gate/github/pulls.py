"""Which pull request a run was for: told by GitHub, never by what the run made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gate.core.steps import at
from gate.github.answers import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gate.github.api import GitHubApi
    from gate.github.event import WorkflowRun

_UNKNOWN = {404, 409, 422}  # a commit of a fork is not in this repository


async def open_pulls(api: GitHubApi, *, repository: str, run: WorkflowRun) -> tuple[int, ...]:
    """Return the numbers of the open pull requests whose head is that of the run.

    Head is the commit, its branch and its repository: a pull request may have the commit of
    another one, and a report must not reach that.

    Args:
        api: Of the GitHub that has the repository.
        repository: owner/name, of the base.
        run: As the event tells it.

    Returns:
        None of them: the head moved on, the pull request was closed, or it cannot be told whose
        run it was, since the fork is gone.

    Raises:
        ApiError: They cannot be had.
    """
    if not run.head_owner:
        return ()
    head = f"{run.head_owner}:{run.head_branch}"
    query = urlencode({"state": "open", "head": head, "per_page": 100})
    found = await _heads(api, f"/repos/{repository}/pulls?{query}", repository, run)
    if found:
        return found
    try:
        path = f"/repos/{repository}/commits/{run.head_sha}/pulls?per_page=100"
        return await _heads(api, path, repository, run)
    except ApiError as error:
        if error.status in _UNKNOWN:
            return ()
        raise


async def head_now(api: GitHubApi, *, repository: str, number: int) -> str:
    """Return the commit that is the head of a pull request now; empty: it is not told.

    Raises:
        ApiError: The pull request cannot be had.
    """
    sha = at(await api.get(f"/repos/{repository}/pulls/{number}"), "head", "sha")
    return sha if isinstance(sha, str) else ""


async def _heads(api: GitHubApi, path: str, repository: str, run: WorkflowRun) -> tuple[int, ...]:
    numbers = {
        pull["number"]
        async for pull in _listed(api, path)
        if _is_head(pull, repository, run) and type(pull.get("number")) is int
    }
    return tuple(sorted(numbers))


async def _listed(api: GitHubApi, path: str) -> AsyncIterator[Any]:
    async for page in api.pages(path):
        if not isinstance(page, list):
            raise ApiError(f"GitHub: {path.partition('?')[0]}: the answer is no list")
        for pull in page:
            yield pull


def _is_head(pull: Any, repository: str, run: WorkflowRun) -> bool:
    """Tell whether a pull request is open here with that head; GitHub's filter is not relied on."""
    head = at(pull, "head")
    if at(pull, "state") != "open" or at(pull, "base", "repo", "full_name") != repository:
        return False
    if (at(head, "sha"), at(head, "ref")) != (run.head_sha, run.head_branch):
        return False
    if at(head, "repo") is None:  # it is gone since; of its owner there is one in a network
        return bool(at(head, "user", "login") == run.head_owner)
    return bool(at(head, "repo", "full_name") == run.head_repository)
