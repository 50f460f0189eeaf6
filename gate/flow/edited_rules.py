"""What a change edits in the rules that it is judged by: named, and judged by beside the base's."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from gate.core.override import DEFAULT
from gate.flow.change import make_suite_change
from gate.reports.headline import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.core.config import Config, Suite
    from gate.core.model import Case, Prompt
    from gate.core.policy import Policy
    from gate.core.score import Rules
    from gate.core.tree import Tree
    from gate.flow.change import SuiteChange

_NAMED = 5  # ids of cases


def edited_rules(base: Config, head: Config) -> list[str]:
    """Name the rules that are others in the head; suites that only one of both has are left out."""
    edited = {
        "policy": base.policy != head.policy,
        "waivers": base.waivers != head.waivers,
        "owner": base.owner != head.owner,
    }
    for name, before in base.suites.items():
        if name not in head.suites:
            continue
        after = head.suites[name]
        edited[f"checks of suite {name}"] = _checks(before) != _checks(after)
        edited[f"override proxy of suite {name}"] = before.calibration != after.calibration
        edited[f"judge of suite {name}"] = before.judge != after.judge
        edited[f"repeats of suite {name}"] = before.repeats != after.repeats
        edited[f"retired of suite {name}"] = before.retired != after.retired
    notes = [
        f"{what} edited in this change; not used for this verdict"
        for what, is_edited in edited.items()
        if is_edited
    ]
    if edited["policy"]:
        notes.append(f"the policy that it brings: {_edits(base.policy, head.policy)}")
    return notes


def _checks(suite: Suite) -> Rules:
    return replace(suite.rules, proxy=DEFAULT)


def _edits(base: Policy, head: Policy) -> str:
    """Name the keys of a policy that are others, with both values."""
    before, after = _flat(base), _flat(head)
    return ", ".join(
        f"{key} {_told(before.get(key))} -> {_told(after.get(key))}"
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    )


def _told(value: object) -> str:
    return "none" if value is None else json.dumps(value)


def _flat(policy: Policy) -> dict[str, object]:
    keys: dict[str, object] = {}
    for name, value in asdict(policy).items():
        if name == "metrics":
            for metric, tolerance in value.items():
                limits = {key: limit for key, limit in tolerance.items() if limit is not None}
                keys |= {f"{metric}.{key}": limit for key, limit in limits.items()}
        else:
            keys[name.replace("segments_", "segments.")] = value
    return keys


def edited_evaluators(suite: str, old: Prompt, new: Prompt) -> list[str]:
    """Say that the checks inside the prompt file are others in the head."""
    if old.evaluators == new.evaluators:
        return []
    return [f"evaluators of suite {suite} edited in this change; not used for this verdict"]


def edited_cases(
    suite: str, approved: tuple[Case, ...], own: tuple[Case, ...], *, is_judged: bool
) -> list[str]:
    """Say how many cases are gone, others, or new in the head, and what becomes of them."""
    here = {case.case_id: case for case in own}
    gone = [case.case_id for case in approved if case.case_id not in here]
    edited = [
        case.case_id for case in approved if case.case_id in here and here[case.case_id] != case
    ]
    fate = "judged as they are in the base" if is_judged else "the prompt stayed: none was judged"
    notes = [
        f"suite {suite}: {counted(len(ids), 'case')} {what} in this change ({_some(ids)}); {fate}"
        for what, ids in (("deleted", gone), ("edited", edited))
        if ids
    ]
    added = len(here) - (len(approved) - len(gone))
    if added:
        fate = "judged too" if is_judged else "the prompt stayed: none was judged"
        notes.append(f"suite {suite}: {counted(added, 'new case')} in this change; {fate}")
    return notes


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (", …" if len(ids) > _NAMED else "")


def same_cases(base: Tree, head: Tree, before: Suite, after: Suite) -> bool:
    """Tell whether the files of a suite's cases are the same on both sides, byte for byte."""
    if before.cases is None or before.cases != after.cases:
        return False
    paths = head.find(after.cases)
    return paths == base.find(before.cases) and all(
        base.read(path) == head.read(path) for path in paths
    )


def by_own_rules(
    change: SuiteChange, head: Suite, own: tuple[Case, ...], *, is_edited: bool
) -> SuiteChange:
    """Add to a suite what its own rules would make of the same answers.

    Args:
        change: The suite by the base's rules.
        head: The suite as the head's gate.yaml has it.
        own: The cases as they are in the head. One whose input is edited was asked something
            else, and is left out.
        is_edited: Whether the policy or the waivers are others in the head.

    Raises:
        ConfigError: The head's checks do not fit its own cases.
    """
    rules = change.suite.rules
    own_rules = replace(head.rules, checks=(*head.rules.checks, *change.new.prompt.evaluators))
    cases = tuple(_asked(change, own))
    if not cases or not (is_edited or rules != own_rules or not _same(cases, change.cases)):
        return change
    # The head's evaluators are taken for the old prompt's: of each side the same checks count.
    old = replace(change.old, prompt=replace(change.old.prompt, evaluators=()))
    suite = replace(head, rules=own_rules)
    return replace(change, own=make_suite_change(suite, cases, old, change.new))


def _same(own: tuple[Case, ...], judged: tuple[Case, ...]) -> bool:
    return len(own) == len(judged) and all(
        mine == (replace(theirs, is_new=False) if theirs.is_new else theirs)
        for mine, theirs in zip(own, judged, strict=True)
    )


def _asked(change: SuiteChange, own: tuple[Case, ...]) -> Iterator[Case]:
    asked = {case.case_id: case for case in change.cases}
    return (
        case for case in own if case.case_id in asked and asked[case.case_id].input == case.input
    )
