"""One suite as the page shows it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.report import Outcome, Verdict
from gate.reports.page.bars import Codes, codes
from gate.reports.page.dumbbells import Dumbbells, dumbbells
from gate.reports.page.forest import Forest, forests
from gate.reports.page.links import case_link, outcome_link
from gate.reports.page.looks import Paths, paths
from gate.reports.safe_text import visible_name
from gate.reports.sentences import remarks
from gate.reports.worst import regressed_cases

if TYPE_CHECKING:
    from gate.core.report import SuiteReport

_REMARKS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How many cases moved in one way."""

    outcome: str
    count: int
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteView:
    """One suite, drawn."""

    anchor: str
    title: str
    state: str  # a verdict, or "not affected"
    is_judged: bool
    is_first_sight: bool  # the run ended before it could judge
    facts: tuple[tuple[str, str], ...]
    moved: tuple[Moved, ...]
    worst: tuple[str, str] | None  # a case that regressed, and its link
    stayed: str  # the other cases, in words
    forests: tuple[Forest, ...]
    segments: tuple[Dumbbells, ...]
    codes: Codes
    paths: Paths | None
    remarks: tuple[str, ...]


def suite_view(suite: SuiteReport, place: int) -> SuiteView:
    """Draw one suite.

    Args:
        suite: What a run found.
        place: In the report, from 1.
    """
    return SuiteView(
        anchor=f"suite-{place}",
        title=visible_name(suite.suite),
        state=suite.verdict.value if suite.verdict else "not affected",
        is_judged=suite.verdict is not None,
        is_first_sight=suite.verdict is Verdict.INCOMPLETE,
        facts=tuple(_facts(suite)),
        moved=tuple(_moved(suite)),
        worst=_worst(suite),
        stayed=_stayed(suite),
        forests=forests(suite),
        segments=dumbbells(suite),
        codes=codes(suite),
        paths=paths(suite),
        remarks=tuple(remarks(suite)[:_REMARKS]),
    )


def _moved(suite: SuiteReport) -> list[Moved]:
    moved = Counter(change.outcome for change in suite.cases_changed)
    return [
        Moved(outcome=each.value, count=moved[each], link=outcome_link(each.value, suite))
        for each in (Outcome.REGRESSED, Outcome.FLAKY, Outcome.FIXED, Outcome.UNSCORED)
        if moved[each]
    ]


def _worst(suite: SuiteReport) -> tuple[str, str] | None:
    regressed = regressed_cases(suite)
    if not regressed:
        return None
    case_id = regressed[0].case.case_id
    return visible_name(case_id), case_link(case_id, suite)


def _stayed(suite: SuiteReport) -> str:
    """Say what became of the other cases."""
    stayed = suite.cases - len(suite.cases_changed) - suite.cases_not_asked
    if suite.verdict is Verdict.INCOMPLETE and not suite.cases_changed:
        return "no change was seen so far"
    if not suite.cases_changed and not suite.cases_not_asked:
        return "all cases unchanged"
    asked = f", {suite.cases_not_asked} not asked" if suite.cases_not_asked else ""
    return f"{stayed} unchanged{asked}"


def _facts(suite: SuiteReport) -> list[tuple[str, str]]:
    """List what the suite took; what is 0 says nothing."""
    calls = suite.calls
    told = [
        ("cases", suite.cases),
        ("old trials", suite.trials_old),
        ("new trials", suite.trials_new),
        ("calls, old", calls.old_live),
        ("calls, new", calls.new_live),
        ("recorded answers", calls.recorded),
        ("calls saved by stopping", calls.saved_by_stopping),
        ("missing answers", calls.missing),
        ("retries", calls.retries),
        ("cases not asked", suite.cases_not_asked),
    ]
    facts = [(label, str(count)) for label, count in told if count]
    if suite.cost_usd is not None:
        facts.append(("cost", f"{suite.cost_usd:.4f} USD"))
    if suite.confirmation is not None:
        facts.append(("confirmation", suite.confirmation.value.replace("_", " ")))
    return [*_models(suite), *facts]


def _models(suite: SuiteReport) -> list[tuple[str, str]]:
    old = visible_name(suite.prompt_old.model) if suite.prompt_old else ""
    new = visible_name(suite.prompt_new.model) if suite.prompt_new else ""
    if old == new:
        return [("model", new)] if new else []
    return [(label, model) for label, model in (("old model", old), ("new model", new)) if model]
