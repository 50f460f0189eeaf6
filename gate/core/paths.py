"""Dotted paths into JSON values: `items.0.queue`."""

from __future__ import annotations

from typing import Any


class Absent:
    """The type of `ABSENT`: nothing stands at that path, which is not the same as null."""

    def __repr__(self) -> str:
        return "(absent)"


ABSENT = Absent()


def value_at(value: Any, path: str | None) -> Any:
    """Return what stands at a dotted path, or `ABSENT`; no path is the value itself."""
    if not path:
        return value
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value
