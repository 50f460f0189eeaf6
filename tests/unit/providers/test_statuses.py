from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.providers.statuses import retry_after_s


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("0", 0.0, id="at-once"),
        pytest.param("7", 7.0, id="seconds"),
        pytest.param("0.25", 0.25, id="parts-of-a-second"),
        pytest.param(" 7 ", 7.0, id="spaces"),
        pytest.param(None, None, id="absent"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="a-word"),
        pytest.param("-1", None, id="negative"),
        pytest.param("nan", None, id="not-a-number"),
        pytest.param("inf", None, id="for-ever"),
        pytest.param("86400", None, id="a-day"),
        pytest.param("1e400", None, id="too-large-for-a-float"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", None, id="a-date-that-has-passed"),
        pytest.param("Wed, 99 Oct 2015 99:28:00 GMT", None, id="no-such-date"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 +99999999999", None, id="no-such-zone"),
    ],
)
def test_retry_after_is_read_or_left(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value) == seconds


def test_a_date_in_a_header_is_so_many_seconds_from_now() -> None:
    found = retry_after_s(formatdate(time.time() + 100, usegmt=True))
    assert found is not None
    assert 90 < found <= 100


@given(st.text() | st.text(alphabet="0123456789 :,+-JanFebMonTueGMTe.", max_size=40))
@example("Wed, 21 Oct 0000 07:28:00 GMT")
@example("Wed, 21 Oct 9999 23:59:59 -2359")
def test_no_header_breaks_the_reader_or_asks_for_a_day(value: str) -> None:
    found = retry_after_s(value)
    assert found is None or 0 <= found < 86_400
