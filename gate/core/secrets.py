"""Does a text carry a secret of the environment?"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)S?(?:_|$)", re.IGNORECASE)
SHORTEST = 8  # characters; shorter values occur in innocent text


class Secrets:
    """The environment's secrets in every form in which they could be written down.

    Plain, JSON-escaped, URL-encoded, and base64 at each of the three alignments.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._forms: dict[str, str] = {}
        for name, value in environment.items():
            if _NAMES.search(name) and len(value.strip()) >= SHORTEST:
                self._forms.update(dict.fromkeys(_forms(value.strip()), name))

    def found_in(self, text: str) -> str | None:
        """Return the name of a variable whose value occurs in the text, or None."""
        return next((name for form, name in self._forms.items() if form in text), None)


def _forms(value: str) -> set[str]:
    forms = {value, quote(value, safe=""), quote_plus(value)}
    forms |= {json.dumps(value, ensure_ascii=escaped)[1:-1] for escaped in (True, False)}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + value.encode()).decode().rstrip("=")
        # The first characters mix with what stands before, the last with what follows.
        inner = encoded[(shift * 4 + 2) // 3 : len(encoded) - 1]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms
