"""The judgement of one suite: a pure function from columns to findings and a verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.core.findings import RATES, find, place
from gate.core.missing import count_missing, imputed_both_ways
from gate.core.report import Verdict
from gate.core.sequential import ONE_LOOK

if TYPE_CHECKING:
    from collections.abc import Collection

    from gate.core.columns import Columns
    from gate.core.findings import Findings, Found
    from gate.core.missing import Missing
    from gate.core.policy import Policy
    from gate.core.report import Finding
    from gate.core.sequential import Look

    Waived = Collection[tuple[str, str | None]]

LEFT = 0.1  # chance below which a verdict is taken to be out of reach
_OTHERS = ("latency_p95", "cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One suite, judged."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    not_measured: dict[str, str]
    small_segments: tuple[str, ...]  # too few trials to fail by themselves
    missing: Missing
    is_decided: bool  # whether the trials to come could not, or hardly, change the verdict


def judge_columns(
    columns: Columns, policy: Policy, *, look: Look = ONE_LOOK, waived: Waived = ()
) -> Judged:
    """Judge one suite.

    Args:
        columns: The scored trials of all its cases.
        policy: Tolerances and the budget of alpha.
        look: Which look at the trials this is; more are to come unless it is the last.
        waived: Finding id and segment of the fails that are let through.

    Returns:
        fail: a finding fails. pass: every metric over all cases passes. incomplete: missing
        trials could make it another verdict. inconclusive: otherwise.
    """
    found, findings = _find_undiluted(columns, policy, look, RATES + _OTHERS)
    verdict = _verdict(found, findings, waived)
    could_change = _could_change(columns, policy, look, waived)
    is_decided = look.is_last or (
        not could_change
        and _is_decided(found, findings, verdict, waived)
        and (verdict is Verdict.FAIL or _all_were_asked(columns))
    )
    return Judged(
        verdict=Verdict.INCOMPLETE if could_change or not found else verdict,
        findings=tuple(_marked(each.finding, waived) for each in found),
        not_measured=findings.not_measured,
        small_segments=findings.small_segments,
        missing=count_missing(columns),
        is_decided=is_decided,
    )


def _find_undiluted(
    columns: Columns, policy: Policy, look: Look, among: Collection[str]
) -> tuple[list[Found], Findings]:
    """Judge all cases, and where a change adds some, the base's alone, and take the worse verdict.

    Otherwise a change could bring easy cases along until its failures are lost among them, or buy
    a pass. Each of the two judgements gets half of alpha.
    """
    if columns.is_added.all() or not columns.is_added.any():
        findings = find(columns, policy, look=look, among=among)
        return list(findings.found), findings
    half = replace(policy, alpha=policy.alpha / 2)
    findings = find(columns, half, look=look, among=among)
    base = find(columns.only(~columns.is_added), half, look=look, among=among)
    of_base = {_key(each.finding): each for each in base.found}
    joined = [_worse(of_base.pop(_key(each.finding), each), each) for each in findings.found]
    # What the added cases make unmeasurable, or crowd out, is judged by the base alone.
    joined = sorted([*joined, *of_base.values()], key=place)
    judged = {each.finding.segment for each in joined}
    return joined, replace(
        findings,
        not_measured={**base.not_measured, **findings.not_measured},
        unseen=(*findings.unseen, *base.unseen),
        small_segments=tuple(each for each in findings.small_segments if each not in judged),
    )


_WORST_FIRST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


def _worse(base: Found, whole: Found) -> Found:
    """Take the finding with the worse verdict, the base's where they agree; and worse chances."""
    chosen = min(base, whole, key=lambda each: _WORST_FIRST.index(each.finding.verdict))
    return replace(
        chosen,
        fail_chance=max(base.fail_chance, whole.fail_chance),
        pass_chance=min(base.pass_chance, whole.pass_chance),
    )


def _key(finding: Finding) -> tuple[str, str | None]:
    return finding.id, finding.segment


def _marked(finding: Finding, waived: Waived) -> Finding:
    is_waived = finding.verdict is Verdict.FAIL and _key(finding) in waived
    return replace(finding, waived=is_waived)


def _verdict(found: Collection[Found], findings: Findings, waived: Waived) -> Verdict:
    """Give a suite its verdict.

    A metric of the policy that could not be measured was not shown to be fine, so it is no pass.
    Latency is the exception: it is measured only where both sides are called. What is waived
    neither fails nor stands in the way of a pass.
    """
    counted = [each.finding for each in found if _key(each.finding) not in waived]
    if any(each.verdict is Verdict.FAIL for each in counted):
        return Verdict.FAIL
    is_open = any(each.verdict is Verdict.INCONCLUSIVE for each in counted if each.segment is None)
    unseen = findings.not_measured.keys() - {"latency_p95"}
    return Verdict.PASS if found and not is_open and not unseen else Verdict.INCONCLUSIVE


def _could_change(columns: Columns, policy: Policy, look: Look, waived: Waived) -> bool:
    """Tell whether the missing trials could make it another verdict, by the rates.

    What a missing trial would have cost nobody knows: without a rate in the policy, any could.
    """

    def by_rates(world: Columns) -> Verdict:
        return _verdict(*_find_undiluted(world, policy, look, RATES), waived)

    worlds = imputed_both_ways(columns)
    if worlds and not set(RATES) & policy.metrics.keys():
        return True
    return bool(worlds) and len({by_rates(each) for each in (columns, *worlds)}) > 1


def _all_were_asked(columns: Columns) -> bool:
    """Tell whether every case was asked on both sides, where the change asks something else.

    The order of the cases can be known beforehand, so a change could break those alone that come
    last: only a fail may end a run before it came to them.
    """
    new = columns.counts(new=True) + columns.missing_new > 0
    old = columns.counts(new=False) + columns.missing_old > 0
    return bool((columns.is_same | (new & old)).all())


def _is_decided(
    found: Collection[Found], findings: Findings, verdict: Verdict, waived: Waived
) -> bool:
    """Tell whether a run may stop before its last look.

    A fail stops it. A pass does, if nothing has a fair chance to fail yet: no segment, and not the
    base's cases alone. Otherwise it goes on while a fail or a pass has one.
    """
    if verdict is Verdict.FAIL:
        return True
    could_fail = bool(set(findings.unseen).difference(waived)) or any(
        each.fail_chance >= LEFT and _key(each.finding) not in waived for each in found
    )
    could_pass = "cost" not in findings.not_measured and all(
        each.pass_chance >= LEFT
        for each in found
        if each.finding.segment is None and _key(each.finding) not in waived
    )
    return bool(found) and not could_fail and (verdict is Verdict.PASS or not could_pass)
