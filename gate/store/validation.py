"""One clear error from a JSON Schema: file, line, key, repair."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gate.core.schemas import SCHEMAS
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema import Draft202012Validator, ValidationError


@lru_cache(maxsize=8)
def _validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(SCHEMAS[name])


def validate(value: Any, schema: str, *, where: Callable[[tuple[Any, ...]], str]) -> None:
    """Hold a value against one of the gate's schemas.

    Args:
        value: What was read.
        schema: `config`, `prompt` or `case`.
        where: Gives `file:line` of a path into the value.

    Raises:
        ConfigError: The most telling violation.
    """
    validator = _validator(schema)
    if validator.is_valid(value):
        return
    from jsonschema.exceptions import best_match

    error = best_match(validator.iter_errors(value))
    if error is None:  # pragma: no cover -- an invalid value has an error
        return
    raise _as_config_error(error, where)


def check_schema(schema: Any, where: str) -> None:
    """See that a value that the user wrote is itself a JSON Schema.

    Raises:
        ConfigError: It is not.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise ConfigError(f"{where}: not a JSON Schema: {error.message}") from error


def _as_config_error(
    error: ValidationError, where: Callable[[tuple[Any, ...]], str]
) -> ConfigError:
    path = tuple(error.absolute_path)
    key = ".".join(map(str, path))
    at = f"{where(path)}: {key}" if key else where(path)
    wanted: Any = error.validator_value
    found: Any = error.instance
    match error.validator:
        case "additionalProperties" if isinstance(error.instance, dict):
            return _unknown_key(error, path, where)
        case "required":
            missing = next(name for name in wanted if name not in found)
            return ConfigError(f"{at}: key {missing!r} is missing", fix=f"add {missing!r}: …")
        case "pattern" if path[-1:] == ("expires",):
            return ConfigError(f"{at}: {error.instance!r} is no date", fix="write it as 2026-12-31")
        case "pattern" if path[:1] == ("waivers",):
            return ConfigError(
                f"{at}: {error.instance!r} is no fingerprint",
                fix="the report of a fail tells its 32 digits",
            )
    return ConfigError(f"{at}: {_short(error.instance)} {_plain(error, wanted)}")


def _unknown_key(
    error: ValidationError, path: tuple[Any, ...], where: Callable[[tuple[Any, ...]], str]
) -> ConfigError:
    schema: Any = error.schema
    known = sorted(schema.get("properties", {}))
    found: Any = error.instance
    unknown = next(name for name in found if name not in known)
    full = ".".join(map(str, (*path, unknown)))
    near = get_close_matches(str(unknown), known, n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return ConfigError(f"{where((*path, unknown))}: unknown key {full!r}", fix=fix)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 -- a line's worth


_SENTENCES = {
    "const": "must be {}",
    "enum": "is none of {}",
    "type": "must be of type {}",
    "minItems": "must not be empty",
    "minProperties": "must not be empty",
    "minLength": "must not be empty",
    "maxProperties": "holds more than one check; write each as an item of its own",
    "minimum": "must be at least {}",
    "exclusiveMinimum": "must be more than {}",
    "maximum": "must be at most {}",
    "pattern": "does not match {}",
}


def _plain(error: ValidationError, wanted: Any) -> str:
    sentence = _SENTENCES.get(str(error.validator))
    if sentence is None:
        return f"is not valid here: {error.message}"
    return sentence.format(", ".join(map(str, wanted)) if isinstance(wanted, list) else wanted)
