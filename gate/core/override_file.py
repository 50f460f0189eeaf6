"""What a calibration leaves behind for the gate: `baselines/<suite>.override.json` as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gate.core.calibrated import CalibratedProxy, Curve, rounded
from gate.core.signals import measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.core.signals import Answer

FORMAT = "gate-override/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedOn:
    """The labels that a proxy was fitted on."""

    labels: int
    overridden: int
    reviewers: int  # that are named
    newest: str | None  # ISO 8601, of the label that was given last; None: they do not say
    digest: str  # of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """How well the proxy did on labels that it had not seen."""

    auc: float
    brier: float
    brier_of_base_rate: float
    ece: float
    worst_segment: str | None  # "tag=value" with the highest ECE; None: no segment has the labels
    worst_ece: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRule:
    """From which score on an output goes to a human."""

    max_miss: float | None  # share of the overridden outputs that may go unseen; None: no promise
    confidence: float | None  # with which it stays below
    threshold: float
    segments: Mapping[str, float] = field(default_factory=dict)  # by "tag=value"

    def threshold_of(self, segment: Mapping[str, str]) -> float:
        """Return the threshold of an output: the lowest of its segments', or the one of all."""
        own = [
            self.segments[name]
            for tag, value in segment.items()
            if (name := f"{tag}={value}") in self.segments
        ]
        return min(own, default=self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideFile:
    """A calibrated proxy with where it comes from."""

    suite: str
    fitted_at: str  # ISO 8601, UTC
    fitted_on: FittedOn
    held_out: HeldOut
    proxy: CalibratedProxy
    review: ReviewRule | None = None  # None: no threshold can be promised
    judge: str | None = None  # identity of the judge that gave the signal `judge`

    def score(
        self,
        answer: Answer,
        *,
        segment: Mapping[str, str],
        expected: Any = None,
        references: Sequence[str] = (),
        decision: Sequence[str] = (),
    ) -> float | None:
        """Return the probability that a reviewer would override an output.

        Args:
            answer: The output, with what is known of it.
            segment: Its tags.
            expected: What it should be, where that is known; in production it is not.
            references: Approved outputs to the same input.
            decision: Dotted paths of the fields that a reviewer acts on.

        Returns:
            A number in [0, 1]; None if a signal is not known that the labels never lacked.
        """
        signals = measure(
            answer,
            expected=expected,
            references=references,
            decision=decision,
            names=self.proxy.names,
        )
        return self.proxy.probability(signals, segment)

    def goes_to_a_human(self, score: float | None, segment: Mapping[str, str]) -> bool:
        """Tell whether an output with this score is to be reviewed; one without a score is."""
        if score is None or self.review is None:
            return True
        return not score < self.review.threshold_of(segment)  # what is no number is reviewed


def as_json(file: OverrideFile) -> dict[str, Any]:
    """Return the file's JSON value, numbers rounded."""
    curves = {
        name: {"points": [[rounded(x), rounded(y)] for x, y in curve.points]}
        | ({} if curve.absent is None else {"absent": rounded(curve.absent)})
        for name, curve in file.proxy.curves.items()
    }
    on, out, review = file.fitted_on, file.held_out, file.review
    value: dict[str, Any] = {
        "format": FORMAT,
        "suite": file.suite,
        "fitted_at": file.fitted_at,
        "fitted_on": {
            "labels": on.labels,
            "overridden": on.overridden,
            "reviewers": on.reviewers,
            "newest": on.newest,
            "digest": on.digest,
        },
        "held_out": {
            "auc": rounded(out.auc),
            "brier": rounded(out.brier),
            "brier_of_base_rate": rounded(out.brier_of_base_rate),
            "ece": rounded(out.ece),
            "worst_segment": out.worst_segment,
            "worst_ece": None if out.worst_ece is None else rounded(out.worst_ece),
        },
        "judge": file.judge,
        "intercept": rounded(file.proxy.intercept),
        "signals": curves,
        "segments": {name: rounded(offset) for name, offset in file.proxy.offsets.items()},
        "review": None,
    }
    if review is not None:
        value["review"] = {
            "max_miss": review.max_miss,
            "confidence": review.confidence,
            "threshold": rounded(review.threshold),
            "segments": {name: rounded(each) for name, each in review.segments.items()},
        }
    return value


def from_json(value: Mapping[str, Any]) -> OverrideFile:
    """Return the values of a file that its schema allows.

    Raises:
        ValueError: A curve falls, or its points do not stand in order.
    """
    curves = {name: _curve(name, raw) for name, raw in value["signals"].items()}
    review = value["review"]
    return OverrideFile(
        suite=value["suite"],
        fitted_at=value["fitted_at"],
        fitted_on=FittedOn(**value["fitted_on"]),
        held_out=HeldOut(**value["held_out"]),
        judge=value["judge"],
        proxy=CalibratedProxy(
            intercept=value["intercept"], curves=curves, offsets=value["segments"]
        ),
        review=None if review is None else ReviewRule(**review),
    )


def _curve(name: str, raw: Mapping[str, Any]) -> Curve:
    points = tuple((x, y) for x, y in raw["points"])
    for (x0, y0), (x1, y1) in pairwise(points):
        if x1 <= x0 or y1 < y0:
            raise ValueError(
                f"signals.{name}: ({x1}, {y1}) after ({x0}, {y0}): a curve never falls"
            )
    return Curve(points=points, absent=raw.get("absent"))
