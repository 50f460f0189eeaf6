"""Whether labels that are newer than a calibrated proxy still fit it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.core.label import seconds_of
from gate.core.proxy_fit import proxy_fit
from gate.flow.labelled import LabelledCases, LabelledOutputs
from gate.reports import numbers

if TYPE_CHECKING:
    from gate.flow.change import SuiteChange


def drift_of_proxy(change: SuiteChange) -> list[str]:
    """Say that reviewers decide otherwise by now than the proxy expects; nothing if it fits.

    The labels are those that are newer than the newest that it was fitted on, of cases that are
    still there. One that listens to a judge is not held against them: asking it would cost calls.
    """
    calibration, suite = change.suite.calibration, change.suite
    if calibration is None or change.labels is None or "judge" in calibration.proxy.names:
        return []
    since = seconds_of(calibration.fitted_on.newest or calibration.fitted_at)
    known = {case.case_id for case in change.cases}
    newer = tuple(
        label
        for label in change.labels.rows
        if label.at_s > since and (label.case_id is None or label.case_id in known)
    )
    if not newer:
        return []
    labels = replace(change.labels, rows=newer)
    outputs = LabelledOutputs(
        labels,
        LabelledCases(change.cases, labels, suite.labels or "", suite.name),
        rules=suite.rules,
        baseline=change.old.baseline,
    )
    found = proxy_fit(calibration.proxy, outputs.table(None))
    if found is None or found.fits:
        return []
    return [
        f"suite {suite.name}: {found.labels} labels are newer than the override proxy, and it does "
        f"not fit them (p {numbers.p_value_told(found.p_value)}): it expects "
        f"{numbers.level(found.predicted, 'rate')} overridden, reviewers overrode "
        f"{numbers.level(found.overridden, 'rate')}; next: gate calibrate {suite.name} "
        f"{suite.labels}"
    ]
