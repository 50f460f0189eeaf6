from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.segment_names import is_in_segment, segment_name

TAGS = {"channel": "email", "language": "de"}


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        pytest.param(["channel"], "channel=email", id="one-tag"),
        pytest.param(["channel", "language"], "channel=email & language=de", id="two-tags"),
        pytest.param(["language", "channel"], "language=de & channel=email", id="in-their-order"),
    ],
)
def test_a_segment_is_named_by_its_tags(wanted, name):
    assert segment_name(TAGS, wanted) == name


@pytest.mark.parametrize(
    ("tags", "segment", "expected"),
    [
        pytest.param(TAGS, None, True, id="all-cases"),
        pytest.param({}, None, True, id="all-cases-without-a-tag"),
        pytest.param(TAGS, "channel=email", True, id="its-own-value"),
        pytest.param(TAGS, "channel=chat", False, id="another-value"),
        pytest.param(TAGS, "topic=email", False, id="a-tag-that-it-lacks"),
        pytest.param(TAGS, "channel=email & language=de", True, id="both-values"),
        pytest.param(TAGS, "language=de & channel=email", True, id="both-values-turned-round"),
        pytest.param(TAGS, "channel=email & language=en", False, id="one-of-two"),
        pytest.param({"channel": "email"}, "channel=email & language=de", False, id="half-of-it"),
        pytest.param({}, "channel=email", False, id="no-tag"),
        pytest.param({"team": "R & D"}, "team=R & D", True, id="an-ampersand-in-a-value"),
        pytest.param({"team": "R"}, "team=R & D", False, id="a-value-cut-at-its-ampersand"),
        pytest.param({"a": "x=1"}, "a=x=1", True, id="an-equals-sign-in-a-value"),
        pytest.param({"a": "x=1", "b": "y"}, "a=x=1 & b=y", True, id="and-jointly"),
        pytest.param({"a": "x", "b": "y"}, "a=x=1 & b=y", False, id="the-value-before-it"),
        pytest.param({"channel": "email"}, "channel=mail", False, id="a-part-of-a-value"),
        pytest.param({"channel": "email"}, "", False, id="a-name-of-nothing"),
        pytest.param({"channel": ""}, "channel=", True, id="an-empty-value"),
    ],
)
def test_a_case_is_in_a_segment_that_its_tags_name(tags, segment, expected):
    assert is_in_segment(tags, segment) is expected


PLAIN = st.text("abc=", max_size=4)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), PLAIN, min_size=1), st.data())
def test_a_case_is_in_every_segment_that_is_named_by_its_tags(tags, data):
    wanted = data.draw(st.lists(st.sampled_from(sorted(tags)), min_size=1, unique=True))
    assert is_in_segment(tags, segment_name(tags, wanted))
