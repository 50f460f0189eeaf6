"""Replaying one shard of a change: its answers and what they took, and no verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.flow.merging import policy_digest
from gate.store.shards import ShardAnswer, ShardHead, SuiteShard, write_shard
from gate.store.writer import refuse_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.core.policy import Policy
    from gate.core.secrets import Secrets
    from gate.core.shard import Shard
    from gate.flow.change import Change
    from gate.flow.gathered import Gathered
    from gate.flow.run import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRun:
    """What one shard came to."""

    path: Path
    answers: int
    called: int
    missing: int
    cost_usd: float


def replay_shard(
    change: Change,
    policy: Policy,
    runner: Runner,
    shard: Shard,
    *,
    flags: str,
    folder: Path,
    secrets: Secrets,
) -> ShardRun:
    """Replay a shard of every affected suite, and write what was answered.

    Raises:
        IncompleteError: The trials could not be gathered, or an answer carries a secret; nothing
            is written, what was answered is recorded.
        ConfigError: A template fails; a key or package that a provider needs is missing.
        UsageError: The file cannot be written.
    """
    suites: dict[str, SuiteShard] = {}
    answers: list[ShardAnswer] = []
    for each in change.suites:
        (found, held), name = runner.replay(each, shard), each.suite.name
        own = list(_answers(name, found, held))
        for answer in own:  # an older recording may carry what is a secret now
            if answer.response is not None:
                refuse_secrets(answer.response, secrets)
        suites[name] = SuiteShard(
            plan=found.plan.digest,
            answers=len(own),
            retries=found.tally.retries,
            cost_usd=found.tally.cost_usd,
        )
        answers += own
    head = ShardHead(
        shard=shard,
        base=change.base,
        policy=policy_digest(policy),
        flags=flags,
        suites=suites,
    )
    missing = sum(answer.response is None for answer in answers)
    return ShardRun(
        path=write_shard(folder, head, answers),
        answers=len(answers) - missing,
        called=sum(answer.is_live for answer in answers),
        missing=missing,
        cost_usd=sum(suite.cost_usd for suite in suites.values()),
    )


def _answers(suite: str, found: Gathered, held: frozenset[str]) -> Iterator[ShardAnswer]:
    """Yield what came of the trials of a shard's cases, in the order of the plan."""
    trials = {
        (side, case_id, trial.repeat): trial
        for side, cases in found.trials.items()
        for case_id in held
        for trial in cases[case_id]
        if trial.source != "baseline"
    }
    # Where old and new ask the same, one answer is both sides' trial.
    asked = {each.key: each for each in found.plan.wanted if each.case.case_id in held}
    for key, each in asked.items():
        trial = trials[each.side, each.case.case_id, each.repeat]
        yield ShardAnswer(
            suite=suite,
            key=key,
            response=trial.response,
            missing=trial.missing,
            is_live=trial.source == "live" and trial.response is not None,
        )
