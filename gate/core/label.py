"""One reviewer's decision on one output: what a row says, and what is wrong with it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from difflib import get_close_matches
from functools import lru_cache
from math import fsum
from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json, digest
from gate.core.row import segment_of
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

DECISIONS = ("accepted", "edited", "rejected")
KEYS = (
    "case", "input", "output", "decision", "final", "segment", "reviewer", "at", "cluster",
    "prompt", "logprobs", "mean_logprob", "min_logprob",
)  # fmt: skip
_KNOWN = frozenset(KEYS)
_ROUNDING = 1e-6  # a vendor's log of a probability of 1 may lie this far above 0
_LEAST = -1e15  # sums of a million such numbers stay finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One reviewer's decision on one output."""

    case_id: str | None  # None: known by its input only
    input: Any  # None where case_id is given
    output: str
    decision: str  # one of DECISIONS
    segment: Mapping[str, str]  # shared by labels with the same tags
    reviewer: str | None
    at: str | None  # ISO 8601, as written
    at_s: float  # seconds since the epoch, UTC where `at` has no zone; 0: not said
    cluster: str | None
    prompt: str | None  # fingerprint of the prompt that gave the output
    mean_logprob: float | None  # natural logs, at most 0
    min_logprob: float | None
    line: int

    @property
    def is_overridden(self) -> bool:
        """Whether a human changed or rejected the output."""
        return self.decision != "accepted"

    @property
    def item(self) -> str:
        """What was decided on: `case:` and its id, or `input:` and a digest of it."""
        if self.case_id is not None:
            return f"case:{self.case_id}"
        return f"input:{digest(self.input)}"


def label_of(row: Mapping[str, Any], line: int) -> Label:
    """Return the label that a row holds; null is the same as absent.

    Raises:
        ConfigError: A key is unknown or missing, a value is not what it should be, or two values
            contradict each other; the message does not name the place.
        RecursionError: A value is nested too deep.
    """
    if not row.keys() <= _KNOWN:
        raise _unknown_key(row)
    case_id, given = _subject(row)
    output = _output(row)
    decision = _decision(row, output)
    at = _name(row, "at")
    mean_logprob, min_logprob = _logprobs(row)
    return Label(
        case_id=case_id,
        input=given,
        output=output,
        decision=decision,
        segment=_segment(row),
        reviewer=_shared_name(row, "reviewer"),
        at=at,
        at_s=0.0 if at is None else seconds_of(at),
        cluster=_shared_name(row, "cluster"),
        prompt=_shared_name(row, "prompt"),
        mean_logprob=mean_logprob,
        min_logprob=min_logprob,
        line=line,
    )


def _unknown_key(row: Mapping[str, Any]) -> ConfigError:
    unknown = next(key for key in row if key not in _KNOWN)
    near = get_close_matches(str(unknown).lower(), KEYS, n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KEYS)}"
    return ConfigError(f"unknown key {unknown!r}", fix=fix)


def _subject(row: Mapping[str, Any]) -> tuple[str | None, Any]:
    """Return the case id or the input, whichever the row has."""
    case_id, given = _name(row, "case"), row.get("input")
    if case_id is not None:
        return case_id, None  # an input beside it is there for the reviewer to read
    if given is None:
        raise ConfigError(
            "neither 'case' nor 'input' is given", fix="add 'case': the id of the case, or 'input'"
        )
    if not isinstance(given, (dict, str)):
        raise ConfigError(
            f"input: {_shown(given)} is neither an object nor text", fix=_as_text(given)
        )
    return None, given


def _output(row: Mapping[str, Any]) -> str:
    output = row.get("output")
    if output is None:
        raise ConfigError(
            "key 'output' is missing", fix="add 'output': what the reviewer saw; text may be empty"
        )
    return _text_of(output)


def _text_of(value: Any) -> str:
    """Return text as it is, and any other JSON value as its canonical text."""
    return value if isinstance(value, str) else canonical_json(value)


def _decision(row: Mapping[str, Any], output: str) -> str:
    decision, final = row.get("decision"), row.get("final")
    is_output = None if final is None else _text_of(final) == output
    if decision is None:
        if is_output is None:
            raise ConfigError(
                "neither 'decision' nor 'final' is given",
                fix=f"add 'decision', one of {', '.join(DECISIONS)}, "
                "or 'final': what the reviewer made of the output",
            )
        return "accepted" if is_output else "edited"
    if decision not in DECISIONS:
        near = get_close_matches(str(decision).lower(), DECISIONS, n=1)
        raise ConfigError(
            f"decision: {_shown(decision)} is unknown; known: {', '.join(DECISIONS)}",
            fix=f"did you mean {near[0]!r}?" if near else "write one of these",
        )
    if decision == "accepted" and is_output is False:
        raise ConfigError(
            "decision is 'accepted', and yet 'final' differs from 'output'",
            fix="write 'edited', or remove 'final'",
        )
    if decision == "edited" and is_output is True:
        raise ConfigError(
            "decision is 'edited', and yet 'final' equals 'output'",
            fix="write 'accepted', or remove 'final'",
        )
    return sys.intern(decision)


def _segment(row: Mapping[str, Any]) -> Mapping[str, str]:
    segment = row.get("segment")
    if isinstance(segment, str):
        return _shared_tags((("segment", segment),))
    return _shared_tags(tuple((segment_of(row) or {}).items()))


@lru_cache(maxsize=4096)
def _shared_tags(tags: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Return equal tags as one mapping: many labels have few segments."""
    return dict(tags)


def _name(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigError(f"{key}: {_shown(value)} is no text", fix=_as_text(value))
    if not value:
        raise ConfigError(f"{key}: is empty", fix=f"fill it in, or remove {key!r} from the row")
    return value


def _shared_name(row: Mapping[str, Any], key: str) -> str | None:
    """Return one text for all rows that say the same: many labels have few such names."""
    value = _name(row, key)
    return None if value is None else sys.intern(value)


def seconds_of(at: str) -> float:
    """Return a date or time of ISO 8601 as seconds since the epoch, in UTC where it has no zone.

    Raises:
        ConfigError: It is none.
    """
    try:
        # Python 3.10 reads no Z.
        moment = datetime.fromisoformat(at[:-1] + "+00:00" if at.endswith("Z") else at)
    except ValueError:
        raise ConfigError(
            f"at: {_shown(at)} is no date or time of ISO 8601",
            fix="write it as 2026-05-31 or 2026-05-31T14:30:00Z",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def _logprobs(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the mean and the least log of a token's probability."""
    mean, least = _number(row, "mean_logprob"), _number(row, "min_logprob")
    logprobs = row.get("logprobs")
    if logprobs is None:
        if mean is not None and least is not None and least > mean:
            raise ConfigError(
                f"min_logprob {least:g} is above mean_logprob {mean:g}",
                fix="the least of some numbers is no more than their mean: are they swapped?",
            )
        return mean, least
    if mean is not None or least is not None:
        key = "min_logprob" if mean is None else "mean_logprob"
        raise ConfigError(
            f"'logprobs' and {key!r} are both given", fix=f"remove {key!r}: 'logprobs' gives it"
        )
    if not isinstance(logprobs, list) or not logprobs:
        raise ConfigError(
            f"logprobs: {_shown(logprobs)} is no list of numbers",
            fix="write the natural log of each token's probability, or remove 'logprobs'",
        )
    logs = [_log(each, "logprobs") for each in logprobs]
    return fsum(logs) / len(logs), min(logs)


def _number(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key)
    return None if value is None else _log(value, key)


def _log(value: Any, key: str) -> float:
    # NaN is in no range, and true is no 1.
    if type(value) in (int, float) and _LEAST <= value <= _ROUNDING:
        return min(float(value), 0.0)
    raise ConfigError(
        f"{key}: {_shown(value)} is no log of a probability",
        fix=f"write natural logs, numbers up to 0, or remove {key!r} where they are not known",
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 -- a line's worth


def _as_text(value: Any) -> str:
    is_short = isinstance(value, bool | int | float)
    return f'write it as text: "{value}"' if is_short else "write it as text"
