"""The JSON Schema of `gate.yaml`."""

from __future__ import annotations

from typing import Any

from gate.core.checks import DEEPDIFF_OPTIONS

_PATH = {"type": "string", "minLength": 1, "description": "Relative to gate.yaml's folder."}
_FIELD = {"type": "string", "minLength": 1, "description": "Dotted path into the output's JSON."}
_EXPECTED = {
    "type": "string",
    "description": "Dotted path into the case's expectation; empty: all of it.",
}
_TEXT = {"type": ["string", "number", "boolean"]}


def _text_check(value: dict[str, Any], key: str = "value") -> dict[str, Any]:
    return {
        "description": "A value, or {path, value | expected, ignore_case}.",
        "anyOf": [
            value,
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "path": _FIELD,
                    key: value,
                    "expected": _EXPECTED,
                    "ignore_case": {"type": "boolean"},
                },
                "oneOf": [{"required": [key]}, {"required": ["expected"]}],
            },
        ],
    }


_RULES: dict[str, Any] = {
    "json": {"type": "boolean", "description": "The whole output is one JSON text."},
    "schema": {**_PATH, "description": "The output is JSON that this JSON Schema accepts."},
    "matches": {
        "description": "The output (or one field) equals the expectation, by DeepDiff.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "path": _FIELD,
            "expected": _EXPECTED,
            **DEEPDIFF_OPTIONS,
        },
    },
    "equals": _text_check(_TEXT),
    "one_of": _text_check({"type": "array", "minItems": 1, "items": _TEXT}, "values"),
    "contains": _text_check(_TEXT),
    "regex": {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["value"],
                "properties": {"path": _FIELD, "value": {"type": "string", "minLength": 1}},
            },
        ]
    },
    "starts_with": _text_check(_TEXT),
    "ends_with": _text_check(_TEXT),
    "max_chars": {
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["value"],
                "properties": {"path": _FIELD, "value": {"type": "integer", "minimum": 0}},
            },
        ]
    },
    "refusal": {"type": "boolean", "description": "The output refuses to answer."},
}

CHECK: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {**_RULES, **{f"not_{name}": rule for name, rule in _RULES.items()}},
}

_RATE = {"type": "number", "minimum": 0, "maximum": 1}
_RISE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["max_rise"],
    "properties": {"max_rise": {**_RATE, "description": "0.01 is one percentage point."}},
}
_RATIO = {
    "type": "object",
    "additionalProperties": False,
    "required": ["max_ratio"],
    "properties": {"max_ratio": {"type": "number", "exclusiveMinimum": 0}},
}

_SUITE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["prompt"],
    "properties": {
        "prompt": {**_PATH, "description": "A *.prompt.yml file."},
        "cases": {**_PATH, "description": ".jsonl, .yaml or .csv; a glob is allowed."},
        "repeats": {
            "type": "object",
            "additionalProperties": False,
            "description": "Trials a case.",
            "properties": {
                "baseline": {"type": "integer", "minimum": 1, "maximum": 1000},
                "new": {"type": "integer", "minimum": 1, "maximum": 1000},
            },
        },
        "checks": {
            "type": "array",
            "items": CHECK,
            "description": "In this order; the first that fails names the failure code.",
        },
        "detect_refusals": {"type": "boolean", "description": "Default: true."},
        "override": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "decision": {
                    "type": "array",
                    "items": _FIELD,
                    "description": "The fields that a reviewer acts on.",
                },
                "proxy": {**_PATH, "description": "Written by `gate calibrate`."},
                "labels": {
                    **_PATH,
                    "description": "Reviewers' decisions, .jsonl or .csv; they move no verdict.",
                },
                "judge": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["prompt"],
                    "description": "A prompt that says of an output whether to keep it.",
                    "properties": {
                        "prompt": {**_PATH, "description": "A *.prompt.yml file."},
                        "answers": {
                            "type": "object",
                            "minProperties": 2,
                            "description": "What each answer means: 0 keeps, 1 rejects.",
                            "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
                        },
                    },
                },
                "max_miss": {
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "maximum": 0.5,
                    "description": "Of the overridden outputs, the share that may go unseen.",
                },
                "confidence": {
                    "type": "number",
                    "minimum": 0.5,
                    "exclusiveMaximum": 1,
                    "description": "With which the misses stay below max_miss.",
                },
            },
        },
        "retired": {"type": "boolean", "description": "The suite may go in a later change."},
    },
}

_WAIVER: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["finding", "owner", "reason", "expires"],
    "properties": {
        "finding": {"type": "string", "minLength": 1},
        "segment": {"type": ["string", "null"]},
        "owner": {"type": "string", "minLength": 1},
        "reason": {"type": "string", "minLength": 1},
        "expires": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        "prompt": {
            "type": "string",
            "pattern": "^[0-9a-f]{32}$(?!\\n)",
            "description": "Fingerprint of the new prompt, as the report of a fail tells it.",
        },
    },
}

_TAG = {"type": "string", "minLength": 1}

_POLICY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "alpha": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
        "metrics": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "failure_rate": _RISE,
                "override_rate": _RISE,
                "latency_p95": _RATIO,
                "cost": _RATIO,
            },
        },
        "segments": {
            "type": "object",
            "additionalProperties": False,
            "required": ["by"],
            "properties": {
                "by": {
                    "type": "array",
                    "minItems": 1,
                    "description": "Tags; a list of tags makes segments of their combinations.",
                    "items": {
                        "anyOf": [_TAG, {"type": "array", "minItems": 1, "items": _TAG}],
                    },
                },
                "max_rise": _RATE,
            },
        },
        "inconclusive": {"enum": ["pass", "fail"]},
        "baseline_max_age_days": {"type": "integer", "minimum": 1},
        "author_recordings": {
            "enum": ["count", "call"],
            "description": "Of its new prompt, brought by a change; call: they are not used.",
        },
        "trust": {"enum": ["base", "head"]},
        "exact": {"type": "boolean", "description": "Conservative p-values; default: mid-p."},
        "strict": {
            "type": "boolean",
            "description": "Fail only if the interval's lower bound exceeds the tolerance.",
        },
        "scope": {
            "enum": ["fixtures", "population"],
            "description": "What is claimed: about a re-run of these cases, or about production.",
        },
    },
}

CONFIG: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gate.yaml",
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "suites"],
    "properties": {
        "version": {"const": 1},
        "owner": {"type": "string", "description": "Who answers for this automation."},
        "suites": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z0-9][a-z0-9_-]*$(?!\\n)"},
            "additionalProperties": _SUITE,
        },
        "policy": _POLICY,
        "waivers": {"type": "array", "items": _WAIVER},
    },
}
