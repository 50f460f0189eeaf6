"""How well a judge agrees with the reviewers whose labels are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.core.agreement import agreement, agreement_by_segment, may_decide_alone
from gate.core.calibration_report import JudgeSeen
from gate.core.judge import overrides
from gate.core.position_bias import position_bias

if TYPE_CHECKING:
    from gate.core.kappa import Agreement
    from gate.core.position_bias import PositionBias
    from gate.core.signal_table import SignalTable
    from gate.flow.judging import Bench
    from gate.flow.labelled import LabelledOutputs


def judge_seen(
    bench: Bench, outputs: LabelledOutputs, table: SignalTable, humans: Agreement | None
) -> JudgeSeen | None:
    """Hold a judge's words against the reviewers' decisions, None if it said nothing usable.

    Args:
        bench: The judge, asked about every labelled output.
        outputs: That were labelled.
        table: Their clusters and segments.
        humans: How far the reviewers agree with each other; None: not known.
    """
    said, decided, clusters, segments = [], [], [], []
    for row, (label, case) in enumerate(outputs.outputs()):
        word = bench.word(case, label.output)
        if word is not None:
            said.append(overrides(bench.judge, word))
            decided.append(label.is_overridden)
            clusters.append(int(table.cluster[row]))
            segments.append(case.segment)
    if not said:
        return None
    found = agreement(said, decided, clusters=clusters)
    return JudgeSeen(
        model=bench.judge.prompt.model,
        agreement=found,
        segments=agreement_by_segment(said, decided, segments, clusters=clusters),
        alone=may_decide_alone(found, humans),
        bias=_bias(bench, outputs),
        missing=table.rows - len(said),
    )


def _bias(bench: Bench, outputs: LabelledOutputs) -> PositionBias | None:
    """Compare what it said in both orders, each pair of outputs once."""
    if not bench.judge.compares:
        return None
    pairs = {}
    for label, case in outputs.outputs():
        said = bench.answers(case, label.output)
        if len(said) == 2 and None not in said:  # noqa: PLR2004 -- both orders
            pairs[case.case_id, label.output] = said
    if not pairs:
        return None
    return position_bias(*zip(*pairs.values(), strict=True))
