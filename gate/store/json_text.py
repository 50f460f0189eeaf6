"""What JSON is not, though Python reads it."""

from __future__ import annotations


def refuse_constant(constant: str) -> None:
    """Refuse NaN and Infinity; the argument `parse_constant` of `json.loads`.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{constant} is no JSON")
