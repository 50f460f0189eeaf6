"""What opening a case shows: its input, what was expected, and every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.core.report import Answer
from gate.reports.diff_lines import as_text
from gate.reports.page.case_rows import JSON, PageCase
from gate.reports.page.packed import Packed
from gate.reports.page.shown import lines
from gate.reports.safe_text import LONGEST, visible_name
from gate.reports.sentences import explain_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.core.report import CaseChange, FieldChange, Report

_MOST = 100  # answers of a side, fields of an output or of an input
# The first cases are the worst. Where not all texts fit, those of the first are whole while this
# share of the room is taken; then so many characters of each, while that share is.
_WHOLE = 0.75
_LADDER = ((400, 0.9), (100, 0.98))


def packed_texts(report: Report, cases: Sequence[PageCase], most: int) -> tuple[str, int]:
    """Pack the texts of cases, a line a case.

    Args:
        report: Whose cases they are.
        cases: In the order of the table.
        most: Characters that they may take.

    Returns:
        The packed texts, and how many cases have theirs whole. If not all have, those that come
        later have them cut, and the last ones may have none.
    """
    packed = Packed(most)
    kept, whole = packed, 0
    for count, each in enumerate(cases):
        if kept is packed and not packed.is_within(_WHOLE):
            kept, whole = packed.copy(), count
        if not packed.add(_line(report, each, LONGEST)):
            return _cut_texts(report, cases[whole:], kept), whole
    return packed.text(), len(cases)


def _cut_texts(report: Report, cases: Sequence[PageCase], packed: Packed) -> str:
    """Pack the texts of the cases that are left, shorter and shorter."""
    rung = 0
    for each in cases:
        while rung < len(_LADDER):
            longest, share = _LADDER[rung]
            if packed.is_within(share) and packed.add(_line(report, each, longest)):
                break
            rung += 1
    return packed.text()


def _line(report: Report, each: PageCase, longest: int) -> str:
    change = each.change
    texts: dict[str, int] = {}  # equal texts of a case are sent once

    def place(text: str) -> int:
        return texts.setdefault(text, len(texts))

    old = _answers(change.old_answers, change.old_output, change.old_trials)
    new = _answers(change.new_answers, change.new_output, change.new_trials)
    value: dict[str, Any] = {
        "where": _where(report, change),
        "input": _fields(change.case.input, longest),
        "expected": [] if change.case.expected is None else _fields(change.case.expected, longest),
        "fields": [_field(field, longest, place) for field in _told_fields(change)],
        "old": [_answer(answer, longest, place) for answer in old[:_MOST]],
        "new": [_answer(answer, longest, place) for answer in new[:_MOST]],
        "first": [_first(old, change.old_output), _first(new, change.new_output)],
        "more": [_beyond(old), _beyond(new), _beyond(change.diff)],
        "cut": longest if longest < LONGEST else 0,
        "texts": list(texts),
    }
    # With one prompt on both sides, `gate explain` has nothing to hold against each other.
    if each.suite.prompt_old != each.suite.prompt_new:
        value["command"] = explain_command(report, each.suite, change) or None
    return JSON.encode(value)


def _where(report: Report, change: CaseChange) -> str:
    case = change.case
    if not case.path:
        return ""
    path = visible_name(f"{report.folder}{case.path}")
    return f"{path}:{case.line}" if case.line else path


def _answers(answers: Sequence[Answer], output: str | None, trials: int) -> Sequence[Answer]:
    """List the answers of a side; a report of an older version has but the commonest."""
    if answers or output is None:
        return answers
    return (Answer(text=output, trials=trials),)


def _answer(answer: Answer, longest: int, place: Callable[[str], int]) -> list[Any]:
    code = visible_name(answer.failure_code) if answer.failure_code else ""
    return [place(lines(answer.text, longest=longest)), answer.trials, code, answer.override]


def _first(answers: Sequence[Answer], output: str | None) -> int:
    """Find the answer that the report shows for the side."""
    return next((at for at, each in enumerate(answers[:_MOST]) if each.text == output), 0)


def _told_fields(change: CaseChange) -> Sequence[FieldChange]:
    """List the fields that differ; where no field has a name, the outputs say it all."""
    return [each for each in change.diff[:_MOST] if each.path]


def _field(field: FieldChange, longest: int, place: Callable[[str], int]) -> list[Any]:
    sides = (lines(as_text(value), longest=longest) for value in (field.old, field.new))
    return [visible_name(field.path), *(place(side) for side in sides)]


def _fields(value: Any, longest: int) -> list[list[str]]:
    """Write an input or an expectation, field by field where it has any."""
    fields = list(value.items())[:_MOST] if isinstance(value, dict) else [("", value)]
    return [[visible_name(key), lines(as_text(each), longest=longest)] for key, each in fields]


def _beyond(values: Sequence[Any]) -> int:
    return max(0, len(values) - _MOST)
