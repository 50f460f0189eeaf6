"""One output, read as text and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from gate.core.paths import ABSENT
from gate.core.refusal import is_refusal


class Output:
    """One output text, parsed as JSON at most once."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        self.text = text
        self.refused = refused or is_refusal(text)  # by the vendor's word or by its own
        self._parsed: Any = None
        self._tried = False

    @property
    def parsed(self) -> Any:
        """The JSON value of the whole text, or `ABSENT`."""
        if not self._tried:
            self._tried = True
            self._parsed = parse_json(self.text)
        return self._parsed


def parse_json(text: str) -> Any:
    """Return the value of a JSON text, or `ABSENT`; NaN, Infinity and 1e999 are not JSON."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    def finite(digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            refuse(digits)
        return number

    try:
        return json.loads(text, parse_constant=refuse, parse_float=finite)
    except (ValueError, RecursionError):
        return ABSENT
