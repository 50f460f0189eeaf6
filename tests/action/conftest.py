"""GitHub on loopback, and a pull request against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from action.attacked import project
from action.pull_request import PullRequest, pull_request
from cli.project import BROKEN
from stub_github import StubGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Folder


@pytest.fixture
def github() -> Iterator[StubGitHub]:
    with StubGitHub() as server:
        yield server


@pytest.fixture
def broken(repo: Folder) -> PullRequest:
    """A change that breaks every answer."""
    return pull_request(repo, project(), BROKEN)
