"""Checks: rules that decide whether one output is usable, in the order of `gate.yaml`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json
from gate.core.output import Output
from gate.core.paths import ABSENT, value_at
from gate.core.prompt import render
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jsonschema.protocols import Validator

    from gate.core.model import Case, Response

# Options of DeepDiff that `matches` takes, a field at a time: set globally they hide changes.
# Each with its JSON Schema.
DEEPDIFF_OPTIONS: dict[str, dict[str, Any]] = {
    "ignore_order": {"type": "boolean"},
    "significant_digits": {"type": "integer", "minimum": 0},
    "math_epsilon": {"type": "number", "exclusiveMinimum": 0},
    "ignore_string_case": {"type": "boolean"},
    "ignore_numeric_type_changes": {"type": "boolean"},
    "exclude_paths": {"type": ["array", "string"], "items": {"type": "string"}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule with its operand.

    Attributes:
        kind: The key in `gate.yaml` without `not_`.
        negated: Whether the rule must not hold.
        value: What the output is held against; a schema as a mapping for `schema`.
        path: Dotted path into the output; None: the whole output.
        expected: Dotted path into the case's expectation, "" for all of it; None: `value` counts.
        options: DeepDiff options of `matches`; `ignore_case` of the text rules.
    """

    kind: str
    negated: bool = False
    value: Any = None
    path: str | None = None
    expected: str | None = None
    options: Mapping[str, Any]

    @property
    def code(self) -> str:
        """The failure code of an output that breaks this rule."""
        if self.kind == "json" and not self.negated:
            return "unparsable"
        name = f"not_{self.kind}" if self.negated else self.kind
        return f"{name}:{self.path}" if self.path else name


def parse_check(name: str, operand: Any, *, load_schema: Callable[[str], Any]) -> Check:
    """Turn one entry of `checks` into a check.

    Args:
        name: The key, such as `not_regex`.
        operand: Its value, already valid by the JSON Schema of `gate.yaml`.
        load_schema: Reads the JSON Schema that a `schema` check names.

    Raises:
        ConfigError: A pattern does not compile; or as `load_schema`.
    """
    negated = name.startswith("not_")
    kind = name.removeprefix("not_")
    if kind in {"json", "refusal"}:
        return Check(kind=kind, negated=negated is bool(operand), options={})
    if kind == "schema":
        return Check(kind=kind, negated=negated, value=load_schema(operand), options={})
    if not isinstance(operand, dict):
        operand = {"value": operand}
    known = {"path", "expected", "value", "values"}
    value = operand.get("value", operand.get("values"))
    if kind == "regex":
        try:
            re.compile(value)
        except re.error as error:
            raise ConfigError(f"{name}: not a regular expression: {error}") from error
    return Check(
        kind=kind,
        negated=negated,
        value=value,
        path=operand.get("path"),
        expected=operand.get("expected", None if {"value", "values"} & set(operand) else ""),
        options={key: option for key, option in operand.items() if key not in known},
    )


def failure_code(
    response: Response, case: Case, checks: Sequence[Check], *, detect_refusals: bool = True
) -> str | None:
    """Name what makes an answer unusable, or None.

    First what the model itself did wrong, then the checks in their order; the first that fails
    names the code.
    """
    output = Output(response.text, refused=response.finish_reason == "refusal")
    by_model = _failure_of_the_model(response, output, checks, detect_refusals=detect_refusals)
    if by_model:
        return by_model
    for check in checks:
        code = run_check(check, output, case)
        if code:
            return code
    return None


def _failure_of_the_model(
    response: Response, output: Output, checks: Sequence[Check], *, detect_refusals: bool
) -> str | None:
    decided = any(check.kind == "refusal" for check in checks)
    if response.finish_reason == "content_filter":
        return "content_filter"
    if output.refused and detect_refusals and not decided:
        return "refusal"
    if response.finish_reason == "length":
        return "truncated"
    if not response.text.strip() and not (output.refused and decided):
        return "empty"
    return None


def run_check(check: Check, output: Output, case: Case) -> str | None:
    """Return the failure code of one check on one output, or None if it holds.

    An output that is not JSON has no fields: a check on one of them fails as `unparsable`. Where
    the field is absent, the check fails, too, negated or not: there is nothing to look at.
    """
    if check.path and output.parsed is ABSENT:
        return "unparsable"
    if check.path and value_at(output.parsed, check.path) is ABSENT:
        return check.code
    holds = _RULES[check.kind](check, output, case)
    return check.code if holds is check.negated else None


def missing_expectation(check: Check, case: Case) -> str | None:
    """Return the path that a check needs and the case's expectation lacks, or None."""
    if check.kind in {"json", "schema", "refusal"} or check.expected is None:
        return None
    if case.expected is not None and value_at(case.expected, check.expected) is not ABSENT:
        return None
    return f"expected.{check.expected}" if check.expected else "expected"


@lru_cache(maxsize=64)
def _validator(schema_text: str) -> Validator:
    from jsonschema.validators import validator_for
    from referencing import Registry

    schema = json.loads(schema_text)
    registry: Registry[Any] = Registry()  # of its own: a `$ref` must never reach the network
    return validator_for(schema)(schema, registry=registry)


def _schema_holds(check: Check, output: Output, _case: Case) -> bool:
    from referencing.exceptions import Unresolvable

    if output.parsed is ABSENT:
        return False
    try:
        return _validator(canonical_json(check.value)).is_valid(output.parsed)
    except Unresolvable as error:
        raise ConfigError(f"schema: {error}", fix="put the definition into the file") from error


def _operand(check: Check, case: Case) -> Any:
    if check.expected is not None:
        return value_at(case.expected, check.expected)
    return check.value


def _matches(check: Check, output: Output, case: Case) -> bool:
    from deepdiff import DeepDiff

    wanted = _operand(check, case)
    found = value_at(output.parsed, check.path)
    if found is ABSENT or wanted is ABSENT:
        return False
    if repr(found) == repr(wanted):  # not `==`: true equals 1, and 1 equals 1.0
        return True
    return not DeepDiff(wanted, found, **check.options)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)


def _subject(check: Check, output: Output) -> str:
    """What a text rule looks at; `run_check` has seen that the field is there."""
    return _as_text(value_at(output.parsed, check.path)) if check.path else output.text


def _text_rule(rule: Callable[[str, str], bool]) -> Callable[[Check, Output, Case], bool]:
    def holds(check: Check, output: Output, case: Case) -> bool:
        subject = _subject(check, output)
        wanted = _operand(check, case)
        for each in wanted if isinstance(wanted, list) else [wanted]:
            text = _as_text(each)
            if check.expected is None:
                scope = {**case.variables, "expected": case.expected}
                text = render(text, scope, where=f"check {check.kind}, case {case.case_id!r}")
            if check.options.get("ignore_case"):
                if rule(subject.casefold(), text.casefold()):
                    return True
            elif rule(subject, text):
                return True
        return False

    return holds


def _regex(check: Check, output: Output, _case: Case) -> bool:
    return re.search(check.value, _subject(check, output)) is not None


def _max_chars(check: Check, output: Output, _case: Case) -> bool:
    return bool(len(_subject(check, output)) <= check.value)


_RULES: dict[str, Callable[[Check, Output, Case], bool]] = {
    "json": lambda _check, output, _case: output.parsed is not ABSENT,
    "schema": _schema_holds,
    "matches": _matches,
    "equals": _text_rule(lambda subject, text: subject.strip() == text.strip()),
    "one_of": _text_rule(lambda subject, text: subject.strip() == text.strip()),
    "contains": _text_rule(lambda subject, text: text in subject),
    "starts_with": _text_rule(lambda subject, text: subject.lstrip().startswith(text)),
    "ends_with": _text_rule(lambda subject, text: subject.rstrip().endswith(text)),
    "regex": _regex,
    "max_chars": _max_chars,
    "refusal": lambda _check, output, _case: output.refused,
}
KINDS = tuple(_RULES)
