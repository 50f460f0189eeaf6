"""Everything that can go wrong, with the exit code that it leads to."""

from __future__ import annotations


class GateError(Exception):
    """An error with its repair, shown to the user as two lines and never as a traceback.

    Attributes:
        fix: What the user can do about it; empty when the message says it already.
        exit_code: What the process ends with, see the exit map in `gate.cli`.
    """

    exit_code = 2

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class UsageError(GateError):
    """The command line asks for something that cannot be done."""


class ConfigError(GateError):
    """A file that the user wrote is wrong; the message names file, line and key."""


class BaselineError(GateError):
    """A baseline is missing, cut, or belongs to something else."""


class RecordingError(GateError):
    """The recordings file cannot be read or written."""


class UnkeptError(RecordingError):
    """An answer cannot be recorded, so the run ends before it pays for more."""

    exit_code = 4


class NoRepositoryError(UsageError):
    """There is no git, or a folder is in no repository."""


class IncompleteError(GateError):
    """The gate could not look, so it must not pass."""

    exit_code = 4


class ProviderFault(Exception):  # noqa: N818 -- a fault is the vendor's, an error is the gate's own
    """One attempt did not bring an answer.

    Attributes:
        code: `transport`, `timeout`, `throttled` or `rejected`.
        retryable: Whether the same request may be sent again.
        retry_after_s: What the vendor asked for, in seconds, if it did.
        is_overload: The vendor has too many calls: it turned this one away, or let it wait.
        may_be_billed: Whether the vendor may bill an answer that did not arrive.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        retryable: bool,
        retry_after_s: float | None = None,
        is_overload: bool = False,
        may_be_billed: bool = True,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.is_overload = is_overload or code in {"throttled", "timeout"}
        self.may_be_billed = may_be_billed and code in {"transport", "timeout"}
