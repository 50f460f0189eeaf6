"""Which addresses may be asked, and which may stand in a link."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_PLAIN = re.compile(r"https?://[\w.:/~%#-]+", re.ASCII)


def is_private(address: str) -> bool:
    """Tell whether nobody reads along on the way: https, or http on this machine."""
    try:
        parts = urlsplit(address)
        host, named = parts.hostname, parts.username or parts.password
    except ValueError:
        return False
    if not host or named or any(char.isspace() or not char.isprintable() for char in address):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def is_plain(address: str) -> bool:
    """Tell whether an address can be nothing else, in a link of markdown or on a terminal."""
    return _PLAIN.fullmatch(address) is not None
