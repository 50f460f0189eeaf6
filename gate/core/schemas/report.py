"""The JSON Schema of `report.json`."""

from __future__ import annotations

from typing import Any

from gate.core.policy import FINDING_IDS

# Numbers that no report has, and that would overflow where one is drawn, are refused.
_LARGEST = 1e15
_NUMBER = {"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST}
_MAYBE_NUMBER = {**_NUMBER, "type": ["number", "null"]}
_COUNT = {"type": "integer", "minimum": 0, "maximum": _LARGEST}
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_MAYBE_TEXT = {"type": ["string", "null"]}
_EXIT_CODE = {"enum": [0, 1, 3, 4]}
_VERDICT = {"enum": ["pass", "fail", "inconclusive", "incomplete"]}


def _closed(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


_FINDING = _closed(
    {
        "id": {"enum": list(FINDING_IDS)},
        "metric": {"enum": list(FINDING_IDS.values())},
        "segment": _MAYBE_TEXT,
        "old": _NUMBER,
        "new": _NUMBER,
        "change": _NUMBER,
        "interval": {"type": ["array", "null"], "items": _NUMBER, "minItems": 2, "maxItems": 2},
        "p_value": {"type": "number", "minimum": 0, "maximum": 1},
        "alpha": {"type": "number", "minimum": 0, "maximum": 1},
        "limit": _NUMBER,
        "unit": {"enum": ["rate", "usd", "tokens", "ms"]},
        "n": _COUNT,
        "detectable": _MAYBE_NUMBER,
        "provable": _MAYBE_NUMBER,
        "trials_needed": {"type": ["integer", "null"], "minimum": 1, "maximum": _LARGEST},
        "verdict": {"enum": ["pass", "fail", "inconclusive"]},
        "waived": {"type": "boolean"},
        "p_adjusted": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "cases_needed": {"type": ["integer", "null"], "minimum": 1, "maximum": _LARGEST},
        "quantile": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "bounds": {"type": ["array", "null"], "items": _NUMBER, "minItems": 2, "maxItems": 2},
    }
)
_ANSWER = _closed(
    {
        "text": _TEXT,
        "trials": {"type": "integer", "minimum": 1, "maximum": _LARGEST},
        "failure_code": _MAYBE_TEXT,
        "override": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    }
)
_ANSWERS = {"type": "array", "items": _ANSWER}
_CASE_CHANGE = _closed(
    {
        "case": _TEXT,
        "segment": {"type": "object", "additionalProperties": _TEXT},
        "new_case": {"type": "boolean"},
        "outcome": {"enum": ["regressed", "fixed", "flaky", "unscored"]},
        "old_trials": _COUNT,
        "new_trials": _COUNT,
        "old_failures": _COUNT,
        "new_failures": _COUNT,
        "failure_code": _MAYBE_TEXT,
        "old_output": _MAYBE_TEXT,
        "new_output": _MAYBE_TEXT,
        "diff": {"type": "array", "items": _closed({"path": _TEXT, "old": {}, "new": {}})},
        "input": {},
        "expected": {},
        "answers": _closed({"old": _ANSWERS, "new": _ANSWERS}),
        "path": _TEXT,
        "line": _COUNT,
    }
)
_PROMPT = {
    "anyOf": [{"type": "null"}, _closed({"fingerprint": _TEXT, "model": _TEXT})],
}
_ESTIMATE = {
    **_closed(
        {
            "rate": {"type": "number", "minimum": -1, "maximum": 1},
            "interval": {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
            "plain": {"type": "number", "minimum": -1, "maximum": 1},
            "labels": _COUNT,
            "weight": {"type": "number", "minimum": 0, "maximum": 1},
        }
    ),
    "type": ["object", "null"],
}
_CODES = {"type": "object", "additionalProperties": _COUNT}
_SUITE = _closed(
    {
        "suite": _TEXT,
        "verdict": {"enum": [*_VERDICT["enum"], "not_affected"]},
        "cases": _COUNT,
        "trials": _closed({"old": _COUNT, "new": _COUNT}),
        "prompts": _closed({"old": _PROMPT, "new": _PROMPT}),
        "findings": {"type": "array", "items": _FINDING},
        "not_measured": {"type": "object", "additionalProperties": _TEXT},
        "small_segments": {"type": "array", "items": _TEXT},
        "confirmation": {"enum": [None, "confirmed", "not_confirmed", "unconfirmed"]},
        "missing_p_value": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "failure_codes": _closed({"old": _CODES, "new": _CODES}),
        "cases_changed": {"type": "array", "items": _CASE_CHANGE},
        "calls": _closed(
            dict.fromkeys(
                ("old_live", "new_live", "recorded", "saved_by_stopping", "missing", "retries"),
                _COUNT,
            )
        ),
        "cost_usd": _MAYBE_NUMBER,
        "stopped_early": {"type": "boolean"},
        "cases_not_asked": _COUNT,
        "case_ids": _closed({"unchanged": _TEXTS, "not_asked": _TEXTS}),
        "looks": {
            "type": "array",
            "items": _closed(
                {
                    "trials": _closed({"old": _COUNT, "new": _COUNT}),
                    "findings": {"type": "array", "items": _FINDING},
                }
            ),
        },
        # By prediction-powered inference; null: no labels of these outputs.
        "override_estimates": {
            **_closed(
                {
                    "source": _TEXT,
                    "outside": _COUNT,
                    **dict.fromkeys(("old", "new", "change"), _ESTIMATE),
                }
            ),
            "type": ["object", "null"],
        },
    },
    optional=("override_estimates",),
)

REPORT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "report.json",
    **_closed(
        {
            "version": {"const": 1},
            "verdict": _VERDICT,
            "exit_code": _EXIT_CODE,
            "owner": _TEXT,
            "policy": _closed({"source": _TEXT, "alpha": _NUMBER}),
            "suites": {"type": "array", "items": _SUITE},
            "notes": {"type": "array", "items": _TEXT},
            "waivers": {"type": "array", "items": {"type": "object"}},
            "duration_s": {"type": "number", "minimum": 0, "maximum": _LARGEST},
            "explain_flags": _TEXT,
            "folder": _TEXT,
            # What the rules that the change edits would say; null: none that bear on the verdict.
            "own_rules": {
                **_closed(
                    {
                        "verdict": _VERDICT,
                        "exit_code": _EXIT_CODE,
                        "suites": {"type": "object", "additionalProperties": _VERDICT},
                    }
                ),
                "type": ["object", "null"],
            },
        }
    ),
}
