"""`import gate`: what a program sees."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

import gate
from gate import Answer, Judged, Policy, Tolerance, Verdict, judge, read_proxy
from gate.errors import ConfigError

PROXY = {
    "format": "gate-override/1",
    "suite": "triage",
    "fitted_at": "2026-05-31T00:00:00Z",
    "fitted_on": {"labels": 500, "overridden": 100, "reviewers": 2, "newest": None, "digest": "d"},
    "held_out": {
        "auc": 0.8, "brier": 0.1, "brier_of_base_rate": 0.16, "ece": 0.02, "worst_segment": None,
        "worst_ece": None,
    },
    "judge": None,
    "intercept": -1,
    "signals": {"doubt": {"points": [[0, 0], [0.5, 2]]}},
    "segments": {},
    "review": {
        "max_miss": 0.05, "confidence": 0.95, "threshold": 0.7, "segments": {"channel=email": 0.75},
    },
}  # fmt: skip


def test_ten_lines_give_a_verdict() -> None:
    policy = Policy(metrics={"failure_rate": Tolerance(max_rise=0.02)})
    old = [{"case": f"q{i}", "failed": i % 20 == 0} for i in range(200)]
    new = [{"case": f"q{i}", "failed": i % 4 == 0} for i in range(200)]
    judged = judge(old, new, policy)
    (rise,) = judged.findings
    assert isinstance(judged, Judged)
    assert judged.verdict is Verdict.FAIL
    assert (rise.old, rise.new, rise.limit) == (0.05, 0.25, 0.02)
    low, high = rise.interval
    assert 0.02 < low < rise.change < high


def test_importing_the_package_starts_nothing() -> None:
    seen = "import sys, gate; print([name for name in ('numpy', 'click') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_public_name_is_there_and_no_other() -> None:
    assert all(getattr(gate, name) for name in gate.__all__)
    with pytest.raises(AttributeError, match="module 'gate' has no attribute 'juge'"):
        _ = gate.juge


def test_a_calibrated_proxy_scores_outputs_where_they_are_made(tmp_path) -> None:
    path = tmp_path / "triage.override.json"
    path.write_text(json.dumps(PROXY), encoding="utf-8")
    proxy = read_proxy(path)
    answer = Answer(text="yes", failed=False, mean_logprob=math.log(0.5))
    # log-odds of -1, and 2 for a token that the model gave one chance in two: 1 / (1 + e^-1)
    score = proxy.score(answer, segment={"channel": "chat"})
    assert score == pytest.approx(0.7310586)
    assert proxy.goes_to_a_human(score, {"channel": "chat"})
    assert not proxy.goes_to_a_human(score, {"channel": "email"})
    # Without what it needs there is no score, and a human looks.
    unknown = proxy.score(Answer(text="yes", failed=False), segment={})
    assert unknown is None
    assert proxy.goes_to_a_human(unknown, {})


def test_a_proxy_that_is_not_there_is_an_error_with_its_path(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"gone.json: no such file"):
        read_proxy(tmp_path / "gone.json")
