"""One suite from plan to report, with the confirmation of a fail against recordings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.core.metrics import NOT_SIDE_BY_SIDE
from gate.core.report import Confirmation, SuiteReport, Verdict
from gate.errors import GateError, IncompleteError
from gate.flow.asking import Asking, Source, make_plan
from gate.flow.confirming import confirmation_note, unconfirmed, with_calls_of
from gate.flow.estimating import estimates
from gate.flow.gather import Options, gather
from gate.flow.gathered import recorded
from gate.flow.judge import SuiteJudge
from gate.flow.judging import seat_bench
from gate.flow.looking import Unjudged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.model import Trial
    from gate.core.policy import Policy
    from gate.core.score import ScoredCase
    from gate.core.shard import Shard
    from gate.core.waivers import Waivers
    from gate.flow.brought import Brought
    from gate.flow.change import SuiteChange
    from gate.flow.gather import Tools
    from gate.flow.gathered import Answers, Gathered, Pending
    from gate.flow.judging import Bench
    from gate.flow.looking import Judge

    Begun = tuple[Gathered, Pending]

FRESH_S = 12 * 3600.0  # an answer this young counts as today's: a killed run goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How the suites of a run are judged."""

    repeats: int | None = None  # of the new side; None: the suite's own
    all_calls: bool = False  # no early stopping
    gathering: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """What became of one suite."""

    report: SuiteReport
    found: tuple[Gathered, ...]  # the first gathering, and the one that confirmed it
    notes: tuple[str, ...] = ()
    scored: tuple[ScoredCase, ...] = ()  # what the last look saw
    bench: Bench | None = None  # the judge that was asked


class Runner:
    """Judges suites by one policy, with one budget of calls."""

    def __init__(
        self, *, policy: Policy, waivers: Waivers, tools: Tools, options: RunOptions, now: float
    ) -> None:
        """Take the policy of the ref that is trusted, and the time in seconds since the epoch."""
        self._policy = policy
        self._waivers = waivers
        self._tools = tools
        self._options = options
        self._now = now
        self._limits = options.gathering.limits  # what is left for the next gathering

    def check(self, change: SuiteChange, brought: Brought | None = None) -> SuiteRun:
        """Judge new against old, and confirm a fail against recordings live.

        Args:
            change: The suite.
            brought: What shards were answered; then nothing is called but for a confirmation.

        Raises:
            IncompleteError: The trials could not be gathered.
            ConfigError: A template fails; a key or package that a provider needs is missing.
        """
        asking = self._asking(change)
        begun = self._begin(change, asking, brought, (brought or self._tools.recordings,))
        found, pending = begun
        if brought is not None:
            brought.see_it_fits(found)
        if found.plan.is_unchanged:
            return _unchanged(change, found)
        if brought is not None:
            brought.see_it_whole(change.suite.name, pending)
        run = self._run(change, begun)
        if brought is not None and self._may_be_mended(run, brought):
            run = self._mended(change, asking, brought)
        if self._hangs_on_recordings(run):
            run = self._confirmed(change, asking, run, brought)
        return run if brought is None else replace(run, report=brought.told_in(run.report))

    def replay(self, change: SuiteChange, shard: Shard) -> tuple[Gathered, frozenset[str]]:
        """Gather the trials of a shard's cases, all of them, and judge none.

        Returns:
            What was gathered, and the ids of the shard's cases.

        Raises:
            IncompleteError: As `check`; a budget is spent.
            ConfigError: As `check`.
        """
        found, pending = self._begin(change, replace(self._asking(change), all_calls=True))
        wanted = () if found.plan.is_unchanged else found.plan.wanted
        held = shard.part_of(each.case.case_id for each in wanted)
        mine = {key: group for key, group in pending.items() if group[0].case.case_id in held}
        self._gather(change, found, mine, Unjudged())
        if not found.is_decided:
            raise IncompleteError(
                f"shard {shard}, suite {change.suite.name!r}: {found.tally.budget_spent}",
                fix="run it again: what was answered is recorded",
            )
        return found, held

    def _may_be_mended(self, run: SuiteRun, brought: Brought) -> bool:
        """Tell whether what shards lost leaves the verdict open, and can be called again."""
        is_open = run.report.verdict is Verdict.INCOMPLETE and bool(brought.missing)
        return is_open and not self._options.gathering.offline

    def _mended(self, change: SuiteChange, asking: Asking, brought: Brought) -> SuiteRun:
        """Call what the shards lost, as a run that is started again does."""
        found = replace(brought, missing={})
        begun = self._begin(change, asking, found, (brought, self._tools.recordings))
        run = self._run(change, begun)
        note = (
            f"suite {change.suite.name}: {len(brought.missing)} answers that the shards had lost "
            "were wanted again"
        )
        return replace(run, notes=(*run.notes, note))

    def drift(self, change: SuiteChange) -> SuiteRun:
        """Judge today's answers against the baseline of the same prompt.

        Raises:
            IncompleteError: As `check`.
            ConfigError: As `check`.
        """
        today = Source(baseline=False, again=True, since=self._now - FRESH_S)
        asking = replace(self._asking(change), new=today, is_drift=True)
        return self._run(change, self._begin(change, asking))

    def _asking(self, change: SuiteChange) -> Asking:
        return Asking(
            new=Source(baseline=self._policy.counts_author),
            repeats=self._options.repeats or change.suite.repeats.new,
            seed=self._options.gathering.limits.seed,
            by=self._policy.segments_by,
            all_calls=self._options.all_calls,
        )

    def _begin(
        self,
        change: SuiteChange,
        asking: Asking,
        brought: Brought | None = None,
        stores: Sequence[Answers] = (),
    ) -> Begun:
        sources = {"old": asking.old, "new": asking.new}
        stores = stores or (self._tools.recordings,)
        return recorded(make_plan(change, asking), stores, sources, brought)

    def _gather(
        self,
        change: SuiteChange,
        found: Gathered,
        pending: Pending,
        judge: Judge,
        *,
        purpose: str = "",
    ) -> None:
        options = replace(self._options.gathering, limits=self._limits, purpose=purpose)
        try:
            gather(change, found, pending, self._tools, options, judge)
        finally:
            self._limits = self._limits.after(found.tally)

    def _run(self, change: SuiteChange, begun: Begun, *, is_confirming: bool = False) -> SuiteRun:
        found, pending = begun
        plan = found.plan
        # Known beforehand, so that a metric that cannot be measured takes no alpha.
        timed = not is_confirming and not all(
            plan.is_recorded(case.case_id) for case in plan.cases if not case.is_new
        )
        policy = self._policy if timed else self._policy.untimed()
        waived = self._waivers.holding(change.new.prompt.fingerprint)
        options = replace(self._options.gathering, limits=self._limits)
        bench = seat_bench(change, self._tools.project, options)
        judge = SuiteJudge(change, policy, waived, bench)
        purpose = "confirming the fail" if is_confirming else ""
        self._gather(change, found, pending, judge, purpose=purpose)
        report = judge.report(found)
        notes = bench.notes() if bench else ()
        if bench is not None and bench.cost_usd:
            report = replace(report, cost_usd=(report.cost_usd or 0.0) + bench.cost_usd)
        if change.labels is not None:
            found_rates = estimates(change, judge.scored, change.labels)
            report = replace(report, override_estimates=found_rates)
        if policy != self._policy:
            reasons = {**report.not_measured, "latency_p95": NOT_SIDE_BY_SIDE}
            report = replace(report, not_measured=reasons)
        return SuiteRun(
            report=report, found=(found,), notes=notes, scored=tuple(judge.scored), bench=bench
        )

    def _hangs_on_recordings(self, run: SuiteRun) -> bool:
        """Tell whether a fail comes from answers of old that were not given today.

        Where latency fails, the calls were made side by side, and there is nothing to confirm.
        """
        found = run.found[0]
        is_recorded = any(
            trial.source == "baseline" or self._is_stale(trial)
            for case_id, trials in found.trials["old"].items()
            if case_id not in found.plan.same
            for trial in trials
        )
        return (
            run.report.verdict is Verdict.FAIL
            and is_recorded
            and all(each.metric != "latency_p95" for each in run.report.failed)
        )

    def _is_stale(self, trial: Trial) -> bool:
        """Tell whether a recorded answer is too old to stand for today's; offline all do."""
        if self._options.gathering.offline or trial.response is None:
            return False
        return trial.response.received_at < self._now - FRESH_S

    def _confirmed(
        self, change: SuiteChange, asking: Asking, run: SuiteRun, brought: Brought | None
    ) -> SuiteRun:
        """Call old again, complete new, and let the fail stand only live against live.

        An unlucky or stale baseline would otherwise fail every change. The looks go on where the
        first gathering stopped. Where old cannot be called, the fail stands and says so.
        """
        (first,) = run.found
        offline = self._options.gathering.offline
        since = 0.0 if offline else self._now - FRESH_S
        again = replace(
            asking,
            old=Source(baseline=False, again=True, since=since),
            new=Source(baseline=False, since=since),
            looks_from=first.plan.ends[first.look] - 1,
        )
        name = change.suite.name
        known = (brought,) if brought else ()
        begun = self._begin(change, again, stores=(*known, self._tools.recordings))
        found, _ = begun
        try:
            second = self._run(change, begun, is_confirming=True)
            report = second.report
        except GateError as error:
            return unconfirmed(run, found, f"suite {name}: the fail is unconfirmed: {error}")
        if report.verdict is Verdict.INCOMPLETE:
            reason = found.tally.budget_spent or "too many answers are missing"
            return unconfirmed(run, found, f"suite {name}: the fail is unconfirmed: {reason}")
        stands = report.verdict is Verdict.FAIL
        return SuiteRun(
            report=replace(
                with_calls_of(first, report),
                confirmation=Confirmation.CONFIRMED if stands else Confirmation.NOT_CONFIRMED,
            ),
            found=(first, found),
            notes=(
                *run.notes,
                *second.notes,
                confirmation_note(name, run.report, stands=stands),
            ),
            scored=second.scored,
            bench=second.bench,
        )


def _unchanged(change: SuiteChange, found: Gathered) -> SuiteRun:
    """Report a suite whose prompt changed, and none of whose requests did."""
    name = change.suite.name
    report = SuiteReport(suite=name, verdict=None, cases=0, trials_old=0, trials_new=0)
    note = f"suite {name}: the prompt changed, and no case's request did: nothing to judge"
    return SuiteRun(report=report, found=(found,), notes=(note,))
