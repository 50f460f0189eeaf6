"""Base URLs of vendors and of this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from gate.errors import ConfigError

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def check_url(url: str, *, where: str) -> str:
    """Return a base URL without its last slash.

    Raises:
        ConfigError: It is no http(s) URL.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half a bracket, or a port that is none
        known = False
    if known and (parts.username or parts.password):
        raise ConfigError(
            f"{where}: the URL of {parts.hostname} holds a user name or password",
            fix="put the key into its variable; a URL is printed in errors",
        )
    if not known:
        raise ConfigError(f"{where}: {url!r} is no http(s) URL")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine."""
    return urlsplit(url).hostname in _LOOPBACK
