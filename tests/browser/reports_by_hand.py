"""Reports for the page: one that fails, hostile ones, and large ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unit.reports.conftest import Builder

from gate.core.model import Case
from gate.core.report import (
    Answer,
    CaseChange,
    FieldChange,
    Finding,
    LookTaken,
    Outcome,
    PromptSeen,
    Report,
    SuiteReport,
    Verdict,
)

_BUILD = Builder()
OLD = '{"queue": "billing", "reply": "We refund you within five days."}'
OTHER = '{"queue": "billing", "reply": "You get the money back."}'
NEW = '{"queue": "billing", "reply": "We will not refund you within 5 days."}'


def finding(**keys: Any) -> Finding:
    return _BUILD.finding(**{"bounds": (-0.01, 0.03), **keys})


def case(case_id: str, **keys: Any) -> CaseChange:
    segment = keys.pop("segment", {"channel": "email"})
    is_new = keys.pop("is_new", False)
    return replace(
        CaseChange(
            case=Case(
                case_id=case_id,
                input={"message": f"Where is the money of {case_id}?"},
                expected={"queue": "billing"},
                segment=segment,
                is_new=is_new,
                path="fixtures/cases.jsonl",
                line=17,
            ),
            outcome=Outcome.REGRESSED,
            old_trials=10,
            new_trials=3,
            old_failures=1,
            new_failures=3,
            failure_code="schema",
            old_output=OLD,
            new_output=NEW,
            diff=(FieldChange(path="queue", old="billing", new="other"),),
            old_answers=(
                Answer(text=OTHER, trials=6, override=0.1),
                Answer(text=OLD, trials=4, override=0.2),
            ),
            new_answers=(Answer(text=NEW, trials=3, failure_code="schema", override=0.9),),
        ),
        **keys,
    )


def suite(*changed: CaseChange, **keys: Any) -> SuiteReport:
    findings = (
        finding(),
        finding(segment="channel=email", old=0.05, new=0.15, change=0.1, limit=0.05),
        finding(
            segment="channel=chat", old=0.02, new=0.01, change=-0.01,
            interval=(-0.03, 0.01), limit=0.05, verdict=Verdict.PASS, p_value=0.9,
        ),
        finding(
            id="cost-rise", metric="cost", unit="tokens", old=100.0, new=130.0, change=0.3,
            interval=(0.2, 0.4), limit=1.1, verdict=Verdict.INCONCLUSIVE,
        ),
    )  # fmt: skip
    looks = tuple(
        LookTaken(
            trials_old=trials * 3,
            trials_new=trials,
            findings=(finding(change=change, interval=(change - 0.04, change + 0.04)),),
        )
        for trials, change in ((200, 0.02), (400, 0.05), (600, 0.061))
    )
    own = {"cases_changed": changed, "stopped_early": True, "looks": looks}
    return _BUILD.suite(*findings, **{**own, **keys})


def report(*suites: SuiteReport, **keys: Any) -> Report:
    own = {
        "notes": ("the override proxy is uncalibrated",),
        "duration_s": 12.3,
        "explain_flags": "--base 'a b'",
        "folder": "app/",
    }
    return _BUILD.report(*(suites or (mixed_suite(),)), **{**own, **keys})


def mixed_suite(**keys: Any) -> SuiteReport:
    """Four cases, each another by outcome, segment and code."""
    return suite(
        case("t-017"),
        case("t-018", failure_code="truncated", segment={"channel": "chat", "language": "de"}),
        case("t-019", outcome=Outcome.FLAKY, segment={"channel": "email", "language": "de"}),
        case("t-020", outcome=Outcome.FIXED, failure_code=None, is_new=True, new_failures=0),
        **keys,
    )


def hostile(text: str) -> Report:
    """A report with the text in every place that others fill."""
    change = case(
        f"t{text}",
        segment={f"k{text}": text},
        failure_code=text,
        old_output=text,
        new_output=f"x {text}",
        diff=(FieldChange(path=text, old=text, new=f"y {text}"),),
        old_answers=(Answer(text=text, trials=10, failure_code=text),),
        new_answers=(Answer(text=f"x {text}", trials=3, failure_code=text, override=0.5),),
    )
    change = replace(
        change,
        case=replace(
            change.case, input={text: text}, expected=text, path=text.replace("\0", ""), line=1
        ),
    )
    seen = finding(segment=text)
    attacked = suite(
        change,
        suite=text,
        findings=(finding(), seen),
        looks=tuple(
            LookTaken(trials_old=trials, trials_new=trials, findings=(finding(), seen))
            for trials in (1, 2)
        ),
        failure_codes_old={text: 1},
        failure_codes_new={f"z{text}": 2},
        prompt_old=PromptSeen(fingerprint="f0", model=text),
        prompt_new=PromptSeen(fingerprint="f1", model=f"m{text}"),
        not_measured={"latency_p95": text},
        small_segments=(text,),
    )
    return report(
        attacked,
        replace(attacked, suite="other"),
        owner=text,
        policy_source=text,
        notes=(text,),
        waivers=({"finding": text, text: "owner"},),
        explain_flags=text,
        folder="",
    )


def large(count: int) -> Report:
    """Many cases, some of each outcome."""
    outcomes = (Outcome.REGRESSED, Outcome.FIXED, Outcome.FLAKY, Outcome.UNSCORED)
    changed = [case(f"t-{place:05}", outcome=outcomes[place % 4]) for place in range(count)]
    return report(suite(*changed, cases=count))
