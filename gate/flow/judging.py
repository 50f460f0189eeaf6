"""Asking a judge about outputs: its prompt is replayed and recorded like any other."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.config import Suite
from gate.core.cost import most_usd
from gate.core.judge import answer_of, known_answers, questions, word_of
from gate.core.prompt import request_for
from gate.errors import ConfigError, IncompleteError
from gate.flow.asking import Asking, Source, make_plan
from gate.flow.change import Side, SuiteChange
from gate.flow.gather import Tools, gather
from gate.flow.gathered import recorded
from gate.flow.looking import Unjudged
from gate.replay.progress import Progress
from gate.reports.headline import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.core.judge import Judge
    from gate.core.model import Case
    from gate.flow.change import Checkout
    from gate.flow.gather import Options
    from gate.flow.gathered import Gathered, Pending
    from gate.flow.project import Project
    from gate.replay.budget import Tally

    Question = tuple[Case, str, str | None]  # an output, and the approved one beside it

_AGAIN = 10  # calls, or one for so many questions, that are set aside for second attempts
_QUOTED = 60  # characters of what a judge said
_BEARABLE = 0.05  # share of the questions that may stay without a usable answer


class _Stoppable(Progress):
    """Progress that ends its replay at the next answer once it is stopped."""

    def __init__(self, shown: Progress) -> None:
        super().__init__(None, clock=time.monotonic)
        self._told = shown
        self.is_stopped = False

    def start(self, label: str, total: int) -> None:
        self._told.start(label, total)

    def update(self, done: int, cost_usd: float, *, retries: int = 0, missing: int = 0) -> None:
        self._told.update(done, cost_usd, retries=retries, missing=missing)
        if self.is_stopped:
            raise IncompleteError("interrupted", fix="run it again: what was answered is recorded")

    def finish(self) -> None:
        self._told.finish()


class Bench:
    """A judge with what it said; asks it what it was not asked before."""

    def __init__(
        self,
        judge: Judge,
        suite: str,
        project: Project,
        progress: Progress,
        options: Options,
        *,
        checkout: Checkout | None = None,
    ) -> None:
        """Take the judge, and how it is called.

        Args:
            judge: Who is asked.
            suite: Whose outputs are judged.
            project: Whose recordings keep what it says.
            progress: Who is told of its calls.
            options: As in `gather`.
            checkout: Where a worker of the judge runs; None: in the project's folder.
        """
        self.judge = judge
        self._name = suite
        self._project = project
        self._progress = _Stoppable(progress)
        self._options = replace(options, purpose="")
        self._side = Side(prompt=judge.prompt, baseline=None, checkout=checkout)
        self._said: dict[str, str | None] = {}  # by the id of a question
        self._asked: dict[tuple[str, str], tuple[str, ...]] = {}  # by case id and output
        self.calls = 0
        self.cost_usd = 0.0
        self.unusable = 0  # questions without a usable answer

    def ask(self, outputs: Iterable[Question], used: Tally | None = None) -> None:
        """Ask about outputs.

        It may run in a thread of its own, so it opens the recordings anew.

        Args:
            outputs: What is to be judged.
            used: What the run uses meanwhile, of the same budget; the judge's calls are added.

        Raises:
            IncompleteError: Offline, and something is not recorded; the budget is spent; too many
                questions without a usable answer; or as `gather`.
            ConfigError: As `gather`.
        """
        asked = self._new(outputs)
        if not asked:
            return
        suite = Suite(name=f"{self._name}, judge", prompt=self.judge.prompt.path)
        change = SuiteChange(suite=suite, cases=asked, old=self._side, new=self._side)
        source = Source(baseline=False)
        sources = {"old": source, "new": source}
        asking = Asking(old=source, new=source, repeats=1, all_calls=True)
        recordings = self._project.recordings()
        try:
            found, pending = recorded(make_plan(change, asking), (recordings,), sources)
            if pending and self._options.offline:
                raise IncompleteError(
                    f"suite {self._name!r}: the judge was not asked {len(pending)} questions "
                    "before, and offline it cannot be",
                    fix="run once without --offline, where the judge can be reached",
                )
            tools = Tools(project=self._project, recordings=recordings, progress=self._progress)
            options = self._within_budget(pending, used)
            try:
                gather(change, found, pending, tools, options, Unjudged())
            finally:
                self._settle(found.tally, used)
        finally:
            recordings.close()
        self._hear(found)

    def _within_budget(self, pending: Pending, used: Tally | None) -> Options:
        """Set aside what the calls may take, so that the run's own calls leave it to them."""
        limits = self._options.limits if used is None else self._options.limits.after(used)
        if used is None or limits.is_boundless:
            return self._options
        if limits.max_calls is not None:
            calls = min(limits.max_calls, len(pending) + max(_AGAIN, len(pending) // _AGAIN))
            limits = replace(limits, max_calls=calls)
            used.beside_calls += calls
        if limits.max_cost_usd is not None:
            # Not all that is left: the run's own calls under way go on beside.
            most = sum(self._most_usd(group[0].case) for group in pending.values())
            money = min(limits.max_cost_usd / 2, most)
            limits = replace(limits, max_cost_usd=money)
            used.beside_usd += money
        return replace(self._options, limits=limits)

    def _most_usd(self, case: Case) -> float:
        prompt = self.judge.prompt
        return most_usd(request_for(prompt, case), prompt.price) or 0.0

    def _settle(self, tally: Tally, used: Tally | None) -> None:
        """Count what the calls took in place of what was set aside."""
        self.calls += tally.attempts
        self.cost_usd += tally.spent_usd
        if used is not None:
            used.beside_calls, used.beside_usd = self.calls, self.cost_usd

    def _hear(self, found: Gathered) -> None:
        """Keep what was answered.

        Raises:
            IncompleteError: The budget is spent, or too many questions have no usable answer.
        """
        for case_id, trials in found.trials["new"].items():
            response = trials[0].response if trials else None
            said = answer_of(self.judge, response.text) if response else None
            self._said[case_id] = said
            self.unusable += said is None
        if found.tally.budget_spent:
            raise IncompleteError(
                f"suite {self._name!r}: {found.tally.budget_spent}, before the judge was asked "
                "about all outputs",
                fix="run it again with a larger one: what was answered is recorded",
            )
        if self.unusable > _BEARABLE * len(self._said):
            raise IncompleteError(
                f"suite {self._name!r}: the judge gave no usable answer to {self.unusable} of "
                f"{len(self._said)} questions{self._heard(found)}",
                fix=f"known: {', '.join(known_answers(self.judge))}; a jsonSchema with an enum "
                "holds the judge to them; an answer that came is recorded, and not asked for again",
            )

    def _heard(self, found: Gathered) -> str:
        """Quote what came in place of an answer."""
        texts = dict.fromkeys(
            trial.response.text
            for trials in found.trials["new"].values()
            for trial in trials
            if trial.response and answer_of(self.judge, trial.response.text) is None
        )
        said = [*map(repr, texts), *(text for text, _ in found.said.most_common(1))]
        return f"; it said {', '.join(each[:_QUOTED] for each in said[:3])}" if said else ""

    def notes(self) -> tuple[str, ...]:
        """Say what it took."""
        if not self._said:
            return ()
        lost = f", {self.unusable} without a usable answer" if self.unusable else ""
        return (
            f"suite {self._name}: the judge was asked {counted(len(self._said), 'question')} "
            f"({counted(self.calls, 'call')}){lost}",
        )

    def stop(self) -> None:
        """Call nothing more: whoever waits for the answers has gone."""
        self._progress.is_stopped = True

    def _new(self, outputs: Iterable[Question]) -> tuple[Case, ...]:
        """Return the questions that were not asked yet, each once."""
        asked: dict[str, Case] = {}
        for case, output, reference in outputs:
            key = (case.case_id, output)
            if key in self._asked:
                continue
            found = questions(self.judge, case, output, reference)
            if not found:
                continue  # nothing to compare it with yet
            self._asked[key] = tuple(each.case_id for each in found)
            asked.update({each.case_id: each for each in found if each.case_id not in self._said})
        return tuple(asked.values())

    def answers(self, case: Case, output: str) -> tuple[str | None, ...]:
        """Return what it said about an output, in each order of a pair; nothing if not asked."""
        return tuple(self._said.get(each) for each in self._asked.get((case.case_id, output), ()))

    def word(self, case: Case, output: str) -> float | None:
        """Return what it said about an output, in [0, 1]; None: nothing, or nothing usable."""
        return word_of(self.judge, self.answers(case, output))


def seat_bench(change: SuiteChange, project: Project, options: Options) -> Bench | None:
    """Seat the judge that a suite's proxy was calibrated with; None: there is none, or another."""
    known = change.suite.calibration
    if change.judge is None or (known is not None and known.judge != change.judge.identity):
        return None
    if options.limits.max_cost_usd is not None and change.judge.prompt.price is None:
        raise ConfigError(
            f"{change.judge.prompt.path}: --max-cost cannot be kept: what a judge's call costs is "
            "not known",
            fix="add price: {input, output} and modelParameters.maxTokens to the judge's prompt, "
            "or use --max-calls",
        )
    silent = Progress(None, clock=time.monotonic)  # the run's own calls are shown
    return Bench(
        change.judge,
        change.suite.name,
        project,
        silent,
        options,
        checkout=change.judge_checkout,
    )
