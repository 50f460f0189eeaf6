"""What JSON is not, though Python reads it."""

from __future__ import annotations

from typing import Any


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; the argument `object_pairs_hook` of `json.loads`.

    Raises:
        ValueError: A key stands twice: the last one would silently win.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice!r} stands twice")
    return found


def refuse_constant(constant: str) -> None:
    """Refuse NaN and Infinity; the argument `parse_constant` of `json.loads`.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{constant} is no JSON")
