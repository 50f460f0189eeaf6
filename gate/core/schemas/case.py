"""The JSON Schema of one case."""

from __future__ import annotations

from typing import Any

CASE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "case",
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "input"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[^\s].*$"},
        "input": {
            "type": ["object", "string"],
            "description": "Template variables; a bare text is the variable `input`.",
        },
        "expected": {"description": "What the checks hold the output against."},
        "segment": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Tags, such as {channel: email}.",
        },
        "cluster": {"type": "string", "description": "Cases that belong together."},
    },
}
