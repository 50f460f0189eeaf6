"""Made-up suites whose truth is known: how often each case fails with the old and the new prompt.

Nothing here knows the gate but its columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gate.core.columns import Columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

TAG = "s"
SEGMENTS = 10
BROKEN = "s=0"  # the segment that `Truth.broken` is about


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """What the cases of a suite are like: steady ones, flaky ones and hopeless ones."""

    steady: float  # share of the cases that fail with probability 0.005 ...
    flaky: float  # ... and with one that is uniform on `between`; the others nearly always fail
    between: tuple[float, float] = (0.1, 0.9)
    steady_p: float = 0.005
    hopeless_p: float = 0.98

    def draw(self, rng: np.random.Generator, cases: int) -> Floats:
        """Return a probability of failure for each case; shape (N,)."""
        kind = rng.random(cases)
        flaky = rng.uniform(*self.between, cases)
        return np.select(
            [kind < self.steady, kind < self.steady + self.flaky],
            [np.full(cases, self.steady_p), flaky],
            self.hopeless_p,
        )


STEADY = Mixture(steady=0.90, flaky=0.06)
NOISY = Mixture(steady=0.85, flaky=0.10, between=(0.05, 0.5))
FIVE_PERCENT = Mixture(steady=1.0, flaky=0.0, steady_p=0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A suite, a change, and how much is asked of them."""

    cases: int = 200
    trials: int = 3
    recorded: int = 0  # old trials of each case from a baseline; 0: old is called as new is
    mixture: Mixture = STEADY
    rise: float = 0.0  # of the mean probability of failure
    broken: float = 0.0  # the same, inside the first segment alone
    stale: float = 0.0  # share of the old failures that the baseline knows nothing of
    first_segment: int | None = None  # cases in it; None: all segments have the same number
    segments: int = SEGMENTS
    cluster_size: int = 1
    cluster_effect: float = 0.0  # a cluster's rise or fall, with equal chances, is at most this

    def segment(self) -> Ints:
        """Return the number of each case's segment; shape (N,)."""
        first = self.first_segment
        if first is None:
            return np.arange(self.cases) * self.segments // self.cases
        others = 1 + np.arange(self.cases - first) % (self.segments - 1)
        return np.concatenate([np.zeros(first, dtype=np.int64), others])

    def probabilities(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw how often each case fails with the old and the new prompt; each of shape (N,)."""
        old = self.mixture.draw(rng, self.cases)
        if self.cluster_effect:
            return self._moved_by_cluster(old, rng)
        new = _raised(old, self.rise)
        if self.broken:
            inside = self.segment() == 0
            new[inside] = _raised(old[inside], self.broken)
        return old, new

    def _moved_by_cluster(self, p: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Make each cluster worse on a side drawn by a fair coin: the mean change is zero."""
        cluster = np.arange(self.cases) // self.cluster_size
        effect = rng.uniform(0, self.cluster_effect, self.cases)[cluster]
        worse = p + effect * (1 - p)
        is_rise = (rng.random(self.cases) < 0.5)[cluster]
        return np.where(is_rise, p, worse), np.where(is_rise, worse, p)


def _raised(p: Floats, rise: float) -> Floats:
    """Raise the mean by `rise`: each case loses the same share of its successes."""
    return np.minimum(1.0, p + rise * (1 - p) / (1 - p).mean())


@dataclass(frozen=True, slots=True)
class Draws:
    """The trials of one side; every array has shape (N, trials)."""

    failed: Floats
    override: Floats
    cost: Floats
    latency_ms: Floats

    def first(self, trials: Ints) -> tuple[Ints, tuple[Floats, ...]]:
        """Return the case and the values of the first so many trials of each case."""
        mask = np.arange(self.failed.shape[1]) < trials[:, None]
        values = (self.failed, self.override, self.cost, self.latency_ms)
        return np.nonzero(mask)[0], tuple(each[mask] for each in values)


class World:
    """One suite with all the trials that could be asked for, drawn once."""

    def __init__(self, truth: Truth, rng: np.random.Generator) -> None:
        """Draw the suite's probabilities, then its trials."""
        self.truth = truth
        old, new = truth.probabilities(rng)
        nature = _Nature(rng, truth.cases)
        self.new = nature.draw(new, truth.trials)
        self.old = nature.draw(old, truth.trials)
        self.baseline = nature.draw(old * (1 - truth.stale), truth.recorded)
        self.tags = tuple({TAG: str(number)} for number in truth.segment().tolist())
        self.recorded = np.full(truth.cases, truth.recorded, dtype=np.int64)

    def columns(self, new_trials: Ints, *, is_live: bool) -> Columns:
        """Lay out the first trials of each case: old ones as many as new ones, or the baseline."""
        cases = self.truth.cases
        old, old_trials = (self.old, new_trials) if is_live else (self.baseline, self.recorded)
        old_case, old_values = old.first(old_trials)
        new_case, new_values = self.new.first(new_trials)
        failed, override, cost, latency_ms = map(
            np.concatenate, zip(old_values, new_values, strict=True)
        )
        case = np.concatenate([old_case, new_case])
        nothing = np.zeros(cases, dtype=np.int64)
        return Columns(
            case=case,
            is_new=np.arange(len(case)) >= len(old_case),
            failed=failed,
            override=override,
            cost_usd=cost,
            tokens=cost,
            latency_ms=latency_ms if is_live else np.full(len(case), np.nan),
            tags=self.tags,
            cluster=np.arange(cases) // self.truth.cluster_size,
            is_added=nothing > 0,
            is_recorded=np.full(cases, not is_live),
            is_same=nothing > 0,
            missing_old=nothing,
            missing_new=nothing,
            planned_new=nothing + self.truth.trials,
        )


class _Nature:
    """What old and new have in common of each case, failures aside."""

    def __init__(self, rng: np.random.Generator, cases: int) -> None:
        self._rng = rng
        self._override = rng.beta(0.3, 3.0, (cases, 1))
        self._cost = rng.lognormal(4.0, 0.5, (cases, 1))
        self._latency = rng.lognormal(6.0, 0.3, (cases, 1))

    def draw(self, p: Floats, trials: int) -> Draws:
        """Draw so many trials of each case. A failure is always overridden."""
        rng, shape = self._rng, (len(p), trials)
        failed = (rng.random(shape) < p[:, None]).astype(np.float64)
        override = np.clip(self._override * rng.uniform(0.3, 1.7, shape), 0.0, 1.0)
        return Draws(
            failed,
            np.where(failed > 0, 1.0, override),
            self._cost * rng.lognormal(0.0, 0.1, shape),
            self._latency * rng.lognormal(0.0, 0.5, shape),
        )
