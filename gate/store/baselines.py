"""Reading baselines: committed, approved outputs that a run is held against."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gate.core.model import Response
from gate.errors import BaselineError
from gate.store.json_text import refuse_constant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.core.tree import Tree

FORMAT = "gate-baseline/1"
_NUMBERS = ("latency_ms", "input_tokens", "output_tokens", "cost_usd")
_LOGPROBS = ("mean_logprob", "min_logprob")
_LARGEST = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineCase:
    """The approved trials of one case."""

    digest: str  # of the rendered request
    trials: tuple[Response, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One suite's baseline.

    Attributes:
        suite: Its name.
        fingerprint: Of the prompt that was recorded.
        model: Of that prompt.
        recorded_at: ISO 8601, UTC.
        repeats: Trials a case.
        vendor_models: What the vendor called its model, where it said so.
        cases: By case id.
    """

    suite: str
    fingerprint: str
    model: str
    recorded_at: str
    repeats: int
    vendor_models: tuple[str, ...] = ()
    cases: Mapping[str, BaselineCase] = field(default_factory=dict)

    def trials_of(self, case_id: str, digest: str) -> tuple[Response, ...]:
        """Return the trials recorded for exactly this request, none if it was another."""
        found = self.cases.get(case_id)
        return found.trials if found and found.digest == digest else ()

    def outputs_of(self, case_id: str) -> tuple[str, ...]:
        """Return the approved outputs of a case, whatever its request was."""
        found = self.cases.get(case_id)
        return tuple(trial.text for trial in found.trials) if found else ()


def baseline_path(suite: str) -> str:
    """Return where a suite's baseline stands."""
    return f"baselines/{suite}.jsonl"


def read_baseline(tree: Tree, suite: str) -> Baseline | None:
    """Read a suite's baseline, None if there is none.

    Raises:
        BaselineError: It is broken, cut short, or of another suite.
    """
    path = baseline_path(suite)
    if not tree.exists(path):
        return None
    name = f"{tree.label}{path}"
    lines = tree.read(path).split(b"\n")
    fix = f"restore the file from git, or run: gate refresh {suite}"
    if lines[-1] != b"":
        raise BaselineError(f"{name}:{len(lines)}: the last line is cut short", fix=fix)
    rows = [_row(line, f"{name}:{number}", fix) for number, line in enumerate(lines[:-1], 1)]
    try:
        head, *rest = rows
        baseline, stated = _head(head), head["cases"]
    except (KeyError, TypeError, ValueError) as error:
        raise BaselineError(f"{name}: not a baseline: {error!r}", fix=fix) from error
    if baseline.suite != suite:
        raise BaselineError(f"{name}:1: belongs to suite {baseline.suite!r}", fix=fix)
    cases = dict(_case(row, f"{name}:{number}", fix) for number, row in enumerate(rest, 2))
    if len(cases) != stated or len(rest) != stated:
        raise BaselineError(
            f"{name}: {len(rest)} cases stand here, its first line says {stated}", fix=fix
        )
    return replace(baseline, cases=cases)


def _row(line: bytes, where: str, fix: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{where}: not JSON: {error}", fix=fix) from error
    if not isinstance(row, dict):
        raise BaselineError(f"{where}: not a JSON object", fix=fix)
    return row


def _head(head: dict[str, Any]) -> Baseline:
    if head["format"] != FORMAT:
        raise ValueError(f"format {head['format']!r}")
    datetime.fromisoformat(head["recorded_at"][:10])
    return Baseline(
        suite=head["suite"],
        fingerprint=head["fingerprint"],
        model=head["model"],
        recorded_at=head["recorded_at"],
        repeats=head["repeats"],
        vendor_models=tuple(head.get("vendor_models", [])),
    )


def _case(row: dict[str, Any], where: str, fix: str) -> tuple[str, BaselineCase]:
    try:
        case_id, trials = row["case"], tuple(_trial(trial) for trial in row["trials"])
        hash(case_id)
        return case_id, BaselineCase(digest=row["digest"], trials=trials)
    except (KeyError, TypeError, ValueError) as error:
        raise BaselineError(f"{where}: not a baseline's case: {error!r}", fix=fix) from error


def _trial(raw: dict[str, Any]) -> Response:
    if not isinstance(raw["output"], str) or not isinstance(raw["finish_reason"], str):
        raise TypeError("output and finish_reason are texts")
    for name in _NUMBERS:
        _see_number(name, raw.get(name))
    for name in _LOGPROBS:
        _see_logprob(name, raw.get(name))
    return Response(
        text=raw["output"],
        finish_reason=raw["finish_reason"],
        latency_ms=raw["latency_ms"],
        input_tokens=raw.get("input_tokens"),
        output_tokens=raw.get("output_tokens"),
        cost_usd=raw.get("cost_usd"),
        mean_logprob=raw.get("mean_logprob"),
        min_logprob=raw.get("min_logprob"),
    )


def _see_number(name: str, value: object) -> None:
    """Refuse what no answer can have, and what would make one look cheap or unmeasured."""
    is_count = name.endswith("_tokens")
    if value is None and name != "latency_ms":
        return
    kind = int if is_count else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind) or not 0 <= value <= _LARGEST:
        raise ValueError(f"{name}: {value!r} is no {'count' if is_count else 'number'}")


def _see_logprob(name: str, value: object) -> None:
    if value is None:
        return
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not -_LARGEST <= value <= 0
    ):
        raise ValueError(f"{name}: {value!r} is no log of a probability")
