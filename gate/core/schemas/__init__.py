"""The JSON Schemas of the files that users touch; `gate schema` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.core.schemas.case import CASE
from gate.core.schemas.config import CONFIG
from gate.core.schemas.override import OVERRIDE
from gate.core.schemas.prompt import PROMPT
from gate.core.schemas.report import REPORT

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "config": CONFIG,
    "prompt": PROMPT,
    "case": CASE,
    "report": REPORT,
    "override": OVERRIDE,
}
