"""An audit for a terminal: the verdict with its cause, the tests, and what speaks against."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gate.reports import numbers
from gate.reports.safe_text import visible, visible_name

if TYPE_CHECKING:
    from gate.core.audited import AuditCase, AuditReport, AuditTest, AuditTrial, WorstCase

_HEADERS = ["value", "cases", "recorded", "live", "p", "alpha", "verdict"]
_SHOWN = 400  # characters of one answer
_NOTE = 400


def render(report: AuditReport) -> str:
    """Return the audit of one suite, no line of which acts or hides."""
    lines = [_headline(report), "", _chosen(report), _table(report.audit.tests)]
    lines += [
        f"{metric}: not tested, {visible(reason)}"
        for metric, reason in report.audit.not_tested.items()
    ]
    lines += _counted_otherwise(report)
    lines += [f"note: {visible(note, longest=_NOTE)}" for note in report.notes]
    for worst in report.audit.worst:
        lines += ["", *_case(worst)]
    return "\n".join([*lines, "", _took(report), *_next(report)]) + "\n"


def _headline(report: AuditReport) -> str:
    name, found = visible_name(report.suite), report.audit.implausible
    if not found:
        least = min(report.audit.tests, key=lambda each: each.p_value)
        return (
            f"PLAUSIBLE: suite {name}: nothing tells {_answers(report)} called again from the "
            f"recorded ones (least p {numbers.p_value_told(least.p_value)}, "
            f"implausible from {least.alpha:.4f})"
        )
    causes = "; ".join(f"{_cause(report, each)} ({_p(each)})" for each in found)
    return f"IMPLAUSIBLE: suite {name}: {causes}"


def _answers(report: AuditReport) -> str:
    return f"{report.chosen - report.missing} answers"


def _p(test: AuditTest) -> str:
    return f"p {numbers.p_value_told(test.p_value)}"


def _cause(report: AuditReport, test: AuditTest) -> str:
    live, recorded = _level(test.live, test.unit), _level(test.recorded, test.unit)
    match test.metric:
        case "failures":
            return (
                f"{report.audit.broken} of {report.audit.passing} recorded answers that pass fail "
                "when called again"
            )
        case "cost":
            return f"answers called again take {live}, the recorded ones say {recorded}"
    return (
        f"answers called again read otherwise than the recorded ones (distance to the others "
        f"{live}, recorded {recorded})"
    )


def _chosen(report: AuditReport) -> str:
    seed = report.seed
    return (
        f"{report.chosen} of {report.recorded} recorded answers called again, in "
        f"{report.chosen_cases} of {report.recorded_cases} cases, chosen by seed {seed} "
        f"(--seed {seed} chooses the same)"
    )


def _level(value: float, unit: str) -> str:
    return f"{value:.3f}" if unit == "distance" else numbers.level(value, unit)


def _table(tests: tuple[AuditTest, ...]) -> str:
    from tabulate import tabulate

    rows = [
        [
            each.metric,
            str(each.cases),
            _level(each.recorded, each.unit),
            _level(each.live, each.unit),
            numbers.p_value(each.p_value),
            f"{each.alpha:.4f}",
            "implausible" if each.is_implausible else "plausible",
        ]
        for each in tests
    ]
    aligned = ("left", *["right"] * 5, "left")
    return tabulate(rows, headers=_HEADERS, disable_numparse=True, colalign=aligned)


def _counted_otherwise(report: AuditReport) -> list[str]:
    found = report.audit.counted_otherwise
    if not found:
        return []
    first = found[0]
    return [
        f"note: {len(found)} of {report.chosen_cases} requests are counted otherwise today, the "
        f"first of case {visible_name(first.case_id)} ({_counts(first.live)} input tokens, "
        f"recorded {_counts(first.recorded)}): the recordings are of another request, or the "
        "provider counts otherwise"
    ]


def _counts(trials: tuple[AuditTrial, ...]) -> str:
    counts = sorted({-1 if each.input_tokens is None else each.input_tokens for each in trials})
    told = " or ".join("unknown" if count < 0 else str(count) for count in counts[:3])
    return told if len(counts) <= 3 else f"{told} or others"  # noqa: PLR2004 -- as many are told


def _case(worst: WorstCase) -> list[str]:
    case = worst.case
    levels = ", ".join(
        f"{each.metric} {_level(each.recorded, each.unit)} recorded, "
        f"{_level(each.live, each.unit)} live"
        for each in worst.levels
    )
    recorded, live = _most_telling(case)
    return [
        f"case {visible_name(case.case_id)}: {levels}",
        f"  recorded, {_verdict(recorded)}: {visible(recorded.text, longest=_SHOWN)}",
        f"  live, {_verdict(live)}: {visible(live.text, longest=_SHOWN)}",
    ]


def _most_telling(case: AuditCase) -> tuple[AuditTrial, AuditTrial]:
    """Choose a recorded answer that passes and a live one that fails, where there are such."""
    return (
        min(case.recorded, key=lambda each: each.failure_code is not None),
        min(case.live, key=lambda each: each.failure_code is None),
    )


def _verdict(trial: AuditTrial) -> str:
    if trial.failure_code is None:
        return "passes"
    return f"fails ({visible_name(trial.failure_code)})"


def _took(report: AuditReport) -> str:
    line = f"{report.calls} calls"
    line += f" and {report.retries} retries" if report.retries else ""
    line += f", {report.missing} answers missing" if report.missing else ""
    return line + (f", {report.cost_usd:.4f} USD" if report.cost_usd else "")


def _next(report: AuditReport) -> list[str]:
    if not report.audit.implausible:
        return []
    return [
        f"the file was edited, or the model changed since {visible_name(report.recorded_at)}; "
        "a new baseline settles both",
        f"next: gate refresh {shlex.quote(visible_name(report.suite))}, by someone who holds the "
        "key",
    ]
