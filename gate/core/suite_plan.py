"""What a check of one suite would ask for, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.core.forecast import Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitePlan:
    """What a check of one suite would ask for, and what it could tell."""

    suite: str
    is_affected: bool  # False: what a change of its prompt would lead to
    cases: int
    repeats: int  # new trials a case
    calls_old: int
    calls_new: int
    known: int  # trials that the baseline and the recordings hold
    confirming: int  # calls more, at most, if the verdict is a fail against recordings
    cost_usd: float | None  # of the calls; None: no price or no token counts are known
    is_priced: bool  # whether the prompts say what a token costs
    forecasts: tuple[Forecast, ...]
