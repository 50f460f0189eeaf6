"""Whether recorded answers look like what the same prompt answers when it is called again.

If a recording is honest, the recorded trials of a case and those that are called now are draws of
one law: which of them is live is chance, and the within-case permutation test says how likely
it is that the live ones stand so far on one side. It cannot tell a file that was edited from a
vendor that changed since; either way the file is not what this prompt answers today.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, fsum, log
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from gate.core.audited import Audit, AuditTest, Level, WorstCase
from gate.core.estimate import Measured, estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.audited import AuditCase

WORST = 3  # cases that are shown
_LONGEST = 4000  # characters of a text that are compared: the time grows with their square
_FEWEST = 3  # answers of a case, of which the first could be further from the rest than another


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """One value of every trial of some cases, the recorded trials of a case first."""

    metric: str
    unit: str
    cases: Sequence[AuditCase]
    rows: Sequence[Sequence[float]]  # a row a case

    def test(self, alpha: float) -> AuditTest:
        """Test whether it is higher among the live trials, conservatively."""
        sizes = [len(row) for row in self.rows]
        live = [place >= len(case.recorded) for case in self.cases for place in range(_size(case))]
        found = estimate(
            Measured(
                case=np.repeat(np.arange(len(sizes)), sizes),
                is_new=np.array(live, dtype=np.bool_),
                value=np.array([value for row in self.rows for value in row], dtype=np.float64),
                cluster=np.arange(len(sizes)),
                same=np.zeros(len(sizes), dtype=np.bool_),
            ),
            mid_p=False,
        )
        return AuditTest(
            metric=self.metric,
            unit=self.unit,
            cases=found.cases,
            recorded=found.old,
            live=found.new,
            p_value=found.p_value,
            alpha=alpha,
        )

    def levels(self) -> dict[str, Level]:
        """Return the means of each case, by its id."""
        return {
            case.case_id: Level(
                metric=self.metric,
                unit=self.unit,
                recorded=fmean(row[: len(case.recorded)]),
                live=fmean(row[len(case.recorded) :]),
            )
            for case, row in zip(self.cases, self.rows, strict=True)
        }


def audit(cases: Sequence[AuditCase], alpha: float) -> Audit:
    """Test whether recorded answers are plausible.

    Three values of a trial, each one-sided: it fails; what it costs, in USD where that is known
    of every trial and otherwise in tokens, an unknown number counting as 0, since leaving it out
    is a way to look cheap; and the mean distance of its text to the other texts of its case. The
    last is the same function of every trial, whichever is live, so it is exchangeable too.

    The conservative p-value is taken, not the mid-p, and the alpha is divided by the number of
    tests that can be made. So an honest file is rejected at most alpha of the time, whatever the
    cases and however few the trials. Equal answers give a p-value of 1.

    A case whose input is counted otherwise today is named, and does not fail the file: how a
    vendor counts has no error rate, and a worker may count as it likes. Recording a smaller
    number is found by the test of the cost.

    Args:
        cases: Those that were called again; a case without a live answer says nothing.
        alpha: Probability, at most, of rejecting an honest file.

    Source:
        Fisher (1935) for the test; Dunn (1961), JASA 56(293), for dividing alpha.
    """
    answered = [case for case in cases if case.recorded and case.live]
    if not answered:
        return Audit()
    values, not_tested = _values_of(answered)
    share = alpha / len(values)
    tests = tuple(each.test(share) for each in values)
    against = [each for each, test in zip(values, tests, strict=True) if test.is_implausible]
    pairs = [pair for case in answered for pair in zip(case.recorded, case.live, strict=False)]
    passing = [live for recorded, live in pairs if recorded.failure_code is None]
    return Audit(
        tests=tests,
        not_tested=not_tested,
        can_find=can_find([(len(case.recorded), len(case.live)) for case in answered], share),
        passing=len(passing),
        broken=sum(live.failure_code is not None for live in passing),
        worst=_worst(answered, against),
        counted_otherwise=tuple(case for case in answered if _is_counted_otherwise(case)),
    )


def can_find(sizes: Sequence[tuple[int, int]], alpha: float) -> bool:
    """Tell whether a test could reject at all: if every live trial failed and no recorded one.

    Args:
        sizes: Recorded and live trials of each case; the chance of that is the product of
            1 / C(recorded + live, live).
        alpha: Of that test.
    """
    return fsum(log(comb(recorded + live, live)) for recorded, live in sizes) >= -log(alpha)


def _values_of(cases: Sequence[AuditCase]) -> tuple[list[_Values], dict[str, str]]:
    """Return the values that can be tested, and why others cannot."""
    failed = [[float(each.failure_code is not None) for each in case.trials] for case in cases]
    found = [_Values(metric="failures", unit="rate", cases=cases, rows=failed)]
    not_tested = {}
    cost = _cost(cases)
    if cost is None:
        not_tested["cost"] = "the provider reports no tokens"
    else:
        found.append(cost)
    several = [case for case in cases if _size(case) >= _FEWEST]
    if several:
        rows = [outlierness([each.text for each in case.trials]) for case in several]
        found.append(_Values(metric="text", unit="distance", cases=several, rows=rows))
    else:
        not_tested["text"] = "of two answers none is further from the rest"
    return found, not_tested


def _cost(cases: Sequence[AuditCase]) -> _Values | None:
    usd = [[each.cost_usd for each in case.trials] for case in cases]
    known = [[cost for cost in row if cost is not None] for row in usd]
    if known == usd:
        return _Values(metric="cost", unit="usd", cases=cases, rows=known)
    tokens = [[float(each.tokens) for each in case.trials] for case in cases]
    if not any(map(any, tokens)):
        return None
    return _Values(metric="cost", unit="tokens", cases=cases, rows=tokens)


def outlierness(texts: Sequence[str]) -> list[float]:
    """Return the mean distance of each text to the others; at least two texts.

    The distance is that of insertions and deletions over both lengths, in [0, 1], of the first
    4,000 characters. Sums are rounded once, so that equal texts have equal values.
    """
    from rapidfuzz.distance import Indel

    cut = [text[:_LONGEST] for text in texts]
    apart = np.zeros((len(cut), len(cut)))
    for i, text in enumerate(cut):
        for j in range(i):
            apart[i, j] = apart[j, i] = Indel.normalized_distance(text, cut[j])
    return [fsum(row) / (len(cut) - 1) for row in apart.tolist()]


def _size(case: AuditCase) -> int:
    return len(case.recorded) + len(case.live)


def _is_counted_otherwise(case: AuditCase) -> bool:
    then = {each.input_tokens for each in case.recorded}
    return not {each.input_tokens for each in case.live} <= then


def _worst(cases: Sequence[AuditCase], against: Sequence[_Values]) -> tuple[WorstCase, ...]:
    """Choose the cases in which live departs most from recorded, by the tests that found it."""
    levels = [each.levels() for each in against]
    rows = []
    for case in cases:
        mine = tuple(each[case.case_id] for each in levels if case.case_id in each)
        rows.append((fsum(map(_departure, mine)), WorstCase(case=case, levels=mine)))
    rows.sort(key=lambda row: -row[0])
    return tuple(worst for departure, worst in rows[:WORST] if departure > 0)


def _departure(level: Level) -> float:
    """How far live stands above recorded; a cost as a share of the larger of both."""
    rise = level.live - level.recorded
    return rise / max(level.live, level.recorded, 1e-300) if level.metric == "cost" else rise
