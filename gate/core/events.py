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
            "the gate does not run on pull_request_target: there the author's code would run with "
            "the repository's secrets and its right to write",
            fix="on: pull_request; comments on forks are written on: workflow_run, see the README",
        )
