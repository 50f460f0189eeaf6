"""Writing baselines. Only `gate refresh` may import this; import-linter keeps it so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.core.canonical import canonical_json
from gate.errors import BaselineError
from gate.store.atomic import write_whole
from gate.store.baselines import FORMAT, baseline_path

if TYPE_CHECKING:
    from gate.core.model import Response
    from gate.store.baselines import Baseline
    from gate.store.worktree import WorkTree


def baseline_text(baseline: Baseline) -> str:
    """Return the file of a baseline: metadata, then a line a case, sorted by id."""
    head = {
        "format": FORMAT,
        "suite": baseline.suite,
        "fingerprint": baseline.fingerprint,
        "model": baseline.model,
        "recorded_at": baseline.recorded_at,
        "repeats": baseline.repeats,
        "vendor_models": list(baseline.vendor_models),
        "cases": len(baseline.cases),
    }
    lines = [canonical_json(head)]
    for case_id, case in sorted(baseline.cases.items()):
        trials = [_trial(trial) for trial in case.trials]
        lines.append(canonical_json({"case": case_id, "digest": case.digest, "trials": trials}))
    return "\n".join(lines) + "\n"


def _trial(trial: Response) -> dict[str, Any]:
    mean, least = (None if each is None else min(0.0, round(each, 4)) for each in trial.confidence)
    row = {
        "output": trial.text,
        "finish_reason": trial.finish_reason,
        "latency_ms": round(trial.latency_ms),
        "input_tokens": trial.input_tokens,
        "output_tokens": trial.output_tokens,
        "cost_usd": trial.cost_usd,
        "mean_logprob": mean,
        "min_logprob": least,
    }
    return {key: value for key, value in row.items() if value is not None}


def write_baseline(tree: WorkTree, baseline: Baseline) -> str:
    """Write a baseline in one step: a reader sees the old file or the new one, never half.

    Returns:
        The path, relative to the root.

    Raises:
        BaselineError: The file cannot be written; the old one is untouched.
    """
    path = baseline_path(baseline.suite)
    try:
        write_whole(tree.path(path), [baseline_text(baseline)])
    except OSError as error:
        raise BaselineError(
            f"{path}: cannot be written: {error.strerror}", fix="the old baseline is untouched"
        ) from error
    return path
