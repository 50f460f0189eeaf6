"""What an HTTP status says about a call, whoever's client received it."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

from gate.errors import IncompleteError, ProviderFault

_RETRIED = {408, 409, 425, 429}
_OVERLOADED = {429, 503, 529}  # 529 is Anthropic's own
_NO_MONEY = "insufficient_quota"  # OpenAI's word in a 429 that no waiting mends
_THROTTLED = 429
_BROKEN = 500  # and above: the vendor's fault


def status_fault(
    status: int, message: str, *, said: str, retry_after: str | None
) -> ProviderFault | IncompleteError:
    """Return what a status other than 200 is, 401, 403 and 404 left aside.

    Args:
        status: Of HTTP.
        message: For the user.
        said: The vendor's own words.
        retry_after: The header, if there is one.
    """
    if status == _THROTTLED and _NO_MONEY in said:
        return IncompleteError(message, fix="see the account's plan and billing at the vendor")
    retried = status in _RETRIED or status >= _BROKEN
    code = "throttled" if status == _THROTTLED else "transport" if retried else "rejected"
    return ProviderFault(
        message,
        code=code,
        retryable=retried,
        retry_after_s=retry_after_s(retry_after),
        is_overload=status in _OVERLOADED,
        may_be_billed=False,
    )


def retry_after_s(value: str | None) -> float | None:
    """Read a Retry-After header: seconds, whole or not, or a date; None if it makes no sense."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return seconds if 0 <= seconds < 86_400 else None  # noqa: PLR2004 -- a day is no advice
