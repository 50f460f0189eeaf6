"""Calling recorded answers of a prompt again: which, how, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.core.audit import audit, can_find
from gate.core.audited import AuditCase, AuditReport, audit_trial
from gate.core.prompt import request_for
from gate.errors import IncompleteError
from gate.flow.asking import MOST_REPEATS, Asking, Source, make_plan
from gate.flow.gather import gather
from gate.flow.gathered import recorded
from gate.flow.looking import Unjudged
from gate.store.baselines import baseline_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gate.core.audited import Audit, AuditTrial
    from gate.core.model import Case, Response
    from gate.core.policy import Policy
    from gate.flow.asking import Plan, Wanted
    from gate.flow.change import SuiteChange
    from gate.flow.gather import Options, Tools
    from gate.flow.gathered import Gathered

# Repeats that audits call: no baseline is made of them and no other command asks for them, so a
# model that draws by the number of the repeat draws anew, and nobody takes these answers for his.
FIRST_REPEAT = MOST_REPEATS // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The recorded trials that are called again."""

    change: SuiteChange  # of the cases that the baseline holds answers to
    plan: Plan

    @property
    def cases(self) -> list[Case]:
        """The cases among them."""
        return list({each.case.case_id: each.case for each in self.plan.wanted}.values())


def audit_suite(
    change: SuiteChange, policy: Policy, *, sample: int, tools: Tools, options: Options
) -> AuditReport:
    """Call some of a baseline's trials again, and test whether the baseline is plausible.

    Args:
        change: The suite of the worktree, its baseline on both sides.
        policy: Whose alpha counts, and whose segments share the sample.
        sample: Trials to call again; more than there are means all.
        tools: As in `gather`.
        options: Of the calls; the seed of their limits chooses the trials.

    Raises:
        IncompleteError: There is no baseline of this prompt, a budget is spent, or so few answers
            came that even a forged file could not be told.
        ConfigError: As `gather`.
    """
    seed = options.limits.seed
    chosen = choose(_recorded_part(change), sample, seed=seed, by=policy.segments_by)
    found = _call_again(chosen, tools, options)
    name, wanted = change.suite.name, len(chosen.plan.wanted)
    if not found.is_decided:
        raise IncompleteError(
            f"suite {name!r}: {found.tally.budget_spent}, before all {wanted} chosen trials were "
            "called again",
            fix=f"run it again with a larger one, and with --seed {seed} for the same trials",
        )
    cases = [_audited(chosen, found, case) for case in chosen.cases]
    judged = audit(cases, policy.alpha)
    missing = wanted - sum(len(case.live) for case in cases)
    if not judged.can_find:
        raise _too_few(chosen, found, judged, policy, missing)
    baseline = chosen.change.new.baseline
    given = chosen.plan.given["old"].values()
    return AuditReport(
        suite=name,
        audit=judged,
        seed=seed,
        chosen=wanted,
        chosen_cases=len(cases),
        recorded=sum(map(len, given)),
        recorded_cases=len(given),
        recorded_at=baseline.recorded_at if baseline else "",
        calls=found.tally.attempts,
        retries=found.tally.retries,
        missing=missing,
        cost_usd=found.tally.cost_usd,
        notes=tuple(_notes(change, chosen, found)),
    )


def _recorded_part(change: SuiteChange) -> SuiteChange:
    """Keep the cases whose very request the baseline holds answers to.

    Raises:
        IncompleteError: There is none.
    """
    name, side = change.suite.name, change.new
    fix = f"run: gate refresh {name}"
    if side.baseline is None:
        raise IncompleteError(f"{baseline_path(name)}: no baseline for suite {name!r}", fix=fix)
    held = tuple(
        case
        for case in change.cases
        if side.baseline.trials_of(case.case_id, request_for(side.prompt, case).digest)
    )
    if not held:
        raise IncompleteError(
            f"{baseline_path(name)}: holds no answers of this prompt to any of "
            f"{len(change.cases)} cases",
            fix=fix,
        )
    return replace(change, cases=held)


def choose(
    change: SuiteChange, sample: int, *, seed: int, by: tuple[tuple[str, ...], ...] = ()
) -> Sample:
    """Choose recorded trials: each case once in a random order, then second trials, and so on.

    No case is called more often than it has recorded trials.

    Args:
        change: A suite; its baseline holds answers to every case.
        sample: Trials, at least 1.
        seed: Of the order.
        by: The tags whose segments share the sample.
    """
    baseline = change.new.baseline
    held = baseline.cases if baseline else {}
    most = {
        each.case_id: min(len(held[each.case_id].trials), FIRST_REPEAT) for each in change.cases
    }
    asking = Asking(
        new=Source(baseline=False),
        repeats=_passes(most.values(), sample),
        seed=seed,
        by=by,
        all_calls=True,
        is_drift=True,
    )
    plan = make_plan(change, asking)
    due = (each for each in plan.wanted if each.repeat < most[each.case.case_id])
    wanted = tuple(_anew(each) for _, each in zip(range(sample), due, strict=False))
    return Sample(change=change, plan=replace(plan, wanted=wanted))


def _passes(most: Collection[int], sample: int) -> int:
    """How often the cases are gone through until so many trials are chosen, or all."""
    passes = 1
    while passes < max(most) and sum(min(each, passes) for each in most) < sample:
        passes += 1
    return passes


def _anew(each: Wanted) -> Wanted:
    digest, number = each.key
    return replace(each, key=(digest, FIRST_REPEAT + number))


def _call_again(chosen: Sample, tools: Tools, options: Options) -> Gathered:
    """Call the chosen trials; no store is asked, so every answer is given now."""
    live = Source(baseline=False)
    found, pending = recorded(chosen.plan, (), {"old": Source(), "new": live})
    gather(chosen.change, found, pending, tools, replace(options, purpose="audit"), Unjudged())
    return found


def _audited(chosen: Sample, found: Gathered, case: Case) -> AuditCase:
    rules, price = chosen.change.suite.rules, chosen.change.new.prompt.price

    def scored(answers: Iterable[Response | None]) -> tuple[AuditTrial, ...]:
        return tuple(audit_trial(each, case, rules, price) for each in answers if each)

    live = sorted(found.trials["new"][case.case_id], key=lambda trial: trial.repeat)
    return AuditCase(
        case_id=case.case_id,
        recorded=scored(chosen.plan.given["old"][case.case_id]),
        live=scored(trial.response for trial in live),
    )


def _too_few(
    chosen: Sample, found: Gathered, judged: Audit, policy: Policy, missing: int
) -> IncompleteError:
    """Say that nothing could have been found, and what would help."""
    name, wanted = chosen.change.suite.name, len(chosen.plan.wanted)
    held = [len(each) for each in chosen.plan.given["old"].values()]
    tests = max(1, len(judged.tests))
    said = "".join(f"; it said {text!r}" for text, _ in found.said.most_common(1))
    if missing:
        fix = "run it again when the provider answers"
    elif can_find([(each, each) for each in held], policy.alpha / tests):
        fix = "use a larger --sample"
    else:
        fix = f"record more cases or trials (repeats.baseline), and run: gate refresh {name}"
    return IncompleteError(
        f"suite {name!r}: {wanted - missing} of {wanted} trials called again were answered: too "
        f"few to find a forged file whatever they say{said}",
        fix=fix,
    )


def _notes(change: SuiteChange, chosen: Sample, found: Gathered) -> list[str]:
    baseline, notes = change.new.baseline, []
    without = len(change.cases) - len(chosen.change.cases)
    if without:
        notes.append(
            f"{without} cases have no recorded answer of this prompt, and nothing to audit"
        )
    if not change.suite.rules.checks:
        notes.append("no checks; only refused, cut and empty answers count as failures")
    answering = {
        trial.response.vendor_model
        for trials in found.trials["new"].values()
        for trial in trials
        if trial.response and trial.response.vendor_model
    }
    if baseline and baseline.vendor_models and answering - set(baseline.vendor_models):
        notes.append(
            f"the vendor answers as {', '.join(sorted(answering))}; the baseline says that it was "
            f"recorded from {', '.join(baseline.vendor_models)}"
        )
    notes += [
        f"what was said most often in place of an answer: {text}"
        for text, _ in found.said.most_common(1)
    ]
    return notes
