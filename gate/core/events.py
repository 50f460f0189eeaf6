"""Events of GitHub on which nothing of the gate may run."""

from __future__ import annotations

from gate.errors import UsageError


def refuse_target(event: str) -> None:
    """See that the event is not `pull_request_target`.

    Raises:
        UsageError: It is.
    """
    if event == "pull_request_target":
        raise UsageError(
            "the gate does not run on pull_request_target, which has the repository's secrets and "
            "the right to write, on what the author of the pull request wrote",
            fix="use `on: pull_request`; for forks, comment from a workflow of `on: workflow_run`",
        )
