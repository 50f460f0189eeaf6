"""How numbers are written, in the unit of their finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.core.report import Finding

METRIC_NAMES = {
    "failure_rate": "failures",
    "override_rate": "overrides (proxy)",
    "latency_p95": "latency p95",
    "cost": "cost",
}


def metric_name(finding: Finding) -> str:
    """Name the metric; a latency by the quantile that was compared."""
    if finding.quantile is not None:
        return f"latency p{finding.quantile * 100:.0f}"
    return METRIC_NAMES[finding.metric]


def level(value: float, unit: str) -> str:
    """Write an old or a new value."""
    match unit:
        case "rate":
            return f"{value * 100:.1f} %"
        case "usd":
            return f"{value:.6f} USD"
        case "ms":
            return f"{value:.0f} ms"
    return f"{value:.1f} {unit}"


def change(finding: Finding) -> str:
    """Write the change, in points for rates and in per cent otherwise."""
    return signed(finding.change, finding.unit)


def interval(finding: Finding) -> str:
    """Write the 90 % interval of the change, whose ends are one-sided 95 % bounds."""
    if finding.interval is None:
        return ""
    low, high = finding.interval
    return f"{signed(low, finding.unit)} to {signed(high, finding.unit)}"


def limit(finding: Finding) -> str:
    """Write what the policy allows."""
    if finding.unit == "rate":
        return f"{finding.limit * 100:+.1f} pp"
    return f"{(finding.limit - 1) * 100:+.0f} %"


def signed(value: float, unit: str) -> str:
    """Write a change, in points for rates and in per cent otherwise."""
    shown = round(value * 100, 1) + 0.0  # no "-0.0"
    return f"{shown:+.1f} {'pp' if unit == 'rate' else '%'}"


def p_value_told(value: float) -> str:
    """Write a p-value as it stands in a sentence: "= 0.0123" or "< 0.0001"."""
    shown = p_value(value)
    return shown if shown.startswith("<") else f"= {shown}"


def p_value(value: float) -> str:
    """Write a p-value."""
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"  # noqa: PLR2004 -- four digits
