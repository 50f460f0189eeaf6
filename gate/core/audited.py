"""Recorded answers beside those of today, and what an audit found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gate.core.checks import failure_code
from gate.core.cost import cost_usd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.model import Case, Price, Response
    from gate.core.score import Rules

_MOST = 2**53  # that a number of 64 bits tells from its neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrial:
    """One answer to a request, recorded or live."""

    text: str
    failure_code: str | None = None  # None: usable
    cost_usd: float | None = None  # None: not known, of tokens too
    input_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def tokens(self) -> int:
        """All tokens that it says it took."""
        return (self.input_tokens or 0) + (self.output_tokens or 0)


def audit_trial(response: Response, case: Case, rules: Rules, price: Price | None) -> AuditTrial:
    """Score one answer by the rules of its suite.

    What is no number of tokens or USD, as an edited file may hold, is not known.
    """
    counted = replace(
        response,
        input_tokens=_count(response.input_tokens),
        output_tokens=_count(response.output_tokens),
        cost_usd=_amount(response.cost_usd),
    )
    return AuditTrial(
        text=response.text,
        failure_code=failure_code(
            response, case, rules.checks, detect_refusals=rules.detect_refusals
        ),
        cost_usd=cost_usd(counted, price),
        input_tokens=counted.input_tokens,
        output_tokens=counted.output_tokens,
    )


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < _MOST else None


def _amount(value: Any) -> float | None:
    return float(value) if type(value) in {int, float} and 0 <= value < _MOST else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCase:
    """One case: all answers that are recorded, and those that came when it was called again."""

    case_id: str
    recorded: tuple[AuditTrial, ...]
    live: tuple[AuditTrial, ...]

    @property
    def trials(self) -> tuple[AuditTrial, ...]:
        """All of them, the recorded ones first."""
        return self.recorded + self.live


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTest:
    """One value of the trials, held against chance.

    The levels are means over cases of the mean over a case's trials.
    """

    metric: str  # failures, cost or text
    unit: str  # rate, usd, tokens, or distance: in [0, 1], of a text to the others of its case
    cases: int
    recorded: float
    live: float
    p_value: float  # one-sided: live is worse, dearer, further from the rest
    alpha: float  # this test's share

    @property
    def is_implausible(self) -> bool:
        """Whether honest recordings differ so much less often than `alpha`."""
        return not self.p_value > self.alpha  # what is no number must not pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One value of one case."""

    metric: str
    unit: str
    recorded: float
    live: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstCase:
    """A case that speaks against its recording, in the values whose tests found it implausible."""

    case: AuditCase
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What the answers that were called again say about the recorded ones."""

    tests: tuple[AuditTest, ...] = ()
    not_tested: Mapping[str, str] = field(default_factory=dict)  # reason by metric
    can_find: bool = False  # answers as bad as can be would have been found
    passing: int = 0  # recorded answers that pass, of those that were called again
    broken: int = 0  # of these, the ones that fail when called again
    worst: tuple[WorstCase, ...] = ()
    counted_otherwise: tuple[AuditCase, ...] = ()  # whose input has another count of tokens today

    @property
    def implausible(self) -> tuple[AuditTest, ...]:
        """The tests that tell live from recorded, in their order."""
        return tuple(each for each in self.tests if each.is_implausible)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """An audit of one suite, and what it took."""

    suite: str
    audit: Audit
    seed: int  # of the choice
    chosen: int  # trials that were called again
    chosen_cases: int
    recorded: int  # trials that the baseline holds of this prompt
    recorded_cases: int
    recorded_at: str  # what the baseline says, ISO 8601
    calls: int  # attempts, retries included
    retries: int
    missing: int  # trials that were not answered: neither for nor against the recording
    cost_usd: float
    notes: tuple[str, ...] = ()
