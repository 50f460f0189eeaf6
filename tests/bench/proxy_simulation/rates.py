"""Prediction-powered override rates on trials whose true rate is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gate.core.ppi import override_change, override_rate

from .table import Reach
from .world import PROXIES, Suite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.core.ppi import Labelled
    from gate.core.report import OverrideEstimate

    from .world import Proxy

RISE = 0.03  # of new over old
COLUMNS = ("side", "width", "alone", "change", "width", "alone", "lambda", "none")
_KEYS = (
    "side", "side width", "side alone", "change", "change width", "change alone", "lambda", "none",
)  # fmt: skip
SUITES = {
    "single trials": Suite(),
    "single, same cases labelled": Suite(alike=0.5, same=True),
    "five a case": Suite(cases=400, trials=5, alike=0.5),
    "whole cases of five": Suite(cases=400, trials=5, alike=0.5, whole_cases=True, same=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Estimates from so many labels a side; all numbers but lambda are in %."""

    name: str
    suite: Suite
    proxy: Proxy
    rate: float
    labels: int
    reaches: tuple[Reach, ...]

    def numbers(self, rng: np.random.Generator, runs: int) -> dict[str, float]:
        """Draw trials so often; return the row.

        Returns:
            side, change: draws whose interval holds the truth, and the mean width of the interval,
            beside that of labels alone. lambda: its mean for a side. none: draws without an
            estimate, which the other numbers leave out.
        """
        seen = [self._once(rng) for _ in range(runs)]
        found = np.array([each for each in seen if each is not None]).reshape(-1, len(_KEYS) - 1)
        means = (100, 100, 100, 100, 100, 100, 1) * found.mean(axis=0)
        missing = 100 * (1 - len(found) / runs)
        return dict(zip(_KEYS, [*means.tolist(), missing], strict=True))

    def _once(self, rng: np.random.Generator) -> tuple[float, ...] | None:
        rates = (self.rate, self.rate + RISE)
        old, new = self.suite.draw(rng, self.proxy, rates, self.labels)
        side, change = override_rate(old), override_change(old, new)
        alone, change_alone = override_rate(_alone(old)), override_change(_alone(old), _alone(new))
        if None in (side, change, alone, change_alone):
            return None
        return (
            _holds(side, self.rate),
            _width(side),
            _width(alone),
            _holds(change, RISE),
            _width(change),
            _width(change_alone),
            side.weight,
        )


def few() -> Iterator[Row]:
    """Yield the smallest numbers of labels."""
    for labels in (10, 15, 20):
        for kind in PROXIES:
            for rate in (0.1, 0.3):
                yield _row("single trials", kind, rate, labels, least=93)
    for rate in (0.01, 0.03):
        for labels in (10, 30, 100):
            yield _row("single trials", "good", rate, labels, least=93)


def coverage() -> Iterator[Row]:
    """Yield what the intervals are made for; few labels may make them wider than they need be."""
    for labels in (30, 50, 100, 300):
        most = 97 if labels >= 100 else None
        for rate in (0.1, 0.3):
            for suite in SUITES:
                for kind in PROXIES:
                    yield _row(suite, kind, rate, labels, least=93, most=most)


def _row(
    suite: str, kind: str, rate: float, labels: int, *, least: float, most: float | None = None
) -> Row:
    return Row(
        name=f"{labels} labels, {rate:g} to {rate + RISE:g}, {suite}, {kind}",
        suite=SUITES[suite],
        proxy=PROXIES[kind],
        rate=rate,
        labels=labels,
        reaches=tuple(
            Reach(column=each, least=least, most=most, by_chance=True)
            for each in ("side", "change")
        ),
    )


def _alone(side: Labelled) -> Labelled:
    """Take away what the proxies say."""
    return replace(side, proxy=np.zeros(len(side.proxy)))


def _holds(found: OverrideEstimate, truth: float) -> bool:
    return found.interval[0] <= truth <= found.interval[1]


def _width(found: OverrideEstimate) -> float:
    return found.interval[1] - found.interval[0]
