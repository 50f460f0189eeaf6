"""The review threshold and the judge of a calibration, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.reports import numbers
from gate.reports.safe_text import visible, visible_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.calibration_report import JudgeSeen
    from gate.core.kappa import Agreement
    from gate.core.override_file import ReviewRule
    from gate.core.review import Reviewed
    from gate.core.review_choice import ReviewChoice


def review_lines(review: ReviewChoice) -> list[str]:
    """Return the threshold before and after, over all and by segment, and what becomes of it."""
    limits, lines = review.limits, []
    lines.append(
        f"review threshold: at most {limits.max_miss * 100:g} % of the overridden outputs unseen, "
        f"with {limits.confidence * 100:g} % confidence"
    )
    rows = [_reviewed("current", _scores(review.current), review.counted.before)]
    if not review.current.threshold and not review.current.segments:
        rows = [["current", "all", f"{review.counted.before.accepted} (all)", "none"]]
    if review.tuned is not None and review.counted.after is not None:
        rows.append(_reviewed("tuned", _scores(review.tuned), review.counted.after))
        for name, each in review.segments.items():
            at = review.tuned.segments.get(name, review.tuned.threshold)
            told = visible_name(name)
            before = review.current.segments.get(name, review.current.threshold)
            if before:
                rows.append(_reviewed(f"  {told}, current", _at(before), each.before))
            if each.after is not None:
                rows.append(_reviewed(f"  {told}, tuned", _at(at), each.after))
    headers = ["", "score from", "accepted, to a human", "overridden, unseen"]
    lines += aligned(rows, headers)
    if review.tuned is not None and review.tuned.segments:
        lines.append(f"without a segment that has its own: from {_at(review.tuned.threshold)} on")
    lines.append(f"{'adopted' if review.adopted else 'not adopted'}: {visible(review.reason)}")
    return lines


def _scores(rule: ReviewRule) -> str:
    return "by segment" if rule.segments else _at(rule.threshold)


def _at(threshold: float) -> str:
    return f"{threshold:.4f}"


def _reviewed(name: str, at: str, found: Reviewed) -> list[str]:
    return [
        name,
        at,
        _counted(found.false_positives, found.accepted, found.false_positive_interval),
        _counted(found.misses, found.overridden, found.miss_interval),
    ]


def _counted(some: int, of: int, interval: tuple[float, float]) -> str:
    share = f"{some / of * 100:.1f} %, " if of else ""
    return f"{some} of {of} ({share}{interval[0] * 100:.1f} to {interval[1] * 100:.1f} %)"


def judge_lines(judge: JudgeSeen, humans: Agreement | None) -> list[str]:
    """Return how well a judge agrees with the reviewers, and whether it may decide alone."""
    lines = [f"judge {visible_name(judge.model)}: {kappa_told(judge.agreement)} with the reviewers"]
    lines.append(
        "reviewers with each other: "
        + (kappa_told(humans) if humans else "not known, no output was decided by two")
    )
    lines += [
        f"  {visible_name(name)}: {kappa_told(each)}" for name, each in judge.segments.items()
    ]
    if judge.bias is not None:
        lines.append(
            f"shown in both orders, it says the same of {judge.bias.consistent * 100:.0f} % of "
            f"{judge.bias.pairs} pairs; the first whatever the order {judge.bias.first} times, the "
            f"second {judge.bias.second} times (p {numbers.p_value_told(judge.bias.p_value)})"
        )
    if judge.missing:
        lines.append(f"{judge.missing} labels have no answer of the judge")
    lines.append(
        f"it may not decide alone: {judge.alone}" if judge.alone else "it may decide alone"
    )
    return lines


def kappa_told(found: Agreement | None) -> str:
    """Write an agreement in words."""
    if found is None or found.kappa is None:
        return "no kappa: only one decision was ever made"
    told = f"kappa {round(found.kappa, 2) + 0.0:.2f}"
    if found.interval is not None:
        told += f" ({found.interval[0]:.2f} to {found.interval[1]:.2f})"
    return f"{told}, agreed on {found.agreed * 100:.0f} %"


def aligned(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> list[str]:
    """Return the lines of a table, its numbers to the right."""
    from tabulate import tabulate

    sides = ("left", *["right"] * (len(headers) - 1))
    return tabulate(rows, headers=headers, disable_numparse=True, colalign=sides).splitlines()
