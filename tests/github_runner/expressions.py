"""The few expressions that this repository's action uses, evaluated as GitHub does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_CONDITION = re.compile(r"([\w.-]+)\s*(==|!=)\s*'([^']*)'")


def filled(text: str, contexts: Mapping[str, str]) -> str:
    """Return a text with each `${{ … }}` replaced by what it names.

    Raises:
        KeyError: It names something that the runner does not know: the test must learn it.
    """
    return _EXPRESSION.sub(lambda found: _named(found[1].strip(), contexts), text)


def holds(condition: str, contexts: Mapping[str, str], *, has_failed: bool) -> bool:
    """Tell whether an `if:` of the form `name == 'text'`, or several with `&&`, holds.

    It is skipped after a step that failed, unless it says `!cancelled() &&`.
    """
    inner = condition.strip().removeprefix("${{").removesuffix("}}").strip()
    text = inner.removeprefix("!cancelled() && ")
    if has_failed and text == inner:
        return False
    return all(_holds(each.strip(), contexts) for each in text.split("&&"))


def _holds(condition: str, contexts: Mapping[str, str]) -> bool:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise KeyError(condition)
    name, operator, value = found.groups()
    return (_named(name, contexts) == value) is (operator == "==")


def _named(name: str, contexts: Mapping[str, str]) -> str:
    # An output that no step has set is empty; whatever else is not known is a mistake.
    if re.fullmatch(r"steps\.[\w-]+\.outputs\.[\w-]+", name):
        return contexts.get(name, "")
    return contexts[name]
