from __future__ import annotations

import pytest
from github_events import report

from gate.commands.action_run import settled


@pytest.mark.parametrize("verdict", ["pass", "fail", "inconclusive", "incomplete"])
def test_a_report_that_fits_the_exit_code_is_the_verdict(verdict: str) -> None:
    found = report(verdict)
    assert settled(found.exit_code, found) == (found.exit_code, verdict)


@pytest.mark.parametrize(
    ("code", "said", "settles"),
    [
        pytest.param(0, None, 70, id="0-without-a-report"),
        pytest.param(1, None, 70, id="1-without-a-report"),
        pytest.param(2, None, 2, id="a-wrong-configuration"),
        pytest.param(130, None, 130, id="interrupted"),
        pytest.param(137, None, 137, id="killed"),
        pytest.param(256, None, 70, id="what-a-shell-reads-as-0"),
        pytest.param(0, "fail", 70, id="0-beside-a-fail"),
        pytest.param(1, "pass", 70, id="1-beside-a-pass"),
        pytest.param(70, "pass", 70, id="a-defect-beside-a-pass"),
    ],
)
def test_what_does_not_fit_is_no_verdict_and_no_pass(
    code: int, said: str | None, settles: int
) -> None:
    assert settled(code, report(said) if said else None) == (settles, "error")
