from __future__ import annotations

import numpy as np
import pytest
from unit.core.builders import measured, score, scored

from gate.core import metrics


def test_trials_are_laid_out_case_by_case():
    found = metrics.samples_of([scored(".x", "x"), scored(".", "..")], metrics.failure)
    np.testing.assert_array_equal(found.case, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(found.is_new, [False, False, True, False, True, True])
    np.testing.assert_array_equal(found.value, [0, 1, 1, 0, 0, 0])


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param([], id="no-case"),
        pytest.param([scored("", "")], id="no-trial"),
        pytest.param(measured("cost_usd", [([1.0], [1.0, None])]), id="one-trial-lacks-it"),
    ],
)
def test_what_was_not_measured_everywhere_was_not_measured(cases):
    assert metrics.samples_of(cases, metrics.usd) is None


def test_only_cases_with_both_sides_are_compared():
    cases = [scored(".", "x"), scored("", "x"), scored(".", ""), scored("", "")]
    assert metrics.two_sided(cases) == cases[:1]


@pytest.mark.parametrize(
    ("read", "given", "value"),
    [
        pytest.param(metrics.failure, score("x"), 1.0, id="a-failure"),
        pytest.param(metrics.failure, score("."), 0.0, id="no-failure"),
        pytest.param(metrics.override, score(override=0.3), 0.3, id="an-override"),
        pytest.param(metrics.usd, score(cost_usd=0.5), 0.5, id="a-cost"),
        pytest.param(metrics.usd, score(), None, id="no-cost"),
        pytest.param(metrics.tokens, score(tokens=7), 7.0, id="tokens"),
        pytest.param(metrics.tokens, score(tokens=0), 0.0, id="no-token-is-a-number"),
        pytest.param(metrics.tokens, score(), None, id="tokens-unknown"),
        pytest.param(metrics.latency, score(latency_ms=5.0), 5.0, id="a-latency"),
        pytest.param(metrics.latency, score(), None, id="no-latency"),
    ],
)
def test_a_metric_reads_one_number_of_a_score(read, given, value):
    assert read(given) == value
