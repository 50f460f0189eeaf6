from __future__ import annotations

from typing import Any

import pytest

from gate.core.policy import FINDING_IDS
from gate.core.report import Finding, Verdict
from gate.reports import numbers


def finding(**keys: Any) -> Finding:
    values: dict[str, Any] = {
        "id": "failure-rate-rise",
        "metric": "failure_rate",
        "segment": None,
        "old": 0.0,
        "new": 0.0,
        "change": 0.0,
        "interval": (0.0, 0.0),
        "p_value": 1.0,
        "limit": 0.01,
        "unit": "rate",
        "n": 10,
        "detectable": 0.1,
        "provable": 0.1,
        "trials_needed": None,
        "alpha": 0.01,
        "verdict": Verdict.PASS,
        **keys,
    }
    return Finding(**values)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.031, "rate", "3.1 %"),
        (1.0, "rate", "100.0 %"),
        (0.0, "rate", "0.0 %"),
        (0.0000123, "usd", "0.000012 USD"),
        (1234.5678, "ms", "1235 ms"),
        (12.34, "tokens", "12.3 tokens"),
    ],
)
def test_a_level_is_written_in_its_unit(value: float, unit: str, text: str) -> None:
    assert numbers.level(value, unit) == text


@pytest.mark.parametrize(
    ("change", "unit", "text"),
    [
        pytest.param(0.061, "rate", "+6.1 pp", id="a-rise-in-points"),
        pytest.param(-0.061, "rate", "-6.1 pp", id="a-fall-in-points"),
        pytest.param(0.25, "usd", "+25.0 %", id="a-price-in-per-cent"),
        pytest.param(0.0, "rate", "+0.0 pp", id="nothing"),
        pytest.param(-0.00001, "rate", "+0.0 pp", id="nothing-has-no-minus"),
    ],
)
def test_a_change_has_its_sign_and_unit(change: float, unit: str, text: str) -> None:
    assert numbers.change(finding(change=change, unit=unit)) == text


@pytest.mark.parametrize("change", [-0.0004, -0.0001])
def test_a_small_fall_has_no_minus_either(change: float) -> None:
    assert numbers.change(finding(change=change)) == "+0.0 pp"


def test_an_interval_has_two_ends_or_is_left_out() -> None:
    assert numbers.interval(finding(interval=(-0.01, 0.084))) == "-1.0 pp to +8.4 pp"
    assert numbers.interval(finding(interval=(0.0, 0.5), unit="usd")) == "+0.0 % to +50.0 %"
    assert numbers.interval(finding(interval=None, unit="ms")) == ""


@pytest.mark.parametrize(
    ("limit", "unit", "text"),
    [
        (0.01, "rate", "+1.0 pp"),
        (1.25, "ms", "+25 %"),
        (1.1, "usd", "+10 %"),
        (0.0, "rate", "+0.0 pp"),
    ],
)
def test_a_limit_is_what_the_policy_allows(limit: float, unit: str, text: str) -> None:
    assert numbers.limit(finding(limit=limit, unit=unit)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0000"),
        (0.05, "0.0500"),
        (0.0001, "0.0001"),
        (0.00009, "< 0.0001"),
        (0.0, "< 0.0001"),
    ],
)
def test_a_p_value_has_four_digits(value: float, text: str) -> None:
    assert numbers.p_value(value) == text


def test_every_metric_of_the_policy_has_a_name() -> None:
    assert set(numbers.METRIC_NAMES) == set(FINDING_IDS.values())
