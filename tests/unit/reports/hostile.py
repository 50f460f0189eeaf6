"""A report with a text in every place that others fill."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.report import Answer, FieldChange, LookTaken, Outcome

if TYPE_CHECKING:
    from conftest import Builder

    from gate.core.report import Report

LONG = 500  # characters of a text in places that nobody fills with more


def hostile(build: Builder, text: str) -> Report:
    """Fill ids, tags, codes, outputs, inputs, names, notes and flags with a text."""
    short = text[:LONG]
    change = build.case(
        f"t{short}",
        segment={f"k{short}": text},
        failure_code=text,
        old_output=text,
        new_output=f"y {text}",
        diff=(FieldChange(path=text, old=text, new=f"y {text}"),),
        old_answers=(Answer(text=text, trials=3),),
        new_answers=(Answer(text=f"y {text}", trials=3, failure_code=text),),
    )
    case = replace(change.case, input={text: text}, expected={text: text}, path=text, line=7)
    change = replace(change, case=case)
    others = tuple(replace(change, outcome=each) for each in (Outcome.FLAKY, Outcome.UNSCORED))
    finding = build.finding(segment=text)
    suite = build.suite(
        build.finding(),
        finding,
        suite=text,
        cases_changed=(change, *others),
        unchanged=(f"u{short}",),
        not_asked=(f"n{short}",),
        failure_codes_new={text: 1},
        small_segments=(text,),
        not_measured={"cost": text},
        looks=tuple(LookTaken(trials_old=n, trials_new=n, findings=(finding,)) for n in (1, 2)),
    )
    return build.report(
        suite,
        notes=(text,),
        owner=text,
        policy_source=text,
        explain_flags=text,
        folder=f"f{short}/",
        waivers=({"finding": text, "reason": text},),
    )
