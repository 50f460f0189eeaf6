"""What the table says of segments, confirmations, and what a run came without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.core.report import Calls, Confirmation, Verdict
from gate.reports.formats import render

if TYPE_CHECKING:
    from conftest import Builder

    from gate.core.report import Finding, SuiteReport

OPEN, PASS, FAIL = Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.FAIL


def lines_of(build: Builder, suite: SuiteReport, verdict: Verdict = FAIL) -> list[str]:
    exit_code = int(verdict is FAIL)
    return render(build.report(suite, verdict=verdict, exit_code=exit_code), "table").splitlines()


def shown(lines: list[str]) -> list[str]:
    """The segments that have a row, in their order."""
    return [line.split()[1] for line in lines if line.startswith("failures") and "=" in line]


def segment(build: Builder, name: str, **keys: object) -> Finding:
    values = {"verdict": OPEN, "p_value": 0.01, "p_adjusted": 0.02, **keys}
    return build.finding(segment=name, **values)


# --- segments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "is_shown"),
    [
        pytest.param({"verdict": FAIL}, True, id="it-fails"),
        pytest.param({"verdict": FAIL, "p_value": 0.2}, True, id="it-fails-whatever-its-p"),
        pytest.param({"p_value": 0.05}, True, id="looks-worse"),
        pytest.param({"p_value": 0.05, "verdict": PASS}, True, id="looks-worse-and-is-tolerated"),
        pytest.param({"p_value": 0.051}, False, id="no-worse-than-chance"),
        pytest.param({"change": 0.0}, False, id="no-change"),
        pytest.param({"change": -0.1}, False, id="better"),
        pytest.param({"p_value": 0.5, "verdict": PASS}, False, id="passes"),
    ],
)
def test_only_suspicious_segments_have_a_row(
    build: Builder, keys: dict[str, object], *, is_shown: bool
) -> None:
    lines = lines_of(build, build.suite(build.finding(), segment(build, "channel=email", **keys)))
    assert shown(lines) == ["channel=email"] * is_shown
    assert f"segments: 1 judged, {int(is_shown)} suspicious (p by Holm)" in lines


def test_a_segments_p_is_holms_and_that_of_all_cases_its_own(build: Builder) -> None:
    suite = build.suite(
        build.finding(p_value=0.0123),
        segment(build, "channel=email", p_value=0.0045, p_adjusted=0.0315),
    )
    whole, email = (line for line in lines_of(build, suite) if line.startswith("failures  "))
    assert "  0.0123  " in whole
    assert "  0.0315  " in email
    assert "0.0045" not in email


def test_failed_segments_come_first_then_the_least_likely_ones(build: Builder) -> None:
    suite = build.suite(
        build.finding(),
        segment(build, "s=likely", p_value=0.03),
        segment(build, "s=rare", p_value=0.001),
        segment(build, "s=failed", p_value=0.002, verdict=FAIL),
    )
    assert shown(lines_of(build, suite)) == ["s=failed", "s=rare", "s=likely"]


def test_a_segment_is_counted_once_however_many_of_its_metrics_look_worse(build: Builder) -> None:
    suite = build.suite(
        build.finding(),
        segment(build, "s=a"),
        segment(build, "s=a", metric="override_rate"),
        segment(build, "s=b", p_value=0.9),
    )
    assert "segments: 2 judged, 1 suspicious (p by Holm)" in lines_of(build, suite)


def test_ten_segments_are_shown_and_the_others_counted(build: Builder) -> None:
    many = [segment(build, f"s={number:02}", p_value=number / 1000) for number in range(12)]
    lines = lines_of(build, build.suite(build.finding(), *many))
    assert shown(lines) == [f"s={number:02}" for number in range(10)]
    assert (
        "segments: 12 judged, 12 suspicious (p by Holm), 2 lines more in the JSON report" in lines
    )


def test_without_segments_nothing_is_said_of_them(build: Builder) -> None:
    text = "\n".join(lines_of(build, build.suite(build.finding())))
    assert "segment" not in text.replace("metric             segment", "").replace(
        "metric    segment", ""
    )
    assert "too few trials" not in text


@pytest.mark.parametrize(
    ("count", "line"),
    [
        pytest.param(1, "too few trials to fail by themselves: s=0", id="one"),
        pytest.param(
            10,
            "too few trials to fail by themselves: "
            "s=0, s=1, s=2, s=3, s=4, s=5, s=6, s=7, s=8, s=9",
            id="ten",
        ),
        pytest.param(
            13,
            "too few trials to fail by themselves: "
            "s=0, s=1, s=2, s=3, s=4, s=5, s=6, s=7, s=8, s=9 and 3 more",
            id="more-than-ten",
        ),
    ],
)
def test_segments_that_could_not_fail_are_named(build: Builder, count: int, line: str) -> None:
    suite = build.suite(small_segments=tuple(f"s={number}" for number in range(count)))
    assert line in lines_of(build, suite)


def test_hostile_text_does_nothing_in_the_name_of_a_small_segment(build: Builder) -> None:
    lines = lines_of(build, build.suite(small_segments=("s=\x1b[2J\nPASS: ",)))
    assert "too few trials to fail by themselves: s=\\x1b[2J\\nPASS: " in lines


@pytest.mark.parametrize(
    ("verdicts", "end"),
    [
        pytest.param(
            [PASS], "; over all cases, rises as large as the limits are excluded", id="none"
        ),
        pytest.param([OPEN, PASS], "are excluded; not so in 1 segment", id="one"),
        pytest.param([OPEN, OPEN, PASS], "are excluded; not so in 2 segments", id="two"),
    ],
)
def test_a_pass_says_how_many_segments_it_does_not_speak_of(
    build: Builder, verdicts: list[Verdict], end: str
) -> None:
    parts = [segment(build, f"s={i}", verdict=each) for i, each in enumerate(verdicts)]
    suite = build.suite(build.finding(verdict=PASS), *parts, verdict=PASS)
    assert lines_of(build, suite, PASS)[0].endswith(end)


# --- confirmations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confirmation", "start"),
    [
        pytest.param(None, "FAIL: ", id="nothing-to-confirm"),
        pytest.param(Confirmation.CONFIRMED, "FAIL: ", id="confirmed"),
        pytest.param(Confirmation.UNCONFIRMED, "FAIL (unconfirmed): ", id="unconfirmed"),
    ],
)
def test_a_fail_that_was_not_confirmed_says_so_at_once(
    build: Builder, confirmation: Confirmation | None, start: str
) -> None:
    first = lines_of(build, build.suite(confirmation=confirmation))[0]
    assert first.startswith(f"{start}suite triage: ")


# --- latency, calls -----------------------------------------------------------------------------


def test_a_latency_is_named_by_the_quantile_that_was_compared(build: Builder) -> None:
    keys = {"metric": "latency_p95", "unit": "ms", "old": 100.0, "new": 150.0, "change": 0.5,
            "limit": 1.25, "interval": None, "detectable": None, "provable": None}  # fmt: skip
    median = build.suite(build.finding(**keys, quantile=0.5))
    first, *lines = lines_of(build, median)
    assert first.startswith(
        "FAIL: suite triage: latency p50 rose from 100 ms to 150 ms (+50.0 %, allowed +25 %)"
    )
    assert any(line.startswith("latency p50  all ") for line in lines)
    tail = build.suite(build.finding(**keys, quantile=0.95))
    assert any(line.startswith("latency p95  all ") for line in lines_of(build, tail))


@pytest.mark.parametrize(
    ("calls", "start"),
    [
        pytest.param(
            Calls(new_live=4, old_live=2, recorded=9),
            "6 calls, 9 recorded answers, 0.1200 USD, ",
            id="all-of-the-plan",
        ),
        pytest.param(
            Calls(new_live=4, saved_by_stopping=188),
            "4 calls, 0 recorded answers, 188 calls saved by stopping early, 0.1200 USD, ",
            id="stopped-early",
        ),
        pytest.param(
            Calls(new_live=4, missing=3, saved_by_stopping=1),
            "4 calls, 0 recorded answers, 3 missing, 1 calls saved by stopping early, 0.1200 USD, ",
            id="some-lost",
        ),
        pytest.param(
            Calls(new_live=4, retries=2),
            "4 calls and 2 retries, 0 recorded answers, 0.1200 USD, ",
            id="some-retried",
        ),
    ],
)
def test_the_footer_says_what_was_called_lost_and_saved(
    build: Builder, calls: Calls, start: str
) -> None:
    assert lines_of(build, build.suite(calls=calls))[-1].startswith(start)


# --- what an inconclusive run could have told ---------------------------------------------------


def sharpness(build: Builder, **keys: object) -> list[str]:
    suite = build.suite(build.finding(verdict=OPEN, **keys), verdict=OPEN)
    return [line for line in lines_of(build, suite, OPEN) if "inconclusive; " in line]


def test_an_inconclusive_rate_says_what_it_takes(build: Builder) -> None:
    # 200 cases, 600 new trials: 1234 trials are 411.3 cases at 3 trials each
    assert sharpness(build, trials_needed=1234, cases_needed=412)[-1] == (
        "failures: inconclusive; this run finds a rise of 2.1 pp in 4 of 5 runs and could exclude "
        "one of 3.3 pp; the limit takes about 1234 new trials, as many each in 412 cases"
    )


def test_a_run_that_can_find_nothing_says_so(build: Builder) -> None:
    (line,) = [each for each in sharpness(build, detectable=1.0) if each.startswith("failures")]
    assert line == "failures: inconclusive; with so few trials no rise can be found"


def test_an_inconclusive_cost_is_told_in_per_cent(build: Builder) -> None:
    lines = sharpness(build, metric="cost", unit="usd", detectable=1.5, provable=0.2, limit=1.1)
    assert "cost: inconclusive; this run finds a rise of 150.0 % in 4 of 5 runs" in lines


def test_nothing_is_said_where_nothing_was_worked_out(build: Builder) -> None:
    lines = sharpness(build, metric="latency_p95", unit="ms", detectable=None, provable=None)
    assert not [line for line in lines if line.startswith("latency")]


# --- outputs made elsewhere ---------------------------------------------------------------------


def test_a_comparison_without_prompts_names_no_model_and_no_next_step(build: Builder) -> None:
    text = "\n".join(lines_of(build, build.suite(prompt_old=None, prompt_new=None)))
    assert "suite triage: fail; 200 cases, trials 2000 old, 600 new\n" in text
    assert "  t-017  channel=email  failures 0/3 -> 3/3  schema\n    - queue: billing\n" in text
    assert "gate explain" not in text


def test_flags_that_explain_needs_are_passed_on(build: Builder) -> None:
    report = build.report(explain_flags="--base main")
    lines = render(report, "table").splitlines()
    assert "next: gate explain triage t-017 --base main" in lines
