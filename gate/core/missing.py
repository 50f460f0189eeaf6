"""Could the trials that are missing change the verdict?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.findings import RATES, find
from gate.core.report import Verdict
from gate.core.score import Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.policy import Policy
    from gate.core.score import ScoredCase

_FAILED = Score(
    failure_code="missing", override=1.0, cost_usd=None, tokens=None, latency_ms=None, text=""
)
_USABLE = replace(_FAILED, failure_code=None, override=0.0)


def missing_could_decide(scored: Sequence[ScoredCase], policy: Policy) -> bool:
    """Impute the missing trials both ways and compare.

    Once as if every missing new trial had failed and every missing old one had not, once the
    other way round. A case without a trial on one side counts with its imputed ones.

    Returns:
        Whether the two worlds disagree about any finding, overall or in a segment.
    """
    if not any(each.old_missing or each.new_missing for each in scored):
        return False
    worlds = []
    for old, new in ((_USABLE, _FAILED), (_FAILED, _USABLE)):
        imputed = [_impute(each, old, new) for each in scored]
        found, _ = find(imputed, policy, among=RATES)
        worlds.append({(one.id, one.segment) for one in found if one.verdict is Verdict.FAIL})
    return worlds[0] != worlds[1]


def _impute(each: ScoredCase, old: Score, new: Score) -> ScoredCase:
    return replace(
        each,
        old=each.old + (old,) * each.old_missing,
        new=each.new + (new,) * each.new_missing,
    )
