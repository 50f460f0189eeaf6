"""Into a JSON value whose shape nobody vouches for."""

from __future__ import annotations

from typing import Any


def at(value: Any, *steps: str) -> Any:
    """Return what stands behind these keys; None where there is no such thing."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value
