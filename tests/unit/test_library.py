"""`import gate`: what a program sees."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gate
from gate import Judged, Policy, Tolerance, Verdict, judge


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
