"""Rendering a prompt's templates for a case, and telling one prompt from another."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gate.core.canonical import digest
from gate.core.model import Message, Request
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment

    from gate.core.model import Case, Prompt


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )


@lru_cache(maxsize=4096)
def _template(source: str) -> Template:
    return _environment().from_string(source)


def render(source: str, variables: Mapping[str, Any], *, where: str) -> str:
    """Render one template in the sandbox.

    Args:
        source: Jinja2 text; text without `{{` and `{%` is returned as it is.
        variables: What the template may name.
        where: What the template belongs to, for the error.

    Raises:
        ConfigError: A variable is undefined, the syntax is wrong, or the sandbox refuses.
    """
    if "{" not in source:
        return source
    from jinja2 import TemplateError

    try:
        return _template(source).render(variables)
    except TemplateError as error:
        known = ", ".join(sorted(variables)) or "none"
        raise ConfigError(
            f"{where}: {error.message}", fix=f"variables of this case: {known}"
        ) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ConfigError(f"{where}: the template fails: {error}") from error


def request_for(prompt: Prompt, case: Case) -> Request:
    """Render a prompt for a case.

    Returns:
        The request; its digest covers model, parameters, rendered messages, response format,
        the prompt's own `baseUrl`, and what a worker or weights file is made of.

    Raises:
        ConfigError: As `render`.
    """
    where = f"{prompt.path}: case {case.case_id!r}"
    messages = tuple(
        Message(role=message.role, content=render(message.content, case.variables, where=where))
        for message in prompt.messages
    )
    given = case.input if prompt.provider == "command" else None
    identity = {
        "model": prompt.model,
        "parameters": dict(prompt.parameters),
        "messages": [[message.role, message.content] for message in messages],
        "response_format": prompt.response_format,
        "json_schema": prompt.json_schema,
        "base_url": prompt.base_url,
        "code": prompt.code,
        "input": given,
    }
    return Request(
        model=prompt.model,
        parameters=prompt.parameters,
        messages=messages,
        response_format=prompt.response_format,
        json_schema=prompt.json_schema,
        base_url=prompt.base_url,
        input=given,
        digest=digest(identity),
    )


def fingerprint_of(document: Mapping[str, Any], code: str) -> str:
    """Return the fingerprint of a prompt file's content.

    What cannot change an answer is left out: `name`, `description`, `price`, and the cases and
    checks that live in the file.
    """
    silent = {"name", "description", "price", "testData", "evaluators"}
    kept = {key: value for key, value in document.items() if key not in silent}
    return digest({"prompt": kept, "code": code})
