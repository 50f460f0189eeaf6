"""A calibration for a terminal: the verdict with its cause, reliability, threshold, judge."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from gate.core.calibration import SMALLEST_SEGMENT
from gate.reports.calibration_parts import aligned, judge_lines, kappa_told, review_lines
from gate.reports.calibration_sentences import share
from gate.reports.safe_text import visible, visible_name

if TYPE_CHECKING:
    from gate.core.calibration import Fitted, SignalFound
    from gate.core.calibration_report import CalibrationReport, LabelsSeen
    from gate.core.clustered import Measure
    from gate.core.reliability import Bin, Reliability

_NOTE = 400
_PLOT = 41  # columns of the plot: one for each 2.5 points


def render(report: CalibrationReport) -> str:
    """Return the calibration of one suite, no line of which acts or hides."""
    lines = [_headline(report), *_more_refusals(report), "", *_labels(report.labels)]
    if report.fitted is not None:
        lines += ["", *_signals(report.fitted), "", *_reliability(report.fitted.pooled)]
        lines += ["", *_segments(report.fitted)]
    if report.judge is not None:
        lines += ["", *judge_lines(report.judge, report.labels.agreement)]
    if report.review is not None:
        lines += ["", *review_lines(report.review)]
    lines += [f"note: {visible(note, longest=_NOTE)}" for note in report.notes]
    return "\n".join([*lines, "", *_next(report)]) + "\n"


def _headline(report: CalibrationReport) -> str:
    name = visible_name(report.suite)
    if report.refusals:
        return f"REFUSED: suite {name}: {visible(report.refusals[0], longest=_NOTE)}"
    fitted = report.fitted
    if fitted is None or fitted.pooled.auc is None:  # pragma: no cover -- it would be refused
        return f"REFUSED: suite {name}"
    pooled = fitted.pooled
    return (
        f"CALIBRATED: suite {name}: on labels that it did not see: AUC {_with(fitted.pooled.auc)}, "
        f"Brier {pooled.brier.value:.4f} against {pooled.brier_of_base_rate:.4f} by "
        f"the base rate, ECE {pooled.ece.value:.3f}"
    )


def _more_refusals(report: CalibrationReport) -> list[str]:
    return [f"  and {visible(each, longest=_NOTE)}" for each in report.refusals[1:]]


def _with(measure: Measure | None, digits: int = 3) -> str:
    if measure is None:
        return "unknown"
    value = f"{measure.value:.{digits}f}"
    low, high = measure.interval
    if not (isfinite(low) and isfinite(high)):
        return f"{value} (one cluster)"
    return f"{value} ({low:.{digits}f} to {high:.{digits}f})"


def _labels(seen: LabelsSeen) -> list[str]:
    decisions = ", ".join(f"{count} {name}" for name, count in sorted(seen.decisions.items()))
    by = {0: ", no reviewer named", 1: " by one reviewer"}.get(
        len(seen.reviewers), f" by {len(seen.reviewers)} reviewers"
    )
    lines = [f"{seen.rows} labels in {visible(seen.source)}{by}: {decisions}"]
    if seen.duplicates:
        lines.append(f"{seen.duplicates} rows stand there twice and count once")
    if seen.undecided:
        lines.append(f"{seen.undecided} rows wait for their decision and do not count")
    if seen.reviewed_twice:
        lines.append(
            f"{seen.reviewed_twice} outputs were decided by two or more reviewers: "
            f"{kappa_told(seen.agreement)}"
        )
    if seen.disagreements:
        lines.append(
            f"{seen.disagreements} outputs are overridden by one label and accepted by another; "
            "both count"
        )
    return lines


def _signals(fitted: Fitted) -> list[str]:
    rows = [
        [
            name,
            str(each.known),
            "" if each.auc is None else f"{each.auc:.3f}",
            _weight(each),
        ]
        for name, each in fitted.signals.items()
    ]
    return aligned(rows, ["signal", "labels", "AUC alone", "log-odds it adds"])


def _weight(found: SignalFound) -> str:
    if not found.log_odds:
        return "not used"
    why = "" if found.varies else " (assumed: it never varies here)"
    if not found.varies and not found.known:
        why = " (assumed: no label has it)"
    return f"{found.log_odds:+.2f}{why}"


def _reliability(pooled: Reliability) -> list[str]:
    """Table and plot: predicted `|`, overridden `o` with its interval `[--]`, both `@`."""
    rows = [
        [
            share(each.predicted),
            share(each.observed),
            f"{share(each.interval[0])} to {share(each.interval[1])}",
            str(each.rows),
        ]
        for each in pooled.bins
    ]
    lines = aligned(rows, ["predicted", "overridden", "95 % interval", "labels"])
    scale = f"0 %{'50 %'.center(_PLOT - 8)}100 %"
    plots = [scale, "-" * _PLOT, *(_plotted(each) for each in pooled.bins)]
    return [f"{line}  {plot}".rstrip() for line, plot in zip(lines, plots, strict=True)]


def _plotted(found: Bin) -> str:
    def column(of: float) -> int:
        return round(min(1.0, max(0.0, of)) * (_PLOT - 1))

    line = [" "] * _PLOT
    low, high = map(column, found.interval)
    line[low : high + 1] = ["-"] * (high + 1 - low)
    line[low], line[high] = "[", "]"
    line[column(found.predicted)] = "|"
    observed = column(found.observed)
    line[observed] = "@" if line[observed] == "|" else "o"
    return "".join(line)


def _segments(fitted: Fitted) -> list[str]:
    rows = [_segment("all", fitted.pooled)]
    rows += [_segment(visible_name(name), each) for name, each in fitted.segments.items()]
    headers = ["segment", "labels", "overridden", "predicted", "AUC", "Brier", "gain", "ECE"]
    lines = aligned(rows, [*headers, "by chance"])
    if fitted.small_segments:
        lines.append(
            f"{fitted.small_segments} segments with fewer than {SMALLEST_SEGMENT} labels are not "
            "shown"
        )
    if fitted.segments and fitted.within is not None:
        lines.append(
            f"AUC among outputs of the same segments: {fitted.within.value:.3f}, with 95 % "
            f"confidence above {fitted.within.interval[0]:.3f}"
        )
    lines.append(
        "gain: Brier score below the base rate's; by chance: an ECE that a perfect proxy stays "
        "below in 95 of 100 such sets of labels; off: above that"
    )
    return lines


def _segment(name: str, found: Reliability) -> list[str]:
    return [
        name,
        str(found.rows),
        share(found.overridden),
        share(found.predicted),
        _with(found.auc),
        f"{found.brier.value:.3f}",
        _with(found.gain),
        _with(found.ece),
        f"{found.ece_by_chance:.3f}" + (", off" if found.is_off else ""),
    ]


def _next(report: CalibrationReport) -> list[str]:
    if report.refusals:
        return ["nothing was written"]
    if not report.written:
        return ["nothing was written: --dry-run"]
    lines = [f"next: {visible(report.next_step)}"] if report.next_step else []
    return [*lines, f"written: {visible(report.written)}"]
