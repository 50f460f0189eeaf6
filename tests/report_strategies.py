"""Any report, for Hypothesis: valid by the schema, though its parts need not fit each other."""

from __future__ import annotations

from hypothesis import strategies as st

from gate.core.model import Case
from gate.core.policy import FINDING_IDS
from gate.core.report import (
    Answer,
    Calls,
    CaseChange,
    Confirmation,
    FieldChange,
    Finding,
    LookTaken,
    Outcome,
    OverrideEstimate,
    OverrideEstimates,
    OwnRules,
    PromptSeen,
    Report,
    SuiteReport,
    Verdict,
)

TEXT = st.text(st.characters(), max_size=9)
RATE = st.floats(0, 1)
COUNT = st.integers(0, 10**15)
ONE_OR_MORE = st.integers(1, 10**15)
IDS = st.sampled_from(list(FINDING_IDS))
METRICS = st.sampled_from(list(FINDING_IDS.values()))
UNITS = st.sampled_from(("rate", "usd", "tokens", "ms"))
MAYBE = st.none() | RATE
NAMES = st.lists(TEXT, max_size=2).map(tuple)
PAIR = st.none() | st.tuples(RATE, RATE)
JSON = (
    st.none() | st.booleans() | st.integers() | TEXT | st.lists(TEXT) | st.dictionaries(TEXT, TEXT)
)
COUNTS = st.dictionaries(TEXT, st.integers(0, 9), max_size=3)
FINDINGS = st.builds(
    Finding, id=IDS, metric=METRICS,
    segment=st.none() | TEXT, old=RATE, new=RATE, change=RATE,
    interval=PAIR, p_value=RATE, limit=RATE, unit=UNITS, n=COUNT, detectable=MAYBE,
    provable=MAYBE, trials_needed=st.none() | ONE_OR_MORE, alpha=RATE,
    verdict=st.sampled_from(list(Verdict)[:3]), waived=st.booleans(), p_adjusted=MAYBE,
    cases_needed=st.none() | ONE_OR_MORE, quantile=MAYBE, bounds=PAIR,
)  # fmt: skip
ANSWERS = st.lists(st.builds(
    Answer, text=TEXT, trials=ONE_OR_MORE, failure_code=st.none() | TEXT, override=MAYBE
), max_size=2).map(tuple)  # fmt: skip
CASES = st.builds(
    Case, case_id=TEXT, input=JSON, expected=JSON, segment=st.dictionaries(TEXT, TEXT, max_size=2),
    is_new=st.booleans(), path=TEXT, line=COUNT,
)  # fmt: skip
CHANGES = st.builds(
    CaseChange, case=CASES, outcome=st.sampled_from(list(Outcome)[1:]), old_trials=COUNT,
    new_trials=COUNT, old_failures=COUNT, new_failures=COUNT,
    failure_code=st.none() | TEXT, old_output=st.none() | TEXT, new_output=st.none() | TEXT,
    diff=st.lists(st.builds(FieldChange, path=TEXT, old=JSON, new=JSON), max_size=2).map(tuple),
    old_answers=ANSWERS, new_answers=ANSWERS,
)  # fmt: skip
PROMPTS = st.none() | st.builds(PromptSeen, fingerprint=TEXT, model=TEXT)
ESTIMATES = st.none() | st.builds(
    OverrideEstimate, rate=RATE, interval=st.tuples(RATE, RATE), plain=RATE, labels=COUNT,
    weight=RATE,
)  # fmt: skip
SUITES = st.builds(
    SuiteReport, suite=TEXT, verdict=st.none() | st.sampled_from(Verdict), cases=COUNT,
    trials_old=COUNT, trials_new=COUNT, prompt_old=PROMPTS, prompt_new=PROMPTS,
    findings=st.lists(FINDINGS, max_size=2).map(tuple), not_measured=st.dictionaries(TEXT, TEXT),
    small_segments=NAMES,
    confirmation=st.none() | st.sampled_from(Confirmation), missing_p_value=MAYBE,
    failure_codes_old=COUNTS, failure_codes_new=COUNTS,
    cases_changed=st.lists(CHANGES, max_size=2).map(tuple),
    calls=st.builds(Calls, old_live=COUNT, retries=COUNT),
    cost_usd=MAYBE, stopped_early=st.booleans(),
    unchanged=NAMES, not_asked=NAMES,
    looks=st.lists(st.builds(
        LookTaken, trials_old=COUNT, trials_new=COUNT,
        findings=st.lists(FINDINGS, max_size=1).map(tuple),
    ), max_size=2).map(tuple),
    override_estimates=st.none() | st.builds(
        OverrideEstimates, source=TEXT, outside=COUNT, old=ESTIMATES, new=ESTIMATES,
        change=ESTIMATES,
    ),
)  # fmt: skip
REPORTS = st.builds(
    Report, verdict=st.sampled_from(Verdict), exit_code=st.sampled_from((0, 1, 3, 4)), owner=TEXT,
    policy_source=TEXT, alpha=RATE, suites=st.lists(SUITES, max_size=2).map(tuple),
    notes=NAMES, duration_s=st.integers(0, 9).map(float),
    explain_flags=TEXT, folder=TEXT,
    own_rules=st.none() | st.builds(
        OwnRules, verdict=st.sampled_from(Verdict), exit_code=st.sampled_from((0, 1, 3, 4)),
        suites=st.dictionaries(TEXT, st.sampled_from(Verdict), max_size=2),
    ),
)  # fmt: skip
