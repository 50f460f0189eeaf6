"""The verdict that a change would have by the rules that it brings itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.core.ending import finish
from gate.core.metrics import NOT_SIDE_BY_SIDE
from gate.core.report import OwnRules, Report, Verdict
from gate.core.waivers import Waivers
from gate.flow.judge import SuiteJudge

if TYPE_CHECKING:
    from gate.core.config import Config
    from gate.flow.change import SuiteChange
    from gate.flow.run import SuiteRun


@dataclass(slots=True, kw_only=True)
class OwnVerdicts:
    """Judges the suites of a run once more, by the rules of the head and the same answers."""

    config: Config  # the head's; its policy is another one if `--policy` names it
    suites: int  # that share alpha
    today: str  # ISO date
    found: dict[str, Verdict] = field(default_factory=dict)

    def judge(self, change: SuiteChange, run: SuiteRun) -> None:
        """Judge what the run gathered, if the change's own rules for the suite are others."""
        judged = run.report.verdict
        if change.own is None or judged is None or judged is Verdict.INCOMPLETE:
            return
        policy = self.config.policy
        policy = replace(policy, alpha=policy.alpha / self.suites)
        if run.report.not_measured.get("latency_p95") == NOT_SIDE_BY_SIDE:
            policy = policy.untimed()
        waivers = Waivers(given=self.config.waivers, today=self.today)
        waived = waivers.holding(change.new.prompt.fingerprint)
        # A judge of its own was not asked; the base's said what it said.
        judge = SuiteJudge(change.own, policy, waived, run.bench)
        last = run.found[-1]
        self.found[change.suite.name] = judge.verdict(last, last.look)

    def told(self, report: Report) -> Report:
        """Add to a report what its own rules would say."""
        if not self.found:
            return report
        suites = tuple(
            replace(suite, verdict=self.found.get(suite.suite, suite.verdict))
            for suite in report.suites
        )
        own = finish(replace(report, suites=suites), policy=self.config.policy)
        rules = OwnRules(verdict=own.verdict, exit_code=own.exit_code, suites=self.found)
        return replace(report, own_rules=rules)
