from __future__ import annotations

import pytest

from gate.core.paths import ABSENT, value_at

VALUE = {"queue": "billing", "items": [{"id": 7}, {"id": None}], "2": "two", "a.b": 1}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param(None, VALUE, id="no-path-is-the-whole-value"),
        pytest.param("", VALUE, id="an-empty-path-is-the-whole-value"),
        pytest.param("queue", "billing", id="a-key"),
        pytest.param("items.0.id", 7, id="into-a-list"),
        pytest.param("items.1.id", None, id="null-is-there"),
        pytest.param("2", "two", id="a-number-may-be-a-key"),
        pytest.param("items.2", ABSENT, id="behind-the-end"),
        pytest.param("items.-1", ABSENT, id="no-counting-from-the-end"),
        pytest.param("items.id", ABSENT, id="a-name-into-a-list"),
        pytest.param("queue.0", ABSENT, id="into-a-text"),
        pytest.param("nothing", ABSENT, id="no-such-key"),
        pytest.param("a.b", ABSENT, id="a-dot-always-divides"),
        pytest.param("items..id", ABSENT, id="an-empty-step"),
    ],
)
def test_a_path_leads_to_a_value_or_to_nothing(path, found):
    assert value_at(VALUE, path) is found or value_at(VALUE, path) == found


def test_nothing_is_not_null():
    assert value_at({}, "a") is not None
    assert repr(value_at({}, "a")) == "(absent)"
