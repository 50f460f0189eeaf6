"""From reviewers' labels to the signals of the outputs that they decided on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core.canonical import digest
from gate.core.checks import failure_code, missing_expectation
from gate.core.model import Case, Response
from gate.core.score import reference_of
from gate.core.signal_table import SignalTable
from gate.core.signals import NAMES, Answer, measure
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gate.core.label import Label
    from gate.core.labels import Labels
    from gate.core.score import Judged, Rules
    from gate.core.signal_table import Ints
    from gate.core.signals import Signals
    from gate.flow.judging import Question
    from gate.store.baselines import Baseline


class LabelledCases:
    """Knows which case each label belongs to."""

    def __init__(self, cases: Sequence[Case], labels: Labels, path: Path | str, suite: str) -> None:
        """Take the suite's cases.

        Raises:
            ConfigError: A label names a case that the suite does not have.
        """
        self._by_id = {case.case_id: case for case in cases}
        self._by_input = {digest(case.input): case for case in cases}
        unknown = [
            label
            for label in labels.rows
            if label.case_id is not None and label.case_id not in self._by_id
        ]
        if unknown:
            more = f", nor {len(unknown) - 1} others" if len(unknown) > 1 else ""
            raise ConfigError(
                f"{path}:{unknown[0].line}: suite {suite!r} has no case "
                f"{unknown[0].case_id!r}{more}",
                fix="remove these rows, add the cases, or give 'input' in place of 'case'",
            )

    def case_of(self, label: Label) -> Case:
        """Return the label's case with the label's tags; one of its own if the suite has none."""
        if label.case_id is not None:
            case = self._by_id[label.case_id]
        else:
            found = self._by_input.get(digest(label.input))
            case = found or Case(case_id=label.item, input=label.input)
        if not label.segment:
            return case
        return replace(case, segment={**case.segment, **label.segment})


class LabelledOutputs:
    """What reviewers decided on, ready to be measured.

    An output is held against its case's expectation, or else against the approved outputs of the
    baseline, of which one that equals it is left out: it may be the very one.
    """

    def __init__(
        self, labels: Labels, cases: LabelledCases, *, rules: Rules, baseline: Baseline | None
    ) -> None:
        """Take the labels with their cases.

        Args:
            labels: Reviewers' decisions.
            cases: That they belong to.
            rules: Checks and decision fields of the suite.
            baseline: Approved outputs; None: there are none.
        """
        self.labels = labels.rows
        self._cases = cases
        self._rules = rules
        self._baseline = baseline

    def outputs(self) -> Iterator[tuple[Label, Case]]:
        """Yield each label with its case."""
        return ((label, self._cases.case_of(label)) for label in self.labels)

    def notes(self) -> tuple[str, ...]:
        """Say of how many labels nothing is known but their output."""
        alone = sum(
            case.expected is None and not self._approved(case, label)
            for label, case in self.outputs()
        )
        if not alone:
            return ()
        return (
            f"{alone} of {len(self.labels)} labels have no expectation and no approved output to "
            "be held against: no signal compares them, and no judge that compares is asked",
        )

    def questions(self) -> Iterator[Question]:
        """Yield what a judge is to be asked about."""
        for label, case in self.outputs():
            approved = self._approved(case, label)
            yield case, label.output, reference_of(case, (), approved)

    def table(self, judged: Judged | None) -> SignalTable:
        """Measure every signal of every output.

        Args:
            judged: Gives a judge's word on an output; None: there is no judge.
        """
        names = NAMES if judged else tuple(name for name in NAMES if name != "judge")
        columns = {name: np.full(len(self.labels), np.nan) for name in names}
        segments: list[Mapping[str, str]] = []
        clusters: list[str] = []
        for row, (label, case) in enumerate(self.outputs()):
            word = judged(case, label.output) if judged else None
            for name, value in self._signals(label, case, word).items():
                if name in columns:
                    columns[name][row] = value
            segments.append(case.segment)
            clusters.append(label.cluster or case.cluster or case.case_id)
        return SignalTable(
            signals={name: each for name, each in columns.items() if not np.isnan(each).all()},
            overridden=np.array([label.is_overridden for label in self.labels], dtype=np.float64),
            segments=tuple(segments),
            cluster=_numbered(clusters),
        )

    def _signals(self, label: Label, case: Case, word: float | None) -> Signals:
        rules = self._rules
        checks = [check for check in rules.checks if missing_expectation(check, case) is None]
        response = Response(text=label.output, finish_reason="stop", latency_ms=0.0)
        code = failure_code(response, case, checks, detect_refusals=rules.detect_refusals)
        answer = Answer(
            text=label.output,
            failed=code is not None,
            mean_logprob=label.mean_logprob,
            min_logprob=label.min_logprob,
            judged=word,
        )
        return measure(
            answer,
            expected=case.expected,
            references=self._approved(case, label),
            decision=rules.decision,
        )

    def _approved(self, case: Case, label: Label) -> Sequence[str]:
        if case.expected is not None or self._baseline is None:
            return ()
        outputs = list(self._baseline.outputs_of(case.case_id))
        if label.output in outputs:
            outputs.remove(label.output)
        return outputs


def _numbered(clusters: Sequence[str]) -> Ints:
    """Number clusters in an order that their names settle, and not the order of the rows."""
    order = {name: digest(name) for name in set(clusters)}
    number = {name: place for place, name in enumerate(sorted(order, key=order.__getitem__))}
    return np.array([number[name] for name in clusters], dtype=np.int64)
