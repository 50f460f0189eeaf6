"""How the rows are run: the gate in fresh projects, against a vendor of its own each."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from busy_vendor import BusyVendor

from .measure import LIMIT_S, best, environment, measure
from .project import KEY, SIDES, WIDTH, Project
from .table import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


SHARDS = 8


@dataclass(slots=True)
class Bench:
    """A folder for the projects, and what was measured so far."""

    folder: Path
    lines: dict[str, Line] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)

    def project(self, name: str, *, cases: int) -> Project:
        """Return a fresh project: nothing is recorded."""
        self.projects[name] = Project(self.folder / name, cases=cases)
        return self.projects[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a row asks of the vendor."""

    cases: int
    latency_ms: float
    faults: str = ""
    limit_s: float = LIMIT_S


def with_key(url: str) -> dict[str, str]:
    """Return the variables of a run against a vendor.

    The variable, unlike `baseUrl`, is no part of a request's digest: recordings outlive a port.
    """
    return environment(OPENAI_BASE_URL=f"{url}/v1", OPENAI_API_KEY=KEY)


def startup(bench: Bench, name: str) -> Line:
    """Time `--help`."""
    command = [sys.executable, "-m", "gate", "--help"]
    run = best(5, command, cwd=bench.folder, env=environment())
    return Line(name=name, run=run, most={"seconds": 0.15})


def idle(bench: Bench, name: str) -> Line:
    """Time a check that finds nothing affected."""
    project = bench.project(name, cases=1000)
    project.commit()
    command = [sys.executable, "-m", "gate", "check"]
    run = best(5, command, cwd=project.folder, env=environment())
    return Line(name=name, run=run, most={"seconds": 0.3})


def floor(load: Load, *sides: str) -> Callable[[Bench, str], Line]:
    """Make the calls with a bare client."""

    def make(_: Bench, name: str) -> Line:
        with BusyVendor(latency_ms=load.latency_ms) as vendor:
            run = measure(
                [sys.executable, "-m", "replay.floor", vendor.url, str(load.cases), *sides],
                cwd=Path(__file__).parents[1],
                env=environment(),
            )
            stats = vendor.stats()
        calls = load.cases * len(sides)
        return Line(name=name, run=run, calls=calls, latency_ms=load.latency_ms, stats=stats)

    return make


def checked(
    load: Load, *arguments: str, clean: str = "", most: Mapping[str, float] | None = None
) -> Callable[[Bench, str], Line]:
    """Run `gate check` of two prompts on fresh recordings.

    Args:
        load: What is asked of the vendor.
        arguments: More of them for the command.
        clean: The row that makes the same calls without faults.
        most: The reach.
    """

    def make(bench: Bench, name: str) -> Line:
        project = bench.project(name, cases=load.cases)
        with BusyVendor(latency_ms=load.latency_ms, faults=load.faults) as vendor:
            run = project.check(*arguments, env=with_key(vendor.url), limit_s=load.limit_s)
            stats = vendor.stats()
        return Line(
            name=name,
            run=run,
            calls=2 * load.cases if "--all-calls" in arguments else stats["requests"],
            latency_ms=load.latency_ms,
            stats=stats,
            clean=bench.lines[clean].run if clean else None,
            most=most or {},
        )

    return make


def again(of: str, most: Mapping[str, float]) -> Callable[[Bench, str], Line]:
    """Run the project of another row again, whose answers are recorded."""

    def make(bench: Bench, name: str) -> Line:
        project = bench.projects[of]
        with BusyVendor() as vendor:
            run = project.check("--all-calls", env=with_key(vendor.url))
            stats = vendor.stats()
        return Line(name=name, run=run, calls=2 * project.cases, stats=stats, most=most)

    return make


def merged(of: str) -> Callable[[Bench, str], Line]:
    """Merge eight shards of another row's project; they are made of its recordings, untimed."""

    def make(bench: Bench, name: str) -> Line:
        project = bench.projects[of]
        with BusyVendor() as vendor:
            env = with_key(vendor.url)
            for index in range(1, SHARDS + 1):
                part = ("--shard", f"{index}/{SHARDS}", "--output", "shards")
                run = project.gate("check", *SIDES, *part, "--quiet", env=env)
                if run.exit_code:
                    return Line(name=name, run=run)
            shutil.rmtree(project.folder / ".gate")  # the machine that merges has the shards only
            form = ("--all-calls", "--format", "json", "--quiet")
            run = project.gate("merge", "shards", *SIDES, *form, env=env)
            stats = vendor.stats()
        most = {"requests": 0.0, "lost": 0.0}
        return Line(name=name, run=run, calls=2 * project.cases, stats=stats, most=most)

    return make


def against_baseline(load: Load, most: Mapping[str, float]) -> Callable[[Bench, str], Line]:
    """Run `gate check` where a baseline holds the old side; making it is not timed."""

    def make(bench: Bench, name: str) -> Line:
        project = bench.project(name, cases=load.cases)
        refresh = ("refresh", "--concurrency", str(WIDTH), "--quiet")
        with BusyVendor() as vendor:
            run = project.gate(*refresh, env=with_key(vendor.url))
        if run.exit_code:
            return Line(name=name, run=run, most=most)
        shutil.rmtree(project.folder / ".gate")  # a clone has the baseline only
        with BusyVendor(latency_ms=load.latency_ms) as vendor:
            run = project.check("--all-calls", env=with_key(vendor.url), limit_s=load.limit_s)
            stats = vendor.stats()
        return Line(
            name=name,
            run=run,
            calls=load.cases,
            latency_ms=load.latency_ms,
            stats=stats,
            most=most,
        )

    return make
