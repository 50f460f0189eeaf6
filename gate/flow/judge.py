"""From gathered trials to a suite's report and verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.findings import find
from gate.core.missing import missing_could_decide
from gate.core.outcomes import changes, failure_codes
from gate.core.report import Calls, Finding, PromptSeen, SuiteReport, Verdict
from gate.core.score import ScoredCase, score_case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.core.policy import Policy, Waiver
    from gate.flow.change import SuiteChange
    from gate.flow.gather import Gathered


def score(change: SuiteChange, gathered: Gathered) -> list[ScoredCase]:
    """Score every case of a suite."""
    old, new = change.old.prompt, change.new.prompt
    # A change may not make the same model look cheaper than the base says it is.
    same_model = old.model == new.model and old.price is not None
    prices = (old.price, old.price if same_model else new.price)
    return [
        score_case(
            case,
            # By repeat, not by arrival: the same trials give the same verdict.
            sorted(gathered.trials["old"][case.case_id], key=lambda trial: trial.repeat),
            sorted(gathered.trials["new"][case.case_id], key=lambda trial: trial.repeat),
            rules=change.suite.rules,
            prices=prices,
            approved=change.old.baseline.outputs_of(case.case_id) if change.old.baseline else (),
        )
        for case in change.cases
    ]


def judge_suite(
    change: SuiteChange,
    gathered: Gathered,
    *,
    policy: Policy,
    waivers: Sequence[Waiver] = (),
    today: str,
) -> SuiteReport:
    """Judge one suite.

    Args:
        change: The suite.
        gathered: Its trials.
        policy: Of the ref that is trusted.
        waivers: Of the same ref.
        today: ISO date; an expired waiver has no effect.
    """
    scored = score(change, gathered)
    findings, not_measured = _find_undiluted(scored, policy)
    findings = tuple(_waive(finding, waivers, today) for finding in findings)
    old_codes, new_codes = failure_codes(scored)
    usable = [each for each in scored if each.old and each.new]
    incomplete = (
        bool(gathered.tally.budget_spent) or not usable or missing_could_decide(scored, policy)
    )
    return SuiteReport(
        suite=change.suite.name,
        verdict=_suite_verdict(findings, not_measured, incomplete=incomplete),
        cases=len(change.cases),
        trials_old=sum(len(each.old) for each in scored),
        trials_new=sum(len(each.new) for each in scored),
        prompt_old=PromptSeen(
            fingerprint=change.old.prompt.fingerprint, model=change.old.prompt.model
        ),
        prompt_new=PromptSeen(
            fingerprint=change.new.prompt.fingerprint, model=change.new.prompt.model
        ),
        findings=findings,
        not_measured=not_measured,
        failure_codes_old=old_codes,
        failure_codes_new=new_codes,
        cases_changed=changes(scored),
        calls=Calls(
            old_live=gathered.live["old"],
            new_live=gathered.live["new"],
            recorded=gathered.recorded,
            missing=sum(each.old_missing + each.new_missing for each in scored),
            retries=gathered.tally.retries,
        ),
        cost_usd=gathered.tally.cost_usd or None,
    )


def _waive(finding: Finding, waivers: Sequence[Waiver], today: str) -> Finding:
    waived = any(
        waiver.finding == finding.id
        and waiver.segment == finding.segment
        and today < waiver.expires
        for waiver in waivers
    )
    return replace(finding, waived=waived and finding.verdict is Verdict.FAIL)


def _find_undiluted(
    scored: Sequence[ScoredCase], policy: Policy
) -> tuple[tuple[Finding, ...], Mapping[str, str]]:
    """Judge all cases, and the base's alone: what fails there fails.

    Otherwise a change could bring easy cases along until its failures are lost among them.
    """
    findings, not_measured = find(scored, policy)
    base = [each for each in scored if not each.case.is_new]
    if len(base) in {0, len(scored)}:
        return findings, not_measured
    failed = {
        (each.id, each.segment): each
        for each in find(base, policy)[0]
        if each.verdict is Verdict.FAIL
    }
    return tuple(failed.get((each.id, each.segment), each) for each in findings), not_measured


def _suite_verdict(
    findings: Sequence[Finding], not_measured: Mapping[str, str], *, incomplete: bool
) -> Verdict:
    """Incomplete first: what is missing could overturn a fail as well as a pass.

    A metric of the policy that could not be measured was not shown to be fine, so it is no pass.
    Latency is the exception: it is measured only where both sides are called.
    """
    if incomplete:
        return Verdict.INCOMPLETE
    if any(each.verdict is Verdict.FAIL and not each.waived for each in findings):
        return Verdict.FAIL
    overall = [each for each in findings if each.segment is None]
    open_questions = [each for each in overall if each.verdict is Verdict.INCONCLUSIVE]
    unseen = not_measured.keys() - {"latency_p95"}
    passed = bool(overall) and not open_questions and not unseen
    return Verdict.PASS if passed else Verdict.INCONCLUSIVE
