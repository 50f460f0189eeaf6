"""One case in full: its input, what old and new answered, what differs, which check failed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from gate.core.canonical import canonical_json
from gate.core.outcomes import answers, changes, outcome_of
from gate.core.report import FieldChange
from gate.reports.diff_lines import diff_lines
from gate.reports.paint import Paint
from gate.reports.safe_text import visible, visible_lines

if TYPE_CHECKING:
    from gate.core.report import Answer
    from gate.core.score import ScoredCase
    from gate.reports.medium import Medium

_WIDE = 80  # columns from which old and new stand side by side
_FIELDS = 100
_SHOWN = 2000  # characters of one field
_BETWEEN = " │ "


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one side asked."""

    prompt_path: str
    model: str
    messages: tuple[tuple[str, str], ...]  # role and rendered content of each


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCase:
    """A case with what both sides asked and were answered."""

    suite: str
    scored: ScoredCase
    old: Asked
    new: Asked
    flags: str = ""  # that name old and new to `gate check` as well


def render(seen: OneCase, medium: Medium) -> str:
    """Return the case for a terminal, side by side where it is wide enough."""
    case = seen.scored.case
    lines = [
        f"suite {visible(seen.suite)}, case {visible(case.case_id)}: "
        f"{outcome_of(seen.scored).value}"
    ]
    if case.segment:
        tags = " ".join(f"{tag}={value}" for tag, value in case.segment.items())
        lines.append(f"segment: {visible(tags)}")
    if case.line:
        lines.append(f"stands at: {visible(case.path)}:{case.line}")
    lines += [f"expected: {visible(canonical_json(case.expected))}", "", "input:"]
    for name, value in case.variables.items():
        text = value if isinstance(value, str) else canonical_json(value)
        lines += [f"  {visible(name)}: {line}" for line in visible_lines(text)]
    paint = Paint(is_coloured=medium.is_coloured)
    lines += _asked_differently(seen, paint)
    words = ["--all-calls", "--case", shlex.quote(visible(case.case_id)), visible(seen.flags)]
    hint = f"gate check {' '.join(filter(None, words))}"
    old = _side("old", seen.old, answers(seen.scored.old), hint)
    new = _side("new", seen.new, answers(seen.scored.new), hint)
    if medium.width is not None and medium.width >= _WIDE:
        lines += ["", *_beside(old, new, medium.width)]
    else:
        lines += ["", *old, "", *new]
    return "\n".join(lines + _diff(seen.scored, paint)) + "\n"


def _asked_differently(seen: OneCase, paint: Paint) -> list[str]:
    """Show the messages that the change touches, by their words."""
    pairs = zip_longest(seen.old.messages, seen.new.messages, fillvalue=("", ""))
    changed = [
        FieldChange(path=f"{old_role or new_role} message", old=old, new=new)
        for (old_role, old), (new_role, new) in pairs
        if (old_role, old) != (new_role, new)
    ]
    if not changed:
        return []
    lines = diff_lines(changed, longest=_SHOWN, most=_FIELDS, marks=paint.marks)
    return ["", "asked differently:", *(f"  {paint.line(line)}" for line in lines)]


def _side(name: str, asked: Asked, given: tuple[Answer, ...], hint: str) -> list[str]:
    role, message = asked.messages[-1]
    lines = [
        f"{name}: {visible(asked.prompt_path)}, {visible(asked.model)}",
        f"  last message ({visible(role)}):",
        *(f"    {line}" for line in visible_lines(message)),
    ]
    total = sum(answer.trials for answer in given)
    for answer in given:
        override = "not judged" if answer.override is None else f"{answer.override:.2f}"
        verdict = f"fails: {visible(answer.failure_code)}" if answer.failure_code else "usable"
        lines.append(f"  {answer.trials} of {total} trials, {verdict}, override {override}:")
        lines += [f"    {line}" for line in visible_lines(answer.text)]
    return lines if given else [*lines, f"  no recorded answer; run: {hint}"]


def _beside(old: list[str], new: list[str], width: int) -> list[str]:
    column = (width - len(_BETWEEN)) // 2
    sides = ([part for line in side for part in _broken(line, column)] for side in (old, new))
    return [
        f"{left:<{column}}{_BETWEEN}{right}".rstrip()
        for left, right in zip_longest(*sides, fillvalue="")
    ]


def _broken(line: str, width: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return wrap(line, width, subsequent_indent=indent, drop_whitespace=False) or [""]


def _diff(scored: ScoredCase, paint: Paint) -> list[str]:
    found = [each for change in changes([scored]) for each in change.diff]
    if not found:
        return []
    lines = diff_lines(found, longest=_SHOWN, most=_FIELDS, marks=paint.marks)
    return ["", "differs:", *(f"  {paint.line(line)}" for line in lines)]
