"""GitHub on loopback, and a pull request against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stub_github import StubGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def github() -> Iterator[StubGitHub]:
    with StubGitHub() as server:
        yield server
