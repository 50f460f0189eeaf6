"""From reviewers' labels to the signals of the outputs that they decided on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core.canonical import digest
from gate.core.checks import failure_code, missing_expectation
from gate.core.model import Case, Response
from gate.core.signal_table import SignalTable
from gate.core.signals import NAMES, Answer, measure
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gate.core.labels import Label, Labels
    from gate.core.score import Rules
    from gate.core.signals import Signals
    from gate.store.baselines import Baseline

    Judged = Callable[[Case, str], float | None]


class LabelledCases:
    """Knows which case each label belongs to."""

    def __init__(self, cases: Sequence[Case], labels: Labels, path: Path, suite: str) -> None:
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


def table_of(
    labels: Labels,
    cases: LabelledCases,
    *,
    rules: Rules,
    baseline: Baseline | None,
    judged: Judged | None,
) -> SignalTable:
    """Measure every signal of every labelled output.

    An output is held against its case's expectation, or else against the approved outputs of the
    baseline, of which one that equals it is left out: it may be the very one.

    Args:
        labels: Reviewers' decisions.
        cases: That they belong to.
        rules: Checks and decision fields of the suite.
        baseline: Approved outputs; None: there are none.
        judged: Gives a judge's answer to an output; None: there is no judge.
    """
    names = NAMES if judged else tuple(name for name in NAMES if name != "judge")
    columns = {name: np.full(len(labels.rows), np.nan) for name in names}
    segments: list[Mapping[str, str]] = []
    clusters: list[str] = []
    for row, label in enumerate(labels.rows):
        case = cases.case_of(label)
        word = judged(case, label.output) if judged else None
        signals = _signals(label, case, rules, _approved(case, label, baseline), word)
        for name in columns.keys() & signals.keys():
            columns[name][row] = signals[name]
        segments.append(case.segment)
        clusters.append(label.cluster or case.cluster or label.item)
    return SignalTable(
        signals={name: each for name, each in columns.items() if not np.isnan(each).all()},
        overridden=np.array([label.is_overridden for label in labels.rows], dtype=np.float64),
        segments=tuple(segments),
        cluster=_numbered(clusters),
    )


def _signals(
    label: Label, case: Case, rules: Rules, references: Sequence[str], word: float | None
) -> Signals:
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
    return measure(answer, expected=case.expected, references=references, decision=rules.decision)


def _approved(case: Case, label: Label, baseline: Baseline | None) -> Sequence[str]:
    if case.expected is not None or baseline is None:
        return ()
    outputs = list(baseline.outputs_of(case.case_id))
    if label.output in outputs:
        outputs.remove(label.output)
    return outputs


def _numbered(clusters: Sequence[str]) -> np.ndarray:
    """Number clusters in an order that their names settle, and not the order of the rows."""
    order = {name: digest(name) for name in set(clusters)}
    number = {name: place for place, name in enumerate(sorted(order, key=order.__getitem__))}
    return np.array([number[name] for name in clusters], dtype=np.int64)
