"""How each case moved, and what differs between its old and its new output."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gate.core.output import parse_json
from gate.core.paths import ABSENT
from gate.core.report import Answer, CaseChange, FieldChange, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.score import Score, ScoredCase


def outcome_of(scored: ScoredCase) -> Outcome:  # noqa: PLR0911 -- a table
    """Decide by table how a case moved; an unscored side is never a pass.

    A side is steady when all its trials agree on usable or not.
    """
    match _steady(scored.old), _steady(scored.new):
        case (None, _) | (_, None):
            return Outcome.UNSCORED
        case (True, True) | (False, False):
            return Outcome.UNCHANGED
        case (True, False):
            return Outcome.REGRESSED
        case (False, True):
            return Outcome.FIXED
    old, new = failure_share(scored.old), failure_share(scored.new)
    if new > old and new > 0.5:  # noqa: PLR2004 -- most new trials fail
        return Outcome.REGRESSED
    if new < old and old > 0.5:  # noqa: PLR2004 -- most old trials failed
        return Outcome.FIXED
    return Outcome.FLAKY


def _steady(scores: Sequence[Score]) -> bool | str | None:
    if not scores:
        return None
    usable = {not score.failed for score in scores}
    return usable.pop() if len(usable) == 1 else "flaky"


def failure_share(scores: Sequence[Score]) -> float:
    """Fraction of failed trials; 0 where there is none."""
    return sum(score.failed for score in scores) / max(1, len(scores))


def changes(scored: Sequence[ScoredCase]) -> tuple[CaseChange, ...]:
    """List the cases that did not stay as they were, the worst first."""
    outcomes = ((each, outcome_of(each)) for each in scored)
    found = [_change(each, how) for each, how in outcomes if how is not Outcome.UNCHANGED]
    order = list(Outcome)[::-1]

    def badness(change: CaseChange) -> tuple[int, float, int, str]:
        rise = change.new_failures / max(1, change.new_trials) - change.old_failures / max(
            1, change.old_trials
        )
        rank = 0 if change.outcome is Outcome.REGRESSED else 1 + order.index(change.outcome)
        # Of equal rises the one that more trials show comes first.
        return rank, -rise, -min(change.old_trials, change.new_trials), change.case.case_id

    return tuple(sorted(found, key=badness))


def _change(scored: ScoredCase, outcome: Outcome) -> CaseChange:
    fixed = outcome is Outcome.FIXED
    old, new = _typical(scored.old, failed=fixed), _typical(scored.new, failed=not fixed)
    codes = Counter(score.failure_code for score in scored.new if score.failure_code)
    return CaseChange(
        case=scored.case,
        outcome=outcome,
        old_trials=len(scored.old),
        new_trials=len(scored.new),
        old_failures=sum(score.failed for score in scored.old),
        new_failures=sum(score.failed for score in scored.new),
        failure_code=codes.most_common(1)[0][0] if codes else None,
        old_output=old,
        new_output=new,
        diff=field_changes(old, new),
        old_answers=answers(scored.old),
        new_answers=answers(scored.new),
    )


def unchanged(scored: Sequence[ScoredCase]) -> tuple[str, ...]:
    """List the ids of the cases that stayed as they were."""
    return tuple(each.case.case_id for each in scored if outcome_of(each) is Outcome.UNCHANGED)


def answers(scores: Sequence[Score]) -> tuple[Answer, ...]:
    """Put a side's equal answers together, the commonest first."""
    alike = Counter((score.text, score.failure_code, score.override) for score in scores)
    return tuple(
        Answer(text=text, trials=trials, failure_code=code, override=override)
        for (text, code, override), trials in alike.most_common()
    )


def _typical(scores: Sequence[Score], *, failed: bool) -> str | None:
    """The commonest output, of the failed or of the usable trials where there are such."""
    chosen = [score for score in scores if score.failed is failed] or list(scores)
    counts = Counter(score.text for score in chosen)
    return counts.most_common(1)[0][0] if counts else None


def field_changes(old: str | None, new: str | None) -> tuple[FieldChange, ...]:
    """Tell two outputs apart, field by field where both are JSON objects."""
    if old is None or new is None or old == new:
        return ()
    old_json, new_json = parse_json(old), parse_json(new)
    if not (isinstance(old_json, dict) and isinstance(new_json, dict)):
        return (FieldChange(path="", old=old, new=new),)
    return tuple(_walk("", old_json, new_json))


def _walk(path: str, old: Any, new: Any) -> list[FieldChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        found = []
        for key in keys:
            inner = f"{path}.{key}" if path else str(key)
            found += _walk(inner, old.get(key, ABSENT), new.get(key, ABSENT))
        return found
    if old == new and type(old) is type(new):
        return []
    return [FieldChange(path=path, old=_shown(old), new=_shown(new))]


def _shown(value: Any) -> Any:
    return None if value is ABSENT else value


def failure_codes(scored: Sequence[ScoredCase]) -> tuple[dict[str, int], dict[str, int]]:
    """Count the failure codes of old and of new, the commonest first."""
    old: Counter[str] = Counter()
    new: Counter[str] = Counter()
    for each in scored:
        old.update(score.failure_code for score in each.old if score.failure_code)
        new.update(score.failure_code for score in each.new if score.failure_code)
    return dict(old.most_common()), dict(new.most_common())
