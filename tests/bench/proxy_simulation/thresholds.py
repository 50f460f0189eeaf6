"""The review threshold on labels whose true miss rate is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.review import review_threshold, reviewed

from .table import Reach
from .world import Scored

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS = 500
FOLDS = 5
GOALS = ((0.1, 0.9), (0.1, 0.95), (0.05, 0.9), (0.05, 0.95))
SLOPES = {"poor": 1.0, "fair": 2.0, "good": 4.0}
COLUMNS = ("none", "kept", "miss", "FP", "x oracle", "x now", "adopted")
INTERVAL_COLUMNS = ("miss", "width", "FP", "width")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A threshold chosen from labels; all numbers but ratios are in %."""

    name: str
    world: Scored
    max_miss: float
    confidence: float
    labels: int = LABELS
    by_cluster: bool = False
    now: float | None = None  # true miss rate of the threshold in use; None: all is reviewed
    reaches: tuple[Reach, ...] = ()

    def numbers(self, rng: np.random.Generator, runs: int) -> dict[str, float]:
        """Draw labels so often; return the row.

        Returns:
            none: draws without a threshold, where all is reviewed. kept: draws whose true miss rate
            is at most `max_miss`. miss, FP: mean true rates. x oracle: mean ratio of the false
            positives to those of the threshold with just `max_miss`. x now: to those of the
            threshold in use. adopted: draws in which thresholds of other folds have fewer false
            positives than the one in use, on the labels.
        """
        world = self.world
        now = -math.inf if self.now is None else world.oracle(self.now)
        least, used = (
            world.false_positive_rate(world.oracle(self.max_miss)),
            world.false_positive_rate(now),
        )
        seen = np.array([self._once(rng, now) for _ in range(runs)])
        thresholds = seen[:, 0]
        missed = np.array([world.miss_rate(each) for each in thresholds])
        stopped = np.array([world.false_positive_rate(each) for each in thresholds])
        return {
            "none": 100 * float(np.isinf(thresholds).mean()),
            "kept": 100 * float((missed <= self.max_miss).mean()),
            "miss": 100 * float(missed.mean()),
            "FP": 100 * float(stopped.mean()),
            "x oracle": float((stopped / least).mean()),
            "x now": float((stopped / used).mean()),
            "adopted": 100 * float(seen[:, 1].mean()),
        }

    def _once(self, rng: np.random.Generator, now: float) -> tuple[float, bool]:
        scores, overridden, cluster = self.world.draw(rng, self.labels)
        goal = {"max_miss": self.max_miss, "confidence": self.confidence}
        chosen = review_threshold(
            scores[overridden], clusters=cluster[overridden] if self.by_cluster else None, **goal
        )
        held_out, folds = np.empty(len(scores)), cluster % FOLDS
        for fold in range(FOLDS):
            others = overridden & (folds != fold)
            at = review_threshold(
                scores[others], clusters=cluster[others] if self.by_cluster else None, **goal
            )
            held_out[folds == fold] = -math.inf if at is None else at
        is_fewer = bool(np.isfinite(held_out).all()) and (
            reviewed(scores, overridden, held_out).false_positives
            < reviewed(scores, overridden, now).false_positives
        )
        return (-math.inf if chosen is None else chosen), is_fewer


def guarantee() -> Iterator[Row]:
    """Yield 500 independent labels, for each goal, base rate and proxy."""
    for max_miss, confidence in GOALS:
        for rate in (0.1, 0.3, 0.5):
            for proxy, slope in SLOPES.items():
                is_near = (rate == 0.5 and confidence == 0.9) or (rate >= 0.3 and proxy != "good")
                yield Row(
                    name=f"{_goal(max_miss, confidence)}, {rate:g} overridden, {proxy} proxy",
                    world=Scored(rate=rate, slope=slope),
                    max_miss=max_miss,
                    confidence=confidence,
                    reaches=(_kept(confidence), *(Reach(column="x oracle", most=1.35),) * is_near),
                )


def usefulness() -> Iterator[Row]:
    """Yield thresholds in use that can be bettered, and scores that say nothing."""
    goal = {"max_miss": 0.1, "confidence": 0.9}
    for now, most in ((0.01, 0.5), (0.03, 0.7)):
        yield Row(
            name=f"good proxy, 0.3 overridden, the one in use misses {now:g}",
            world=Scored(rate=0.3, slope=4.0),
            now=now,
            reaches=(_kept(0.9), Reach(column="x now", most=most)),
            **goal,
        )
    for now in (0.05, 0.08):
        yield Row(
            name=f"scores that say nothing, the one in use misses {now:g}",
            world=Scored(rate=0.3, slope=0.0),
            now=now,
            reaches=(_kept(0.9), Reach(column="x now", least=0.95)),
            **goal,
        )


def clustered() -> Iterator[Row]:
    """Yield labels that come in clusters, with and without the design effect."""
    for size, alike in ((5, 0.0), (5, 0.5), (5, 0.9), (10, 0.9), (25, 0.9)):
        for max_miss, confidence in GOALS:
            for by_cluster in (True, False):
                told = f"{_goal(max_miss, confidence)}, {'by cluster' if by_cluster else 'plain'}"
                yield Row(
                    name=f"{size} a cluster, alike {alike:g}, {told}",
                    world=Scored(rate=0.3, slope=4.0, size=size, alike=alike),
                    max_miss=max_miss,
                    confidence=confidence,
                    by_cluster=by_cluster,
                    reaches=(_kept(confidence),) * by_cluster,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The intervals of what a given threshold does to labels; all numbers are in %."""

    name: str
    world: Scored
    miss: float  # true miss rate of the threshold
    by_cluster: bool
    reaches: tuple[Reach, ...] = ()

    def numbers(self, rng: np.random.Generator, runs: int) -> dict[str, float]:
        """Draw labels so often; return the row.

        Returns:
            miss, FP: draws whose interval of this rate holds the true one, and its mean width.
        """
        threshold = self.world.oracle(self.miss)
        truth = {"miss": self.miss, "FP": self.world.false_positive_rate(threshold)}
        seen = np.array([self._once(rng, threshold) for _ in range(runs)])
        numbers = {}
        for (name, rate), (low, high) in zip(truth.items(), seen.transpose(1, 2, 0), strict=True):
            numbers[name] = 100 * float(((low <= rate) & (rate <= high)).mean())
            numbers[f"{name} width"] = 100 * float((high - low).mean())
        return numbers

    def _once(self, rng: np.random.Generator, threshold: float) -> tuple[tuple[float, float], ...]:
        scores, overridden, cluster = self.world.draw(rng, LABELS)
        found = reviewed(scores, overridden, threshold, cluster if self.by_cluster else None)
        return found.miss_interval, found.false_positive_interval


def intervals() -> Iterator[Held]:
    """Yield a threshold held against labels that did not choose it."""
    for size, alike in ((1, 0.0), (5, 0.0), (5, 0.9), (10, 0.9), (25, 0.9)):
        for miss in (0.02, 0.1):
            for by_cluster in (True, False):
                told = "by cluster" if by_cluster else "plain"
                reaches = [Reach(column=each, least=95, by_chance=True) for each in ("miss", "FP")]
                yield Held(
                    name=f"{size} a cluster, alike {alike:g}, misses {miss:g}, {told}",
                    world=Scored(rate=0.3, slope=4.0, size=size, alike=alike),
                    miss=miss,
                    by_cluster=by_cluster,
                    reaches=tuple(reaches) if by_cluster else (),
                )


def _goal(max_miss: float, confidence: float) -> str:
    return f"miss {max_miss:g} at {confidence:g}"


def _kept(confidence: float) -> Reach:
    return Reach(column="kept", least=100 * confidence, by_chance=True)
