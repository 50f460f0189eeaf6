"""From gathered trials to a suite's judgement and its report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.blindness import both_ways
from gate.core.columns import columns_of
from gate.core.judgement import judge_columns
from gate.core.outcomes import changes, failure_codes, unchanged
from gate.core.report import Calls, LookTaken, PromptSeen, SuiteReport, Verdict
from gate.core.score import reference_of, score_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.core.columns import Columns
    from gate.core.judgement import Judged as JudgedSuite
    from gate.core.judgement import Waived
    from gate.core.model import Case, Trial
    from gate.core.policy import Policy
    from gate.core.report import Finding
    from gate.core.score import Judged, ScoredCase
    from gate.flow.change import Side, SuiteChange
    from gate.flow.gathered import Gathered
    from gate.flow.judging import Bench, Question


def score(
    change: SuiteChange,
    case: Case,
    old: Sequence[Trial],
    new: Sequence[Trial],
    *,
    is_same: bool,
    judged: Judged | None = None,
) -> ScoredCase:
    """Score the trials of one case by the rules of its suite."""
    before, after = change.old.prompt, change.new.prompt
    # A change may not make the same model look cheaper than the base says it is.
    same_model = before.model == after.model and before.price is not None
    return score_case(
        case,
        old,
        new,
        rules=change.suite.rules,
        prices=(before.price, before.price if same_model else after.price),
        approved=_approved(change, case),
        is_same=is_same,
        judged=judged,
    )


def _approved(change: SuiteChange, case: Case) -> Sequence[str]:
    return change.old.baseline.outputs_of(case.case_id) if change.old.baseline else ()


def outputs_of(
    change: SuiteChange, case: Case, old: Sequence[Trial], new: Sequence[Trial]
) -> Iterator[Question]:
    """Yield the answers of a case, each with the approved one beside it."""
    reference = reference_of(case, old, _approved(change, case))
    for trial in (*old, *new):
        if trial.response is not None:
            yield case, trial.response.text, reference


class SuiteJudge:
    """Judges one suite, look after look, and keeps what the last look found."""

    def __init__(
        self, change: SuiteChange, policy: Policy, waived: Waived, bench: Bench | None = None
    ) -> None:
        """Take the policy of the ref that is trusted, and the fails that it lets through.

        Args:
            change: The suite.
            policy: Of the ref that is trusted.
            waived: Finding id and segment of the fails that it lets through.
            bench: The judge that the override proxy listens to; None: it listens to none.
        """
        self._change = change
        self._policy = policy
        self._waived = waived
        self._bench = bench
        self._known: dict[str, tuple[tuple[int, int], ScoredCase]] = {}  # by the trials it is of
        self._shared: dict[tuple[int, int], tuple[int, int]] = {}  # most cases have the same
        self.scored: list[ScoredCase] = []
        self.judged: JudgedSuite | None = None
        self._looks: list[LookTaken] = []
        self._looked_at = 0  # the number of the last look

    def judge(self, found: Gathered, look: int) -> bool:
        """Judge the trials that a look sees; return whether the run may stop there."""
        if self._bench is not None:
            self._bench.ask(self._outputs(found, look), found.tally)
        self.scored = self._score_all(found, look)
        columns = columns_of(self.scored, planned_new=found.plan.repeats)
        self.judged = self._judge(found, look, columns)
        self._looked_at = look
        self._looks.append(
            LookTaken(
                trials_old=sum(len(each.old) for each in self.scored),
                trials_new=sum(len(each.new) for each in self.scored),
                findings=self.judged.findings,
            )
        )
        return self.judged.is_decided

    def verdict(self, found: Gathered, look: int) -> Verdict:
        """Return what the trials that a look sees come to."""
        columns = columns_of(self._score_all(found, look), planned_new=found.plan.repeats)
        return self._judge(found, look, columns).verdict

    def would_stop(self, found: Gathered, look: int) -> bool:
        """Tell whether a look would stop the run by the answers that are there already."""
        if self._bench is not None:
            return False  # its judge was not asked about them yet
        columns = columns_of(self._score_all(found, look), planned_new=found.plan.repeats)
        return self._judge(found, look, columns).is_decided

    def prepare(self, found: Gathered, cases: Sequence[Case]) -> None:
        """Score the cases whose next trial is there on both sides, so that a look need not."""
        if self._bench is not None:
            return
        for case in cases:
            here = [
                sum(trial.source != "baseline" for trial in found.trials[side][case.case_id])
                for side in ("old", "new")
                if not (side == "old" and found.plan.is_recorded(case.case_id))
            ]
            if all(here):
                self._score(found, case, min(here))

    def stop(self) -> None:
        """Ask no judge any more."""
        if self._bench is not None:
            self._bench.stop()

    def _judge(self, found: Gathered, look: int, columns: Columns) -> JudgedSuite:
        return judge_columns(columns, self._policy, look=found.plan.look(look), waived=self._waived)

    def _score_all(self, found: Gathered, look: int) -> list[ScoredCase]:
        due = found.plan.due(look)
        return [self._score(found, case, due[case.case_id]) for case in self._change.cases]

    def _score(self, found: Gathered, case: Case, trials: int) -> ScoredCase:
        old = found.due("old", case.case_id, trials)
        new = found.due("new", case.case_id, trials)
        these = _repeats(old), _repeats(new)
        known = self._known.get(case.case_id)
        if known is None or known[0] != these:
            is_same = case.case_id in found.plan.same
            judged = self._bench.word if self._bench else None
            scored = score(self._change, case, old, new, is_same=is_same, judged=judged)
            known = self._known[case.case_id] = (self._shared.setdefault(these, these), scored)
        return known[1]

    def _is_blind(self, found: Gathered) -> bool:
        """Tell whether overrides that could not be judged could make it another verdict."""
        if self.judged is None or "override_rate" not in self._policy.metrics:
            return False
        return any(
            self._judge(
                found, self._looked_at, columns_of(world, planned_new=found.plan.repeats)
            ).verdict
            is not self.judged.verdict
            for world in both_ways(self.scored)
        )

    def _outputs(self, found: Gathered, look: int) -> Iterator[Question]:
        """Yield the outputs that a look sees, each with the approved one beside it."""
        due = found.plan.due(look)
        for case in self._change.cases:
            old, new = (found.due(side, case.case_id, due[case.case_id]) for side in ("old", "new"))
            yield from outputs_of(self._change, case, old, new)

    def report(self, found: Gathered) -> SuiteReport:
        """Report what the last look found."""
        judged = self.judged
        if judged is None:  # pragma: no cover -- every plan has a look
            raise RuntimeError("nothing was judged")
        asked = [each for each in self.scored if _is_asked(each)]
        scored = self.scored
        old_codes, new_codes = failure_codes(scored)
        is_cut = bool(found.tally.budget_spent) and not found.is_decided
        trials = [
            trial
            for side in ("old", "new")
            for case, n in found.plan.due(found.look).items()
            for trial in found.due(side, case, n)
        ]
        return SuiteReport(
            suite=self._change.suite.name,
            verdict=Verdict.INCOMPLETE if is_cut or self._is_blind(found) else judged.verdict,
            cases=len(self._change.cases),
            trials_old=self._looks[-1].trials_old,
            trials_new=self._looks[-1].trials_new,
            prompt_old=seen(self._change.old),
            prompt_new=seen(self._change.new),
            findings=judged.findings,
            not_measured=judged.not_measured,
            small_segments=judged.small_segments,
            failure_codes_old=old_codes,
            failure_codes_new=new_codes,
            cases_changed=changes(asked),
            unchanged=unchanged(asked),
            not_asked=tuple(each.case.case_id for each in scored if not _is_asked(each)),
            looks=looks_told(self._looks, judged.findings),
            calls=Calls(
                old_live=found.live["old"],
                new_live=found.live["new"],
                recorded=sum(trial.source != "live" for trial in trials),
                saved_by_stopping=found.saved,
                missing=judged.missing.old + judged.missing.new,
                retries=found.tally.retries,
            ),
            missing_p_value=judged.missing.p_value,
            cost_usd=found.tally.cost_usd or None,
            stopped_early=found.is_decided and found.look < len(found.plan.ends) - 1,
        )


def looks_told(looks: Sequence[LookTaken], findings: Sequence[Finding]) -> tuple[LookTaken, ...]:
    """Keep of each look what is told: all cases, and those segments that failed in the end."""
    told = {
        (each.id, each.segment)
        for each in findings
        if each.segment is None or each.verdict is Verdict.FAIL
    }
    return tuple(
        replace(look, findings=tuple(f for f in look.findings if (f.id, f.segment) in told))
        for look in looks
    )


def _repeats(trials: Sequence[Trial]) -> int:
    """Return the repeats of some trials, one bit each: small enough to keep for every case."""
    return sum(1 << trial.repeat for trial in trials)


def _is_asked(scored: ScoredCase) -> bool:
    """Tell whether each side was asked, even if it did not answer."""
    return bool((scored.old or scored.old_missing) and (scored.new or scored.new_missing))


def seen(side: Side) -> PromptSeen:
    """Return the prompt of a side as the report names it."""
    return PromptSeen(fingerprint=side.prompt.fingerprint, model=side.prompt.model)
