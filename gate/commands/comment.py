"""`gate comment`: the report on the pull request, as one comment that is kept up to date."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.commenting import ALWAYS, AUTO, Desk, Saying, for_commit
from gate.commands.relaying import relay
from gate.core.secrets import SHORTEST, Secrets
from gate.errors import IncompleteError, UsageError
from gate.github.api import GitHubApi
from gate.github.comments import DEFAULT_KEY
from gate.github.event import head_of, job_of, pull_request_of, workflow_run_of
from gate.store.stored_report import read_report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gate.github.event import Job

_TOKEN = "GITHUB_TOKEN"  # noqa: S105 -- the variable's name
_DEADLINE_S = 300  # of all that is asked of GitHub


@click.command("comment", short_help="Write the report on the pull request, as one comment.")
@click.argument("result", type=click.Path(path_type=Path), metavar="[RESULT.json]", required=False)
@click.option(
    "--key", metavar="KEY",
    help="Tells this comment from others of the gate; with RESULT.json only.  "
    f"[default: {DEFAULT_KEY}]",
)  # fmt: skip
@click.option(
    "--when", type=click.Choice([AUTO, ALWAYS]), default=AUTO, show_default=True,
    help="auto: no new comment for a pass; one that is there is edited, so it turns green.",
)  # fmt: skip
@click.pass_context
def command(ctx: click.Context, /, *, result: Path | None, key: str | None, when: str) -> None:
    """Write the report on the pull request, as one comment that is kept up to date.

    With RESULT.json, in a job of `pull_request`: that report. Without, in a job of
    `workflow_run`: the reports in the artifacts gate-report and gate-report-KEY of the run that
    ended, on the open pull request that has its head.

    Needs the variable GITHUB_TOKEN, and the right to write on pull requests. It ends with 0
    whatever the report says; with 4 if the comment could not be written.
    """
    job = job_of(os.environ)
    if result is None:
        if key is not None:
            raise click.UsageError("--key needs RESULT.json: an artifact's name has its own", ctx)
        work = _relaying(job)
    else:
        work = _writing(job, result, DEFAULT_KEY if key is None else key)
    asyncio.run(_within_time(_at_desk(job, _token(), when, work)))


def _writing(job: Job, result: Path, key: str) -> Callable[[Desk], Awaitable[None]]:
    number = pull_request_of(job)
    head = head_of(job)
    saying = Saying(report=read_report(result), link=job.run_url, before=for_commit(head))

    async def work(desk: Desk) -> None:
        click.echo(await desk.bring(number, key, saying, head=head))

    return work


def _relaying(job: Job) -> Callable[[Desk], Awaitable[None]]:
    run = workflow_run_of(job)

    async def work(desk: Desk) -> None:
        await relay(desk, run, click.echo)

    return work


async def _at_desk(
    job: Job, token: str, when: str, work: Callable[[Desk], Awaitable[None]]
) -> None:
    secrets = Secrets({_TOKEN: token})
    async with GitHubApi(
        job.api_url, graphql_url=job.graphql_url, token=token, secrets=secrets
    ) as api:
        await work(Desk(api=api, repository=job.repository, when=when, secrets=secrets))


async def _within_time(work: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(work, _DEADLINE_S)
    except (asyncio.TimeoutError, TimeoutError):
        raise IncompleteError(f"GitHub: not done within {_DEADLINE_S} s") from None


def _token() -> str:
    token = os.environ.get(_TOKEN, "").strip()
    if not token:
        raise UsageError(
            f"the variable {_TOKEN} is not set", fix=f"env: {{{_TOKEN}: ${{{{ github.token }}}}}}"
        )
    # One that is too short could not be told from other words, and so not be kept back.
    if not (token.isascii() and token.isprintable()) or " " in token or len(token) < SHORTEST:
        raise UsageError(f"the variable {_TOKEN} holds no token")
    return token
