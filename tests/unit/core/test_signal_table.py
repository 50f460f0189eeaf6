from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from unit.core.signal_tables import labels, tables

SEGMENTS = (
    {"channel": "email", "lang": "de"},
    {"lang": "de", "channel": "email"},
    {"channel": "chat"},
    {"channel": "email"},
    {},
)
TABLE = labels("..x.x", text=[0.1, 0.2, None, 0.4, 0.5], cluster=[7, 7, 8, 9, 9])
TABLE = type(TABLE)(
    signals=TABLE.signals, overridden=TABLE.overridden, segments=SEGMENTS, cluster=TABLE.cluster
)


def test_a_mask_keeps_whole_rows():
    kept = TABLE.only(np.array([False, True, True, False, True]))
    assert kept.rows == 3
    assert kept.signals["text"] == pytest.approx([0.2, float("nan"), 0.5], nan_ok=True)
    assert kept.overridden.tolist() == [0, 1, 1]
    assert kept.segments == (SEGMENTS[1], SEGMENTS[2], SEGMENTS[4])
    assert kept.cluster.tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("smallest", "names"),
    [
        pytest.param(1, ["channel=chat", "channel=email", "lang=de"], id="all-by-name"),
        pytest.param(2, ["channel=email", "lang=de"], id="two-labels-are-two"),
        pytest.param(3, ["channel=email"], id="counted-over-all-combinations"),
        pytest.param(4, [], id="none-is-so-large"),
    ],
)
def test_segments_count_their_labels(smallest, names):
    assert TABLE.segment_names(smallest) == names


def test_members_are_the_labels_of_a_segment():
    found = TABLE.members(["channel=email", "lang=de", "lang=fr"])
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "channel=email": [True, True, False, True, False],
        "lang=de": [True, True, False, False, False],
        "lang=fr": [False] * 5,
    }


def test_a_stratum_is_a_combination_of_tags_in_any_order():
    assert TABLE.strata().tolist() == [0, 0, 1, 2, 3]


@given(tables())
def test_a_label_is_a_member_of_each_of_its_segments(table):
    names = table.segment_names(1)
    members = table.members(names)
    for row, segment in enumerate(table.segments):
        mine = {f"{tag}={value}" for tag, value in segment.items()}
        assert {name for name in names if members[name][row]} == mine
