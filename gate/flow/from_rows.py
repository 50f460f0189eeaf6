"""Old and new from two files of outputs made elsewhere, and their report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.core.blindness import both_ways
from gate.core.config import Config
from gate.core.ending import finish
from gate.core.outcomes import changes, failure_codes, unchanged
from gate.core.report import Calls, PromptSeen, Report, SuiteReport, Verdict
from gate.core.rows import judge_scored, paired, scored_side, some, unscored_side
from gate.core.score import score_case
from gate.core.waivers import Waivers, ways_out
from gate.errors import ConfigError, IncompleteError, UsageError
from gate.flow.change import check_expectations, suite_cases
from gate.flow.project import choose_suites
from gate.flow.proxy_notes import proxy_notes
from gate.store.baselines import read_baseline
from gate.store.config import read_config
from gate.store.rows import fingerprint_of_rows, read_rows, same_file
from gate.store.worktree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gate.core.config import Suite
    from gate.core.judgement import Judged
    from gate.core.model import Case, Response, Trial
    from gate.core.policy import Policy
    from gate.core.rows import Side
    from gate.core.score import Score, ScoredCase
    from gate.flow.project import Project

NAME = "compare"  # of the suite in the report, where the rows score themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is to be compared, and by which rules."""

    old: Path
    new: Path
    policy_file: Path | None = None  # None: the project's gate.yaml if there is one
    suite: str | None = None  # its checks score the outputs; None: the rows say it themselves


def compare(project: Project, asked: Comparison, *, today: str) -> Report:
    """Judge two files of outputs.

    Args:
        project: Of the suite, and of the policy where no other is named.
        asked: The files and the rules.
        today: ISO date; an expired waiver has no effect.

    Raises:
        ConfigError: A file is wrong, or the two do not fit together.
        UsageError: Old and new are one file.
        IncompleteError: A case of the suite has no row on one side.
    """
    if same_file(asked.old, asked.new):
        raise UsageError(
            f"{asked.old} and {asked.new} are the same file",
            fix="name the outputs of the old and of the new prompt",
        )
    config = _config(project, asked.policy_file)
    if asked.suite is None:
        scored, proxy = _by_rows(asked), []
    else:
        own = choose_suites(project.config(), (asked.suite,))[asked.suite]
        scored, answers = _by_suite(project, own, asked)
        proxy = proxy_notes(own, config.policy, answers, calls_none=True)
    is_named = asked.policy_file is not None or project.config_name is not None
    named = config.policy if is_named else None
    waivers = Waivers(given=config.waivers, today=today)
    fingerprint = fingerprint_of_rows(asked.new)
    judged = judge_scored(scored, named, waived=waivers.holding(fingerprint))
    worlds = both_ways(scored) if "override_rate" in config.policy.metrics else ()
    held = waivers.holding(fingerprint)
    if any(judge_scored(each, named, waived=held).verdict is not judged.verdict for each in worlds):
        judged = replace(judged, verdict=Verdict.INCOMPLETE)
    suite = _suite_report(NAME if asked.suite is None else asked.suite, scored, judged)
    # No prompt is known here: what a waiver is bound to is the file of the new outputs.
    bound = (replace(suite, prompt_new=PromptSeen(fingerprint=fingerprint, model="")),)
    report = Report(
        verdict=Verdict.PASS,
        exit_code=0,
        owner=config.owner,
        policy_source=config.source,
        alpha=config.policy.alpha,
        suites=(suite,),
        notes=(
            *_notes(suite, scored, config.policy),
            *proxy,
            *waivers.without_effect(bound),
            *ways_out(bound),
        ),
        waivers=waivers.used(bound),
    )
    return finish(report, policy=config.policy)


def _config(project: Project, policy_file: Path | None) -> Config:
    if policy_file is not None:
        config = read_config(WorkTree(policy_file.parent), policy_file.name)
        return replace(config, source=str(policy_file))
    return Config(source="(defaults)") if project.config_name is None else project.config()


def _by_rows(asked: Comparison) -> list[ScoredCase]:
    def side(path: Path) -> Side[Score | None]:
        return scored_side(str(path), read_rows(path), lambda number: f"{path}:{number}")

    return paired(side(asked.old), side(asked.new))


def _by_suite(
    project: Project, suite: Suite, asked: Comparison
) -> tuple[list[ScoredCase], list[Response]]:
    """Score the outputs by a suite of the worktree; return them, too."""
    prompt, name = project.prompt(suite), suite.name
    cases = suite_cases(project.disk, suite, prompt)
    rules = replace(suite.rules, checks=(*suite.rules.checks, *prompt.evaluators))
    check_expectations(name, cases, rules.checks)
    baseline = read_baseline(project.disk, name)
    old, new = (_trials(path, name, cases) for path in (asked.old, asked.new))
    scored = [
        score_case(
            case,
            old[case.case_id],
            new[case.case_id],
            rules=rules,
            prices=(None, None),  # a row says what it cost, or nobody does
            approved=baseline.outputs_of(case.case_id) if baseline else (),
        )
        for case in cases
    ]
    trials = (each for side in (old, new) for of_case in side.values() for each in of_case)
    return scored, [trial.response for trial in trials if trial.response]


def _trials(path: Path, suite: str, cases: Sequence[Case]) -> Mapping[str, list[Trial]]:
    side = unscored_side(str(path), read_rows(path), lambda number: f"{path}:{number}")
    known = {case.case_id for case in cases}
    for case_id, rows in side.cases.items():
        if case_id not in known:
            raise ConfigError(
                f"{side.where(rows[0].number)}: suite {suite!r} has no case {case_id!r}",
                fix=f"its ids look like {cases[0].case_id!r}; remove the row, or add the case",
            )
    unseen = [case.case_id for case in cases if case.case_id not in side.cases]
    if unseen:
        raise IncompleteError(
            f"{path}: {len(unseen)} of {len(cases)} cases of suite {suite!r} have no row: "
            f"{some(unseen)}",
            fix="add their outputs; a trial without an answer has an 'output' of null",
        )
    return {case_id: [row.trial for row in rows] for case_id, rows in side.cases.items()}


def _suite_report(name: str, scored: Sequence[ScoredCase], judged: Judged) -> SuiteReport:
    old_codes, new_codes = failure_codes(scored)
    trials_old, trials_new = (sum(map(len, side)) for side in _sides(scored))
    missing = judged.missing.old + judged.missing.new
    return SuiteReport(
        suite=name,
        verdict=judged.verdict,
        cases=len(scored),
        trials_old=trials_old,
        trials_new=trials_new,
        findings=judged.findings,
        not_measured=judged.not_measured,
        small_segments=judged.small_segments,
        missing_p_value=judged.missing.p_value,
        failure_codes_old=old_codes,
        failure_codes_new=new_codes,
        cases_changed=changes(scored),
        unchanged=unchanged(scored),
        calls=Calls(recorded=trials_old + trials_new + missing, missing=missing),
    )


def _sides(scored: Sequence[ScoredCase]) -> tuple[list[tuple[Score, ...]], ...]:
    return [each.old for each in scored], [each.new for each in scored]


def _notes(suite: SuiteReport, scored: Sequence[ScoredCase], policy: Policy) -> tuple[str, ...]:
    notes = []
    if suite.calls.missing:
        could = "; they could change the verdict" if suite.verdict is Verdict.INCOMPLETE else ""
        notes.append(f"suite {suite.suite}: {suite.calls.missing} answers are missing{could}")
    if "latency_p95" in policy.metrics and any(
        score.latency_ms is not None for side in _sides(scored) for each in side for score in each
    ):
        notes.append(
            f"suite {suite.suite}: latencies are taken as the rows state them; they compare only "
            "if both sides ran side by side"
        )
    unseen = sorted(suite.not_measured.keys() - {"latency_p95"})
    if unseen and suite.verdict is Verdict.INCONCLUSIVE:
        notes.append(
            f"suite {suite.suite}: what was not measured is no pass; measure {', '.join(unseen)}, "
            "or leave it out of policy.metrics"
        )
    return tuple(notes)
