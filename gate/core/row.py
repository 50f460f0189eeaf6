"""One row of outputs made elsewhere: what it says, and what is wrong with it."""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from gate.core.model import Response, Trial
from gate.core.score import Score
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = (
    "case", "output", "repeat", "segment", "cluster", "failed", "failure_code", "override",
    "latency_ms", "cost_usd", "tokens", "mean_logprob", "min_logprob",
)  # fmt: skip
OF_THE_SUITE = ("failed", "failure_code", "override", "segment", "cluster")
_KNOWN = frozenset(KEYS)
_LARGEST = 1e15  # sums and ratios of a million such numbers stay finite
_QUOTE = "write it as text"
_NULL = "write null (None) where it is not known"
_PANDAS = _NULL + "; in pandas: df.astype(object).where(df.notna(), None)"


def case_of(row: Mapping[str, Any]) -> str:
    """Return the row's case id, once its keys are known to be known.

    Raises:
        ConfigError: A key is unknown, or there is no id.
    """
    if not row.keys() <= _KNOWN:
        raise _unknown_key(row)
    case = row.get("case")
    if isinstance(case, str) and case:
        return case
    if case is None:
        raise ConfigError("key 'case' is missing", fix="add 'case': the id of the case")
    raise ConfigError(f"case: {_shown(case)} is no id", fix=_as_text(case))


def _unknown_key(row: Mapping[str, Any]) -> ConfigError:
    unknown = next(key for key in row if key not in _KNOWN)
    near = get_close_matches(str(unknown), KEYS, n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KEYS)}"
    return ConfigError(f"unknown key {unknown!r}", fix=fix)


def repeat_of(row: Mapping[str, Any]) -> int | None:
    """Return which trial of its case the row is, None where it does not say."""
    repeat = plain(row.get("repeat"))
    if repeat is None or (type(repeat) is int and repeat >= 0):
        return repeat
    raise ConfigError(
        f"repeat: {_shown(repeat)} is no whole number from 0", fix="count the trials: 0, 1, 2, …"
    )


def segment_of(row: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Return the row's tags, None where it does not say."""
    segment = row.get("segment")
    if segment is None:
        return None
    if not hasattr(segment, "items"):
        raise ConfigError(
            f"segment: {_shown(segment)} is no mapping", fix='write it as {"channel": "email"}'
        )
    for tag, value in segment.items():
        if not (isinstance(tag, str) and tag):
            raise ConfigError(f"segment: the tag {_shown(tag)} is no text", fix=_as_text(tag))
        if not isinstance(value, str):
            raise ConfigError(f"segment.{tag}: {_shown(value)} is no text", fix=_as_text(value))
    tags: Mapping[str, str] = segment
    return tags


def cluster_of(row: Mapping[str, Any]) -> str | None:
    """Return what the row's case belongs to, None where it does not say."""
    return _text(row, "cluster")


_AT_ONE_TIME = 1.0  # seconds since the epoch, any but 0


def score_of(row: Mapping[str, Any]) -> Score | None:
    """Return the trial's score as the row states it, None for a missing trial.

    Raises:
        ConfigError: It does not say whether the trial failed, or a value is not what it should be.
    """
    code = _text(row, "failure_code")
    if code == "":
        raise ConfigError("failure_code: is empty", fix="name what failed, or write null (None)")
    failed = _failed(row)
    if failed is False and code is not None:
        raise ConfigError(
            f"'failed' is false, and yet there is a failure_code {code!r}",
            fix="write 'failed': true, or remove the failure_code",
        )
    text = _text(row, "output")
    if failed is None:
        failed = code is not None
        if not failed:
            if text is None and "output" in row:
                return None
            raise ConfigError(
                "key 'failed' is missing",
                fix="add 'failed': true or false, or a 'failure_code'; "
                "a trial without an answer has an 'output' of null",
            )
    return Score(
        failure_code=(code or "failed") if failed else None,
        override=_number(row, "override", most=1.0),
        cost_usd=_number(row, "cost_usd"),
        tokens=_tokens(row),
        latency_ms=_number(row, "latency_ms"),
        text=text or "",
    )


def trial_of(row: Mapping[str, Any], *, case_id: str, repeat: int) -> Trial:
    """Return the trial that a suite's checks are to score; without a response if it is missing.

    Raises:
        ConfigError: `output` is missing, or the row says what the suite decides.
    """
    for key in OF_THE_SUITE:
        if row.get(key) is not None:
            raise ConfigError(
                f"with --suite, {key!r} comes from the suite",
                fix=f"remove {key!r} from the rows, or leave --suite out",
            )
    if "output" not in row:
        raise ConfigError(
            "key 'output' is missing; the suite's checks score it",
            fix="add 'output'; a trial without an answer has an 'output' of null",
        )
    text = _text(row, "output")
    latency_ms, cost_usd, tokens = (
        _number(row, "latency_ms"),
        _number(row, "cost_usd"),
        _tokens(row),
    )
    # A row tells all tokens together, and without a price only their sum is read.
    response = None if text is None else Response(
        text=text,
        finish_reason="stop",
        latency_ms=latency_ms or 0.0,
        input_tokens=tokens,
        output_tokens=None if tokens is None else 0,
        cost_usd=cost_usd,
        mean_logprob=_logprob(row, "mean_logprob"),
        min_logprob=_logprob(row, "min_logprob"),
        # Stated latencies are taken to compare: as if all had been called at one time.
        received_at=0.0 if latency_ms is None else _AT_ONE_TIME + latency_ms / 1000,
    )  # fmt: skip
    return Trial(
        case_id=case_id,
        repeat=repeat,
        source="recording",
        response=response,
        missing="transport" if response is None else None,
    )


def plain(value: Any) -> Any:
    """Return a number of numpy's as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _failed(row: Mapping[str, Any]) -> bool | None:
    value = plain(row.get("failed"))
    if value is None or value is True or value is False:
        return value
    if type(value) in (int, float) and value in (0, 1):
        return bool(value)
    raise ConfigError(f"failed: {_shown(value)} is neither true nor false", fix=_null(value))


def _number(row: Mapping[str, Any], key: str, most: float = _LARGEST) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if type(value) is not float:
        value = plain(value)
        if type(value) not in (int, float):
            raise ConfigError(f"{key}: {_shown(value)} is no number", fix=_null(value))
    if not 0 <= value <= most:  # NaN is in no range
        raise ConfigError(f"{key}: {_shown(value)} is not between 0 and {most:g}", fix=_null(value))
    return float(value)


def _logprob(row: Mapping[str, Any], key: str) -> float | None:
    value = plain(row.get(key))
    if value is None:
        return None
    if type(value) not in (int, float) or not -_LARGEST <= value <= 0:
        raise ConfigError(f"{key}: {_shown(value)} is no log of a probability", fix=_null(value))
    return float(value)


def _tokens(row: Mapping[str, Any]) -> int | None:
    value = _number(row, "tokens")
    if value is None or value.is_integer():
        return None if value is None else int(value)
    raise ConfigError(f"tokens: {_shown(value)} is no whole number", fix=_NULL)


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is None or isinstance(value, str):
        return value
    raise ConfigError(f"{key}: {_shown(value)} is no text", fix=_as_text(value))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 -- a line's worth


def _null(value: Any) -> str:
    """Say how to write that there is no value; a NaN is how pandas writes it."""
    return _PANDAS if isinstance(value, float) and math.isnan(value) else _NULL


def _as_text(value: Any) -> str:
    value = plain(value)
    if isinstance(value, float) and math.isnan(value):
        return _PANDAS
    return f'write it as text: "{value}"' if isinstance(value, bool | int | float) else _QUOTE
