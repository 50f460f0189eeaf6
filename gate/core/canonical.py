"""Canonical JSON and the digests made from it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_PLAIN = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_ESCAPED = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no escapes but JSON's own.

    Lone surrogates, which UTF-8 cannot carry, are escaped.
    """
    return _canonical_bytes(value).decode()


def _canonical_bytes(value: Any) -> bytes:
    try:
        return _PLAIN.encode(value).encode()
    except UnicodeEncodeError:
        return _ESCAPED.encode(value).encode()


def digest(value: Any) -> str:
    """Return 32 hexadecimal digits of SHA-256 over the canonical JSON of a value."""
    return hashlib.sha256(_canonical_bytes(value)).hexdigest()[:32]


def seed_of(request_digest: str, repeat: int, seed: int) -> int:
    """Return the seed of one trial, in [0, 2^31).

    Each trial has its own, so that the noise of one case does not move with another's.
    """
    return int(digest([request_digest, repeat, seed])[:8], 16) >> 1
