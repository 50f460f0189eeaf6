"""What GitHub Actions tells a job about itself and about the event that started it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.core.events import refuse_target
from gate.core.steps import at
from gate.errors import ConfigError, UsageError
from gate.github.addresses import is_plain, is_private

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIX = (
    "run it in a job of GitHub Actions; to see what it would say: "
    "gate report RESULT.json --format markdown"
)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WORD = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The job that this process runs in, and its event."""

    event: str  # GitHub's name of it
    payload: Mapping[str, Any]
    repository: str  # owner/name, the one whose workflow this is
    api_url: str
    graphql_url: str
    run_url: str  # of the page of this run


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """The run that ended and so started this job; what it made is in its author's hands."""

    run_id: int
    event: str  # that started it
    conclusion: str  # success, failure, cancelled, …
    head_sha: str
    head_branch: str
    head_owner: str  # login; empty: the head repository is gone
    head_repository: str  # owner/name; empty: it is gone
    url: str  # of its page


def digest_of_event(environment: Mapping[str, str]) -> str:
    """Return 64 hexadecimal digits that tell the event's payload from any other; empty: none."""
    path = Path(environment.get("GITHUB_EVENT_PATH") or os.devnull)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def job_of(environment: Mapping[str, str]) -> Job:
    """Read the variables and the event's payload.

    Raises:
        UsageError: This is no job of GitHub Actions, or one that must not be commented from.
        ConfigError: A variable or the payload is not what GitHub writes.
    """
    event = _variable(environment, "GITHUB_EVENT_NAME")
    told = environment.get("GATE_EVENT", "")
    if told and told != digest_of_event(environment):
        raise ConfigError("GITHUB_EVENT_PATH: the event is not the one that this job began with")
    refuse_target(event)
    repository = _variable(environment, "GITHUB_REPOSITORY")
    if not _REPOSITORY.fullmatch(repository) or {".", ".."} & set(repository.split("/")):
        raise ConfigError(f"GITHUB_REPOSITORY: {repository!r} is not written as owner/name")
    server = _address(environment, "GITHUB_SERVER_URL")
    run = _variable(environment, "GITHUB_RUN_ID")
    if not (run.isascii() and run.isdecimal()):
        raise ConfigError(f"GITHUB_RUN_ID: {run!r} is no number")
    return Job(
        event=event,
        payload=_payload(_variable(environment, "GITHUB_EVENT_PATH")),
        repository=repository,
        api_url=_address(environment, "GITHUB_API_URL"),
        graphql_url=_address(environment, "GITHUB_GRAPHQL_URL"),
        run_url=f"{server}/{repository}/actions/runs/{run}",
    )


def pull_request_of(job: Job) -> int:
    """Return the number of the pull request that a job of `pull_request` is for.

    Raises:
        UsageError: The event is another one.
        ConfigError: The payload holds no such number.
    """
    if job.event != "pull_request":
        raise UsageError(
            f"an event of {job.event!r} has no pull request to comment on",
            fix="give RESULT.json in a job of `on: pull_request` only",
        )
    return _number(at(job.payload, "pull_request", "number"), "pull_request.number")


def head_of(job: Job) -> str:
    """Return the commit at the head of the pull request that a job of `pull_request` is for.

    Raises:
        ConfigError: The payload holds none.
    """
    return _matching(_COMMIT, at(job.payload, "pull_request", "head", "sha"), "head.sha")


def workflow_run_of(job: Job) -> WorkflowRun:
    """Return the run that started a job of `workflow_run`.

    Raises:
        UsageError: The event is another one.
        ConfigError: The payload does not tell of a run that ended.
    """
    if job.event != "workflow_run":
        raise UsageError(
            f"an event of {job.event!r} has no other run to take reports from",
            fix="name a RESULT.json, or run it in a job of `on: workflow_run`",
        )
    run = at(job.payload, "workflow_run")
    repository = at(run, "head_repository")
    owner, name = at(repository, "owner", "login"), at(repository, "full_name")
    url = _text(at(run, "html_url"), "html_url")
    if not (is_plain(url) and is_private(url)):
        raise _wrong("html_url", url)
    return WorkflowRun(
        run_id=_number(at(run, "id"), "workflow_run.id"),
        event=_matching(_WORD, at(run, "event"), "event"),
        conclusion=_matching(_WORD, at(run, "conclusion"), "conclusion"),
        head_sha=_matching(_COMMIT, at(run, "head_sha"), "head_sha"),
        head_branch=_text(at(run, "head_branch"), "head_branch"),
        head_owner=_text(owner, "head_repository.owner.login") if repository else "",
        head_repository=_text(name, "head_repository.full_name") if repository else "",
        url=url,
    )


def _variable(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise UsageError(f"the variable {name} is not set", fix=_FIX)
    return value


def _address(environment: Mapping[str, str], name: str) -> str:
    address = _variable(environment, name).rstrip("/")
    if not (is_plain(address) and is_private(address)):
        raise ConfigError(f"{name}: {address!r} is no https address")
    return address


def _payload(path: str) -> dict[str, Any]:
    try:
        payload = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise ConfigError(f"GITHUB_EVENT_PATH: {path}: {error.strerror}", fix=_FIX) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"GITHUB_EVENT_PATH: {path}: not JSON: {error}", fix=_FIX) from error
    if not isinstance(payload, dict):
        raise ConfigError(f"GITHUB_EVENT_PATH: {path}: no JSON object", fix=_FIX)
    return payload


def _number(value: Any, key: str) -> int:
    if type(value) is not int or value < 1:  # True is an int, too
        raise _wrong(key, value)
    return value


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(f"workflow_run.{key}", value)
    return value


def _matching(pattern: re.Pattern[str], value: Any, key: str) -> str:
    text = _text(value, key)
    if not pattern.fullmatch(text):
        raise _wrong(f"workflow_run.{key}", text)
    return text


def _wrong(key: str, value: Any) -> ConfigError:
    return ConfigError(f"the event's payload: {key}: {str(value)[:60]!r} is not what GitHub writes")
