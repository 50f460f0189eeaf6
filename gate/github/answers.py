"""What GitHub answered, and what is told of it: never a header, never the token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gate.errors import IncompleteError

if TYPE_CHECKING:
    from gate.core.secrets import Secrets

_QUOTED = 200  # characters
_READ = 1 << 16  # bytes of a body that its first words are looked for in


class ApiError(IncompleteError):
    """GitHub did not do what it was asked.

    Attributes:
        status: HTTP's number; None where no answer came, or one that is no answer.
    """

    def __init__(self, message: str, *, status: int | None = None, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, read to its end."""

    status: int
    content: bytes
    next_page: str | None = None  # of its header Link
    location: str | None = None
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300  # noqa: PLR2004 -- HTTP's own numbers


def refused(answer: Answer, asked: str, secrets: Secrets) -> ApiError:
    """Return the error of an answer that is no success.

    Args:
        answer: Its words are quoted, if they hold no secret.
        asked: What was asked for, in words that may be shown.
        secrets: What must not be shown.
    """
    fix = "check the variable GITHUB_TOKEN" if answer.status == 401 else ""  # noqa: PLR2004
    said = _quoted(answer.content, secrets)
    return ApiError(f"GitHub: {asked}: HTTP {answer.status}: {said}", status=answer.status, fix=fix)


def json_of(answer: Answer, asked: str, secrets: Secrets) -> Any:
    """Return the value of a success.

    Raises:
        ApiError: It was none, or no JSON.
    """
    if not answer.is_success:
        raise refused(answer, asked, secrets)
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        said = _quoted(answer.content, secrets)
        raise ApiError(f"GitHub: {asked}: the answer is not JSON: {said}") from None


def _quoted(content: bytes, secrets: Secrets) -> str:
    """Return the beginning of GitHub's own words, on one line; nothing that hides is in it."""
    told = text = content[:_READ].decode(errors="replace")
    try:
        value = json.loads(text)
        told = str(value["message"]) if isinstance(value, dict) and "message" in value else text
    except (ValueError, RecursionError):
        pass
    whole = content.decode(errors="replace")
    if secrets.found_in(whole) or secrets.found_in(told):
        return "(its words hold the token and are not shown)"
    line = " ".join(told.split())[:_QUOTED]
    return "".join(char if char.isprintable() else "\ufffd" for char in line) or "(empty)"
