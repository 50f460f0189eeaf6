"""What a run found, as values; the rooms of `gate.reports` turn them into text."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.model import Case


class Verdict(str, Enum):
    """The answer of the gate; `incomplete` where it could not look."""

    PASS = "pass"  # noqa: S105 -- no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    INCOMPLETE = "incomplete"


class Outcome(str, Enum):
    """How one case moved."""

    UNCHANGED = "unchanged"
    FIXED = "fixed"
    REGRESSED = "regressed"
    FLAKY = "flaky"
    UNSCORED = "unscored"


class Confirmation(str, Enum):
    """What became of a fail against recordings when old was called again."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"  # the verdict is that of live against live
    UNCONFIRMED = "unconfirmed"  # old could not be called again; the fail stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One metric over all cases or in one segment, with its numbers and its verdict.

    Rates are fractions; `usd` and `tokens` are means a trial; `ms` is the 95th percentile.
    """

    id: str
    metric: str
    segment: str | None
    old: float
    new: float
    change: float
    interval: tuple[float, float] | None  # None for latency: a ratio of percentiles has none yet
    p_value: float
    limit: float
    unit: str  # rate, usd, tokens, ms
    n: int  # cases
    detectable: float | None
    provable: float | None
    trials_needed: int | None
    alpha: float
    verdict: Verdict
    waived: bool = False
    p_adjusted: float | None = None  # by Holm, for all segments of the metric; None: no segment
    cases_needed: int | None = None  # for the limit to be provable, with as many trials each
    quantile: float | None = None  # of a latency: 0.95, or 0.5 where there are few trials
    # A change up to the first passes, one from the second fails; about, since the test of a fail
    # is exact and this is its normal law. None for latency.
    bounds: tuple[float, float] | None = None

    @property
    def allowed(self) -> float:
        """The change that the policy tolerates, as a fraction: `limit` is a ratio but for rates."""
        return self.limit if self.unit == "rate" else self.limit - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs between an old and a new output."""

    path: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One output of a side, and in how many of its trials it came."""

    text: str
    trials: int
    failure_code: str | None = None  # None: usable
    override: float | None = None  # probability in [0, 1]; None: not judged


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """One case that did not stay as it was."""

    case: Case
    outcome: Outcome
    old_trials: int
    new_trials: int
    old_failures: int
    new_failures: int
    failure_code: str | None
    old_output: str | None
    new_output: str | None
    diff: tuple[FieldChange, ...]
    old_answers: tuple[Answer, ...] = ()  # all trials, the commonest answer first
    new_answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookTaken:
    """What one look at the trials saw."""

    trials_old: int
    trials_new: int
    findings: tuple[Finding, ...]  # over all cases, and those of segments that failed in the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Where the trials came from."""

    old_live: int = 0
    new_live: int = 0
    recorded: int = 0
    saved_by_stopping: int = 0
    missing: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSeen:
    """A prompt as the report names it."""

    fingerprint: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideEstimate:
    """An override rate, or the change of one, from the proxy and some labels together."""

    rate: float
    interval: tuple[float, float]  # 95 %
    plain: float  # what the proxy says by itself
    labels: int
    weight: float  # in [0, 1]: how much the proxy counts beside the labels


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideEstimates:
    """What reviewers' labels say of the outputs of this run; the verdict does not use it."""

    source: str  # file of the labels
    old: OverrideEstimate | None  # None: too few labels, or too many lie outside
    new: OverrideEstimate | None
    change: OverrideEstimate | None
    outside: int = 0  # labels of these prompts whose output this run did not give


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteReport:
    """One suite's part of the report."""

    suite: str
    verdict: Verdict | None  # None: not affected
    cases: int
    trials_old: int
    trials_new: int
    prompt_old: PromptSeen | None = None
    prompt_new: PromptSeen | None = None
    findings: tuple[Finding, ...] = ()
    not_measured: Mapping[str, str] = field(default_factory=dict)  # metric: reason
    small_segments: tuple[str, ...] = ()  # too few trials to fail by themselves
    confirmation: Confirmation | None = None  # None: nothing was to be confirmed
    missing_p_value: float | None = None  # two-sided, that both sides lose as many trials
    failure_codes_old: Mapping[str, int] = field(default_factory=dict)
    failure_codes_new: Mapping[str, int] = field(default_factory=dict)
    cases_changed: tuple[CaseChange, ...] = ()
    calls: Calls = field(default_factory=Calls)
    cost_usd: float | None = None
    stopped_early: bool = False
    unchanged: tuple[str, ...] = ()  # ids of the cases that stayed as they were
    not_asked: tuple[str, ...] = ()  # ids; the run stopped before
    looks: tuple[LookTaken, ...] = ()  # in their order; the last one gave the verdict
    override_estimates: OverrideEstimates | None = None  # None: no labels of these outputs

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that fail and that no waiver lets through."""
        return tuple(
            each for each in self.findings if each.verdict is Verdict.FAIL and not each.waived
        )

    @property
    def cases_not_asked(self) -> int:
        """How many cases the run did not come to before it stopped."""
        return len(self.not_asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRules:
    """What the rules that a change edits would say of it; they count once they are merged."""

    verdict: Verdict
    exit_code: int
    suites: Mapping[str, Verdict]  # those whose own rules are others than the base's


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole run."""

    verdict: Verdict
    exit_code: int
    owner: str
    policy_source: str
    alpha: float
    suites: tuple[SuiteReport, ...]
    notes: tuple[str, ...] = ()
    waivers: tuple[Mapping[str, Any], ...] = ()
    duration_s: float = 0.0
    explain_flags: str = ""  # what `gate explain` needs to look at the same two prompts
    folder: str = ""  # of the project in its repository, for the paths of cases
    own_rules: OwnRules | None = None  # None: the change edits none that bear on this verdict
