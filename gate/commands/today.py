"""The day of a run, which waivers and baselines are held against."""

from __future__ import annotations

from datetime import datetime, timezone


def today() -> str:
    """Return today's ISO date in UTC: the same on every machine."""
    return datetime.now(timezone.utc).date().isoformat()
