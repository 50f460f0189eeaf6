"""Made-up outputs whose probability of an override is known.

Nothing here knows the gate but the columns of `Labelled`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from gate.core.ppi import Labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

GRID = np.linspace(-9, 9, 20_001)  # of a standard normal risk
MASS = np.exp(-(GRID**2) / 2) / np.exp(-(GRID**2) / 2).sum()
BELOW = np.cumsum(MASS)
SURPRISE = 0.03  # share of the outputs of which a sharp proxy is wrong


def logistic(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


@cache
def intercept(rate: float, slope: float) -> float:
    """Return the b with mean(logistic(b + slope x risk)) = rate."""
    low, high = -60.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        is_low = float(MASS @ logistic(middle + slope * GRID)) < rate
        low, high = (middle, high) if is_low else (low, middle)
    return low


@dataclass(frozen=True)
class Scored:
    """Labels with a risk that is standard normal and decides, by a logistic law, on an override.

    The score is the risk itself: a threshold knows only how scores are ordered.
    """

    rate: float  # of overrides
    slope: float  # how much the risk says: AUC 0.5 for 0, 0.75 for 1, 0.93 for 3
    size: int = 1  # labels of a cluster
    alike: float = 0.0  # correlation of the risks of a cluster

    @cached_property
    def _probability(self) -> Floats:
        return logistic(intercept(self.rate, self.slope) + self.slope * GRID)

    @cached_property
    def _missed(self) -> Floats:
        return np.cumsum(MASS * self._probability) / self.rate

    @cached_property
    def _accepted(self) -> Floats:
        return np.cumsum(MASS * (1 - self._probability)) / (1 - self.rate)

    def draw(self, rng: np.random.Generator, labels: int) -> tuple[Floats, Bools, Ints]:
        """Return the score of each label, whether it was overridden, and its cluster."""
        cluster = np.arange(labels) // self.size
        shared = rng.standard_normal(labels)[cluster]
        own = rng.standard_normal(labels)
        risk = math.sqrt(self.alike) * shared + math.sqrt(1 - self.alike) * own
        probability = np.interp(risk, GRID, self._probability)
        return risk, rng.random(labels) < probability, cluster

    def miss_rate(self, threshold: float) -> float:
        """Return the true share of overridden outputs below a threshold."""
        return float(np.interp(threshold, GRID, self._missed))

    def false_positive_rate(self, threshold: float) -> float:
        """Return the true share of accepted outputs at or above a threshold."""
        return 1 - float(np.interp(threshold, GRID, self._accepted))

    def oracle(self, miss_rate: float) -> float:
        """Return the threshold with this true miss rate."""
        return float(np.interp(miss_rate, self._missed, GRID))


@dataclass(frozen=True)
class Proxy:
    """What a proxy knows of the risk, and how it says it."""

    slope: float  # of the true probability
    kind: str

    def draw(self, rng: np.random.Generator, risk: Floats, rate: float) -> tuple[Floats, Floats]:
        """Return the proxy of each trial, and 1 where it is overridden, in `rate` of them."""
        if self.kind == "sharp":
            flagged = (rate - SURPRISE) / (1 - 2 * SURPRISE)
            bad = risk > np.interp(1 - flagged, BELOW, GRID)
            overridden = bad ^ (rng.random(len(risk)) < SURPRISE)
            return np.where(bad, 1 - SURPRISE, SURPRISE), overridden.astype(np.float64)
        probability = logistic(intercept(rate, self.slope) + self.slope * risk)
        overridden = (rng.random(len(risk)) < probability).astype(np.float64)
        match self.kind:
            case "good":
                return probability, overridden
            case "poor":
                return logistic(intercept(rate, 0.6) + 0.6 * risk), overridden
            case _:  # miscalibrated: 0.01 is called 0.16, and 0.5 is called 0.76
                return probability**0.4, overridden


PROXIES = {
    "good": Proxy(slope=4.0, kind="good"),
    "poor": Proxy(slope=1.0, kind="poor"),
    "miscalibrated": Proxy(slope=2.5, kind="miscalibrated"),
    "sharp, 3 % wrong": Proxy(slope=0.0, kind="sharp"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The trials of two sides, and which of them are labelled."""

    cases: int = 2000
    trials: int = 1  # of a case
    alike: float = 0.0  # correlation of the risks of a case, on both sides
    whole_cases: bool = False  # a case is labelled with all its trials or not at all
    same: bool = False  # the same trials are labelled on both sides

    def draw(
        self, rng: np.random.Generator, proxy: Proxy, rates: tuple[float, float], labels: int
    ) -> tuple[Labelled, Labelled]:
        """Draw old and new, with these override rates and so many labels on each side."""
        case = np.repeat(np.arange(self.cases), self.trials)
        shared = rng.standard_normal(self.cases)[case]
        chosen = self._chosen(rng, labels)
        sides = []
        for rate in rates:
            own = rng.standard_normal(len(case))
            risk = math.sqrt(self.alike) * shared + math.sqrt(1 - self.alike) * own
            said, overridden = proxy.draw(rng, risk, rate)
            label = np.full(len(case), np.nan)
            label[chosen] = overridden[chosen]
            sides.append(Labelled(case=case, proxy=said, label=label))
            if not self.same:
                chosen = self._chosen(rng, labels)
        return sides[0], sides[1]

    def _chosen(self, rng: np.random.Generator, labels: int) -> Ints:
        if not self.whole_cases:
            return rng.permutation(self.cases * self.trials)[:labels]
        first = rng.permutation(self.cases)[: labels // self.trials] * self.trials
        return (first[:, None] + np.arange(self.trials)).ravel()
