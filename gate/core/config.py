"""What `gate.yaml` says, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.core.policy import Policy, Repeats, Waiver
from gate.core.score import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.judge import JudgeRules
    from gate.core.override_file import OverrideFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLimits:
    """What `gate calibrate` chooses the review threshold by."""

    max_miss: float = 0.05  # share of the overridden outputs that may go unseen
    confidence: float = 0.95  # with which it stays below


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One automation under test: a prompt, its cases, and how its outputs are judged."""

    name: str
    prompt: str
    cases: str | None = None  # a path or a glob; None: the prompt's own testData
    repeats: Repeats = field(default_factory=Repeats)
    rules: Rules = field(default_factory=lambda: Rules(checks=()))
    proxy: str | None = None  # path of the calibrated proxy; rules.proxy is what it says
    judge: JudgeRules | None = None
    labels: str | None = None  # path of reviewers' decisions; they move no verdict
    calibration: OverrideFile | None = None  # that file; None: there is none
    review: ReviewLimits = field(default_factory=ReviewLimits)
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole `gate.yaml`."""

    source: str  # where it was read, "abc1234:gate.yaml"
    owner: str = ""
    suites: Mapping[str, Suite] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    waivers: tuple[Waiver, ...] = ()
