"""The JSON Schema of `baselines/<suite>.override.json`."""

from __future__ import annotations

from typing import Any

from gate.core.override_file import FORMAT
from gate.core.signals import NAMES

_NUMBER: dict[str, Any] = {"type": "number", "minimum": -1000, "maximum": 1000}
_SHARE: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_CURVE = _object(
    {
        "points": {
            "type": "array",
            "minItems": 2,
            "description": "(signal, log-odds of an override), both rising.",
            "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": _NUMBER},
        },
        "absent": {**_NUMBER, "description": "Log-odds where the signal is not known."},
    },
    optional=("absent",),
)

OVERRIDE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "baselines/<suite>.override.json, written by `gate calibrate`",
    **_object(
        {
            "format": {"const": FORMAT},
            "suite": _TEXT,
            "fitted_at": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T"},
            "fitted_on": _object(
                {
                    "labels": _COUNT,
                    "overridden": _COUNT,
                    "reviewers": _COUNT,
                    "newest": _or_null(_TEXT),
                    "digest": _TEXT,
                }
            ),
            "held_out": _object(
                {
                    "auc": _SHARE,
                    "brier": _SHARE,
                    "brier_of_base_rate": _SHARE,
                    "ece": _SHARE,
                    "worst_segment": _or_null(_TEXT),
                    "worst_ece": _or_null(_SHARE),
                }
            ),
            "judge": _or_null(
                {
                    **_TEXT,
                    "description": "Digest of the judge: its prompt, and what its answers mean.",
                }
            ),
            "intercept": _NUMBER,
            "signals": {
                "type": "object",
                "propertyNames": {"enum": list(NAMES)},
                "additionalProperties": _CURVE,
            },
            "segments": {
                "type": "object",
                "description": "Log-odds that a segment adds.",
                "additionalProperties": _NUMBER,
            },
            "review": _or_null(
                _object(
                    {
                        "max_miss": _or_null(_SHARE),
                        "confidence": _or_null(_SHARE),
                        "threshold": {**_SHARE, "description": "From here on to a human."},
                        "segments": {"type": "object", "additionalProperties": _SHARE},
                    }
                )
            ),
        }
    ),
}
