"""A whole run of the gate on a made-up suite: looks, early stops, and the confirmation of a fail.

Everything that decides is the gate's own; only the trials are made up.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gate.core.judgement import judge_columns
from gate.core.plan import look_ends, look_times, stratified_order, trials_by
from gate.core.report import Verdict
from gate.core.sequential import LOOKS, Look

from .world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.judgement import Judged
    from gate.core.policy import Policy

    from .world import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A suite, and the gate that judges it."""

    truth: Truth
    policy: Policy
    looks: int = LOOKS
    confirm: bool = False  # a fail against a baseline stands only if it holds live against live


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one run ended."""

    verdict: Verdict
    calls: float  # as a share of those of the whole plan with both sides live
    failed: tuple[tuple[str, str | None], ...]  # metric and segment of the findings that failed


@dataclass(slots=True)
class Tally:
    """Many runs, counted."""

    runs: int = 0
    fails: int = 0
    passes: int = 0
    calls: float = 0.0
    cpu_s: float = 0.0
    failed: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def add(self, ended: Ended) -> None:
        """Count one run."""
        self.runs += 1
        self.fails += ended.verdict is Verdict.FAIL
        self.passes += ended.verdict is Verdict.PASS
        self.calls += ended.calls
        self.failed.update(ended.failed)

    def merge(self, other: Tally) -> None:
        """Count the runs that another tally counted."""
        self.runs += other.runs
        self.fails += other.fails
        self.passes += other.passes
        self.calls += other.calls
        self.cpu_s += other.cpu_s
        self.failed.update(other.failed)


def tally(setup: Setup, name: str, numbers: Sequence[int]) -> tuple[Tally, Tally]:
    """Do these runs; each run's draws depend on `name` and its number alone.

    Returns:
        How they ended, and how they did after confirmation (the same where there is none).
    """
    first, confirmed = Tally(), Tally()
    began = time.process_time()
    for number in numbers:
        rng = np.random.default_rng((zlib.crc32(name.encode()), number))
        for each, ended in zip((first, confirmed), run(setup, rng), strict=True):
            each.add(ended)
    first.cpu_s = time.process_time() - began
    return first, confirmed


def run(setup: Setup, rng: np.random.Generator) -> tuple[Ended, Ended]:
    """Do one run; return how it ended before and after confirmation."""
    truth, policy = setup.truth, setup.policy
    world = World(truth, rng)
    seed = int(rng.integers(2**62))
    order = stratified_order(world.tags, policy.segments_by, seed=seed)
    ends = look_ends(truth.cases, truth.trials, looks=setup.looks)
    both = 2 * truth.cases * truth.trials
    is_live = not truth.recorded
    judged, index = _judge_until_decided(world, policy, order, ends, is_live=is_live)
    ended = _ended(judged, ends[index] * (2 if is_live else 1) / both)
    if not setup.confirm or judged.verdict is not Verdict.FAIL:
        return ended, ended
    # Old is called for the pairs that were seen; after those the looks come as planned.
    rest = ends[index:]
    judged, index = _judge_until_decided(world, policy, order, rest, is_live=True)
    return ended, _ended(judged, 2 * rest[index] / both)


def _judge_until_decided(
    world: World, policy: Policy, order: Sequence[int], ends: Sequence[int], *, is_live: bool
) -> tuple[Judged, int]:
    """Look until the verdict is decided; return the judgement and the number of its look."""
    times = look_times(order, ends, world.recorded * (not is_live))
    for index, end in enumerate(ends):
        columns = world.columns(trials_by(order, end), is_live=is_live)
        judged = judge_columns(columns, policy, look=Look(times=times, index=index))
        if judged.is_decided:
            return judged, index
    raise AssertionError("the last look always decides")


def _ended(judged: Judged, calls: float) -> Ended:
    failed = [each for each in judged.findings if each.verdict is Verdict.FAIL]
    return Ended(
        verdict=judged.verdict,
        calls=calls,
        failed=tuple((each.metric, each.segment) for each in failed),
    )
