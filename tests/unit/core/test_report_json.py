from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gate.core.model import Case
from gate.core.report import (
    Answer,
    Calls,
    CaseChange,
    Confirmation,
    FieldChange,
    Finding,
    LookTaken,
    Outcome,
    PromptSeen,
    Report,
    SuiteReport,
    Verdict,
)
from gate.core.report_json import as_value, report_of

TEXT = st.text(st.characters(), max_size=9)
RATE = st.floats(0, 1)
MAYBE = st.none() | RATE
NAMES = st.lists(TEXT, max_size=2).map(tuple)
PAIR = st.none() | st.tuples(RATE, RATE)
JSON = (
    st.none() | st.booleans() | st.integers() | TEXT | st.lists(TEXT) | st.dictionaries(TEXT, TEXT)
)
COUNTS = st.dictionaries(TEXT, st.integers(0, 9), max_size=3)
FINDINGS = st.builds(
    Finding, id=TEXT, metric=TEXT, segment=st.none() | TEXT, old=RATE, new=RATE, change=RATE,
    interval=PAIR, p_value=RATE, limit=RATE, unit=TEXT, n=st.integers(0), detectable=MAYBE,
    provable=MAYBE, trials_needed=st.none() | st.integers(1), alpha=RATE,
    verdict=st.sampled_from(Verdict), waived=st.booleans(), p_adjusted=MAYBE,
    cases_needed=st.none() | st.integers(1), quantile=MAYBE, bounds=PAIR,
)  # fmt: skip
ANSWERS = st.lists(st.builds(
    Answer, text=TEXT, trials=st.integers(1), failure_code=st.none() | TEXT, override=MAYBE
), max_size=2).map(tuple)  # fmt: skip
CASES = st.builds(
    Case, case_id=TEXT, input=JSON, expected=JSON, segment=st.dictionaries(TEXT, TEXT, max_size=2),
    is_new=st.booleans(), path=TEXT, line=st.integers(0),
)  # fmt: skip
CHANGES = st.builds(
    CaseChange, case=CASES, outcome=st.sampled_from(Outcome), old_trials=st.integers(0),
    new_trials=st.integers(0), old_failures=st.integers(0), new_failures=st.integers(0),
    failure_code=st.none() | TEXT, old_output=st.none() | TEXT, new_output=st.none() | TEXT,
    diff=st.lists(st.builds(FieldChange, path=TEXT, old=JSON, new=JSON), max_size=2).map(tuple),
    old_answers=ANSWERS, new_answers=ANSWERS,
)  # fmt: skip
PROMPTS = st.none() | st.builds(PromptSeen, fingerprint=TEXT, model=TEXT)
SUITES = st.builds(
    SuiteReport, suite=TEXT, verdict=st.none() | st.sampled_from(Verdict), cases=st.integers(0),
    trials_old=st.integers(0), trials_new=st.integers(0), prompt_old=PROMPTS, prompt_new=PROMPTS,
    findings=st.lists(FINDINGS, max_size=2).map(tuple), not_measured=st.dictionaries(TEXT, TEXT),
    small_segments=NAMES,
    confirmation=st.none() | st.sampled_from(Confirmation), missing_p_value=MAYBE,
    failure_codes_old=COUNTS, failure_codes_new=COUNTS,
    cases_changed=st.lists(CHANGES, max_size=2).map(tuple),
    calls=st.builds(Calls, old_live=st.integers(0), retries=st.integers(0)),
    cost_usd=MAYBE, stopped_early=st.booleans(),
    unchanged=NAMES, not_asked=NAMES,
    looks=st.lists(st.builds(
        LookTaken, trials_old=st.integers(0), trials_new=st.integers(0),
        findings=st.lists(FINDINGS, max_size=1).map(tuple),
    ), max_size=2).map(tuple),
)  # fmt: skip
REPORTS = st.builds(
    Report, verdict=st.sampled_from(Verdict), exit_code=st.integers(0, 4), owner=TEXT,
    policy_source=TEXT, alpha=RATE, suites=st.lists(SUITES, max_size=2).map(tuple),
    notes=NAMES, duration_s=st.integers(0, 9).map(float),
    explain_flags=TEXT, folder=TEXT,
)  # fmt: skip


@given(REPORTS)
def test_what_is_written_reads_back_equal(report: Report) -> None:
    text = json.dumps(as_value(report))
    again = report_of(json.loads(text))
    assert again == report
    # Where a case stands is left out of its equality.
    for suite, other in zip(report.suites, again.suites, strict=True):
        for one, two in zip(suite.cases_changed, other.cases_changed, strict=True):
            assert (one.case.path, one.case.line) == (two.case.path, two.case.line)


def test_a_waiver_is_told_with_all_its_keys() -> None:
    waiver = {"finding": "cost-rise", "owner": "me"}
    report = Report(
        verdict=Verdict.PASS, exit_code=0, owner="", policy_source="", alpha=0.05, suites=(),
        waivers=(waiver,),
    )  # fmt: skip
    assert as_value(report)["waivers"] == [waiver]
    assert report_of(as_value(report)) == report
