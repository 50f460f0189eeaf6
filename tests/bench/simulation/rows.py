"""The rows of the simulation: which gate on which suite, and what it must reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.core.policy import Policy, Tolerance

from .reach import Reach
from .runs import Setup
from .world import FIVE_PERCENT, NOISY, TAG, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RECORDED = 10  # trials a case of a baseline
SIDES = {"live": 0, "recorded": RECORDED}
SHAPES = tuple((cases, trials) for cases in (50, 200, 1000) for trials in (1, 3, 5))

# Runs of a row, by its number of cases: as many as a few minutes allow. An error of nearly 5 % asks
# for many until its bound is below, one of 1 % for few.
MANY = {50: 4000, 200: 8000, 1000: 3000}
SOME = {50: 2000, 200: 2000, 1000: 1000}
FEW = {50: 500, 200: 400, 1000: 150}

ALARM = Reach(share="fail", most=0.05, by_bound=True)
BY_SEGMENT = ((TAG,),)
OVERRIDE = {"override_rate": Tolerance(max_rise=0.02)}


def _failures(tolerance: float = 0.01) -> dict[str, Tolerance]:
    return {"failure_rate": Tolerance(max_rise=tolerance)}


ONE_METRIC = Policy(metrics=_failures())
SEGMENTED = Policy(metrics=_failures(), segments_by=BY_SEGMENT)
EVERYTHING = Policy(segments_by=BY_SEGMENT)  # the metrics of the default policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One configuration; its name seeds its draws."""

    name: str
    setup: Setup
    runs: int
    reaches: tuple[Reach, ...] = ()
    confirmed: tuple[Reach, ...] = ()  # what it must reach after confirmation


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One table."""

    key: str
    title: str
    rows: tuple[Row, ...]


def groups() -> tuple[Group, ...]:
    """Return all tables, in the order in which they are printed."""
    return (
        _equal("alarms", "Equal prompts, every option on", EVERYTHING, FEW),
        _equal("one-metric", "Equal prompts, one metric, no segments", ONE_METRIC, MANY),
        _equal("exact", "The same with exact: true", replace(ONE_METRIC, exact=True), SOME),
        _equal("strict", "The same with strict: true", replace(ONE_METRIC, strict=True), SOME),
        _group("tolerance", "A true rise as large as the tolerance, one metric", _tolerance()),
        _group("power", "Found: 200 cases x 3 trials, live, one metric, segments", _power()),
        _group("recorded", "The same against a baseline of ten trials", _recorded()),
        _group("small", "100 cases x 1 trial, 5 % of all answers fail, live", _small()),
        _group("population", "Clusters that move at random, 200 cases x 3 trials", _population()),
        _group("stopping", "What stopping early costs: 200 cases x 3 trials", _stopping()),
    )


def _group(key: str, title: str, rows: Iterator[Row]) -> Group:
    return Group(key=key, title=title, rows=tuple(rows))


def _shapes() -> Iterator[tuple[str, Truth]]:
    for side, recorded in SIDES.items():
        for cases, trials in SHAPES:
            truth = Truth(cases=cases, trials=trials, recorded=recorded)
            yield f"{cases} cases x {trials}, {side}", truth


def _equal(key: str, title: str, policy: Policy, runs: Mapping[int, int]) -> Group:
    def rows() -> Iterator[Row]:
        noisy = {f"200 cases x 3, {side}, noisy": recorded for side, recorded in SIDES.items()}
        shapes = dict(_shapes())
        for name, recorded in noisy.items():
            shapes[name] = Truth(recorded=recorded, mixture=NOISY)
        for name, truth in shapes.items():
            # Latency is compared where both sides are called; elsewhere it takes no alpha.
            measured = policy.without("latency_p95") if truth.recorded else policy
            yield Row(
                name=name,
                setup=Setup(truth=truth, policy=measured),
                runs=runs[truth.cases],
                reaches=() if name in noisy else (ALARM,),
            )

    return _group(key, title, rows())


def _tolerance() -> Iterator[Row]:
    for tolerance in (0.01, 0.05):
        policy = Policy(metrics=_failures(tolerance))
        for name, truth in _shapes():
            yield Row(
                name=f"rise and tolerance {tolerance:.2f}, {name}",
                setup=Setup(truth=replace(truth, rise=tolerance), policy=policy),
                runs=MANY[truth.cases],
                reaches=(Reach(share="pass", most=0.055),),
            )


def _power() -> Iterator[Row]:
    reaches = {"rise .02": 0.68, "rise .05": 0.99, "one segment of ten +.20": 0.82}
    for name, truth in _changes(Truth()):
        least = reaches.get(name)
        wanted = (ALARM,) if least is None else (Reach(share="fail", least=least),)
        yield Row(name=name, setup=Setup(truth=truth, policy=SEGMENTED), runs=3000, reaches=wanted)
    for name, truth in _changes(Truth(mixture=NOISY)):
        yield Row(name=f"{name}, noisy", setup=Setup(truth=truth, policy=SEGMENTED), runs=1000)


def _changes(truth: Truth) -> Iterator[tuple[str, Truth]]:
    yield "equal prompts", truth
    yield "rise .02", replace(truth, rise=0.02)
    yield "rise .05", replace(truth, rise=0.05)
    yield "one segment of ten +.20", replace(truth, broken=0.2)


def _recorded() -> Iterator[Row]:
    truth = Truth(recorded=RECORDED)
    reaches = {
        "equal prompts": (ALARM, Reach(share="calls", most=0.45)),
        "rise .02": (Reach(share="fail", least=0.85),),
        "rise .05": (Reach(share="fail", least=0.99), Reach(share="calls", most=0.15)),
        "one segment of ten +.20": (Reach(share="fail", least=0.82),),
    }
    for name, changed in _changes(truth):
        yield Row(
            name=name,
            setup=Setup(truth=changed, policy=SEGMENTED, confirm=True),
            runs=3000,
            reaches=reaches[name],
            confirmed=(ALARM,) if name == "equal prompts" else (),
        )
    for name, stale in (("half its failures", 0.5), ("all its failures", 1.0)):
        yield Row(
            name=f"equal prompts, the baseline lacks {name}",
            setup=Setup(truth=replace(truth, stale=stale), policy=SEGMENTED, confirm=True),
            runs=3000,
            confirmed=(ALARM,),
        )
    for name, changed in _changes(replace(truth, mixture=NOISY)):
        setup = Setup(truth=changed, policy=SEGMENTED, confirm=True)
        yield Row(name=f"{name}, noisy", setup=setup, runs=1000)


def _small() -> Iterator[Row]:
    truth = Truth(cases=100, trials=1, mixture=FIVE_PERCENT, segments=5, first_segment=15)
    two = replace(SEGMENTED, metrics=_failures() | OVERRIDE)
    for metrics, policy in (("one metric", SEGMENTED), ("two metrics", two)):
        equal = Setup(truth=truth, policy=policy)
        broken = Setup(truth=replace(truth, broken=1.0), policy=policy)
        caught = (Reach(share="fail", least=0.999),)
        yield Row(name=f"equal prompts, {metrics}", setup=equal, runs=4000, reaches=(ALARM,))
        name = f"a segment of 15 cases broken, {metrics}"
        yield Row(name=name, setup=broken, runs=1500, reaches=caught)


def _population() -> Iterator[Row]:
    for side, recorded in SIDES.items():
        for size in (1, 5):
            truth = Truth(recorded=recorded, cluster_size=size, cluster_effect=0.3)
            name = f"{200 // size} clusters of {size}, {side}, scope"
            drawn = Setup(truth=truth, policy=replace(ONE_METRIC, scope="population"))
            fixed = Setup(truth=truth, policy=ONE_METRIC)
            yield Row(name=f"{name} population", setup=drawn, runs=10_000, reaches=(ALARM,))
            yield Row(name=f"{name} fixtures", setup=fixed, runs=1000)


def _stopping() -> Iterator[Row]:
    for side, recorded in SIDES.items():
        for name, truth in _changes(Truth(recorded=recorded)):
            for looks, told in ((8, "eight looks"), (1, "one look")):
                setup = Setup(truth=truth, policy=SEGMENTED, looks=looks)
                yield Row(name=f"{name}, {side}, {told}", setup=setup, runs=2000)
