"""The JSON Schema of a prompt file: GitHub Models' format, with three keys of our own."""

from __future__ import annotations

from typing import Any

_STRING_RULES = ("equals", "contains", "startsWith", "endsWith")

PROMPT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "*.prompt.yml",
    "type": "object",
    "additionalProperties": False,
    "required": ["model", "messages"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "model": {"type": "string", "minLength": 1, "description": "provider/name"},
        "modelParameters": {"type": "object"},
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["role", "content"],
                "properties": {
                    "role": {"enum": ["system", "developer", "user", "assistant"]},
                    "content": {"type": "string"},
                },
            },
        },
        "responseFormat": {"enum": ["text", "json_object", "json_schema"]},
        "jsonSchema": {
            "type": ["string", "object"],
            "description": "A JSON text (or mapping) with name and schema.",
        },
        "testData": {"type": "array", "items": {"type": "object"}},
        "evaluators": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "string": {
                        "type": "object",
                        "minProperties": 1,
                        "additionalProperties": False,
                        "properties": {rule: {"type": "string"} for rule in _STRING_RULES},
                    },
                },
            },
        },
        "baseUrl": {"type": "string", "pattern": "^https?://"},
        "price": {
            "type": "object",
            "additionalProperties": False,
            "required": ["input", "output"],
            "description": "USD per million tokens.",
            "properties": {
                "input": {"type": "number", "minimum": 0},
                "output": {"type": "number", "minimum": 0},
            },
        },
        "depends": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "minLength": 1},
            "description": "For `command/`: globs of the files that the worker is made of.",
        },
    },
}
