from __future__ import annotations

import numpy as np
import pytest
from unit.core.builders import rows, scored

from gate.core.columns import columns_of
from gate.core.policy import Policy
from gate.core.segments import judgeable, segments_of

WEB, FAX = {"channel": "web"}, {"channel": "fax"}


def names_of(tags, by):
    return {name: np.flatnonzero(mask).tolist() for name, mask in segments_of(tags, by).items()}


@pytest.mark.parametrize(
    ("tags", "by", "expected"),
    [
        pytest.param(
            [{"channel": "web", "lang": "de"}, WEB, {"lang": "de"}],
            [("lang",), ("channel",), ("tier",)],
            {"channel=web": [0, 1], "lang=de": [0, 2]},
            id="one-tag-each-by-name",
        ),
        pytest.param(
            [
                {"channel": "web", "lang": "de"},
                {"channel": "web", "lang": "en"},
                {"channel": "web", "lang": "de", "tier": "1"},
                WEB,
            ],
            [("channel", "lang")],
            {"channel=web & lang=de": [0, 2], "channel=web & lang=en": [1]},
            id="several-tags-jointly",
        ),
        pytest.param(
            [{"channel": "web", "lang": "de"}],
            [("channel",), ("channel", "lang")],
            {"channel=web": [0], "channel=web & lang=de": [0]},
            id="one-tag-and-two",
        ),
        pytest.param(
            [{"a": "x=1", "b": "y"}, {"a": "x", "b": "y"}],
            [("a", "b")],
            {"a=x=1 & b=y": [0], "a=x & b=y": [1]},
            id="a-value-with-an-equals-sign",
        ),
        pytest.param(
            [{"team": "R & D"}, {"team": "R"}],
            [("team",)],
            {"team=R": [1], "team=R & D": [0]},
            id="a-value-with-an-ampersand",
        ),
        pytest.param([WEB], [], {}, id="grouped-by-nothing"),
        pytest.param([{}, {}], [("channel",)], {}, id="no-tag-at-all"),
    ],
)
def test_segments_group_cases_by_the_values_of_their_tags(tags, by, expected):
    found = names_of(tags, by)
    assert found == expected
    assert list(found) == sorted(found)


def able(cases, alpha, *, by=(("channel",),), planned_new=0, **more):
    columns = columns_of(cases, planned_new=planned_new)
    return judgeable(segments_of(columns.tags, by), columns, alpha, Policy(**more))


@pytest.mark.parametrize(
    ("cases", "least"),
    [
        # The mid-p is half of the product over the cases of 1 / C(k_old + k_new, k_new)
        pytest.param(rows(1, segment=WEB), 1 / 4, id="one-pair-of-trials"),
        pytest.param(rows(5, segment=WEB), 1 / 64, id="five-pairs"),
        pytest.param(rows(1, "..", "..", segment=WEB), 1 / 12, id="one-of-six-ways"),
        pytest.param(
            [scored("." * 10, "...", segment=WEB), scored("..", ".", segment=WEB)],
            1 / (2 * 286 * 3),  # C(13, 3) = 286, C(3, 1) = 3
            id="unequal-numbers-of-trials",
        ),
        pytest.param(
            [scored("..", "", segment=WEB, old_missing=2, new_missing=1)],
            1 / 10,  # C(5, 1) = 5
            id="missing-trials-could-have-been-there",
        ),
        pytest.param(
            [scored("....", "", segment=WEB, old_recorded=True)],
            1 / 10,  # C(5, 1) = 5; one new trial at least is planned
            id="recorded-trials-are-all-there-will-be",
        ),
        pytest.param(
            rows(3, segment=WEB) + rows(40, segment=WEB, is_same=True),
            1 / 16,
            id="cases-that-ask-the-same-cannot-fail",
        ),
        pytest.param(rows(40, segment=WEB, is_same=True), 1 / 2, id="nor-can-they-alone"),
    ],
)
def test_a_segment_is_judged_if_its_smallest_p_value_is_within_alpha(cases, least):
    assert able(cases, least * 1.0001) == ["channel=web"]
    assert able(cases, least * 0.9999) == []
    # An exact p-value counts the whole probability of what was observed, not half of it.
    assert able(cases, least * 2.0001, exact=True) == ["channel=web"]
    assert able(cases, least * 1.9999, exact=True) == []


def test_the_plan_counts_and_not_what_is_here():
    # Planned 3 new and, called live, 3 old ones: C(6, 3) = 20
    live = [scored("", "", segment=WEB)]
    assert able(live, 1 / 39, planned_new=3) == ["channel=web"]
    assert able(live, 1 / 41, planned_new=3) == []
    # One recorded old trial stays one: C(4, 3) = 4
    recorded = [scored(".", "", segment=WEB, old_recorded=True)]
    assert able(recorded, 1 / 7.9, planned_new=3) == ["channel=web"]
    assert able(recorded, 1 / 8.1, planned_new=3) == []


@pytest.mark.parametrize(
    ("sizes", "alpha", "expected"),
    [
        # Smallest p-values of 2, 4, 6, 8 cases: 1/8, 1/32, 1/128, 1/512
        pytest.param([8, 2, 2, 2], 1 / 400, ["s=0"], id="those-that-cannot-fail-share-nothing"),
        pytest.param([8, 8], 1 / 255, ["s=0", "s=1"], id="two-share-it-by-halves"),
        pytest.param([8, 8], 1 / 257, [], id="two-that-reach-alpha-but-not-its-half"),
        pytest.param([8, 6, 6], 1 / 100, ["s=0"], id="half-of-alpha-leaves-one-for-all-of-it"),
        pytest.param([8, 8, 6], 1 / 127, ["s=0", "s=1"], id="three-at-all-of-it-two-at-half"),
        pytest.param([8, 8, 8, 4], 3 / 511, ["s=0", "s=1", "s=2"], id="a-third-each"),
        pytest.param([], 0.05, [], id="no-segment"),
    ],
)
def test_segments_share_alpha_with_those_alone_that_could_fail(sizes, alpha, expected):
    cases = [
        case for number, size in enumerate(sizes) for case in rows(size, segment={"s": str(number)})
    ]
    assert able(cases, alpha, by=[("s",)]) == expected


def test_for_a_population_the_clusters_of_a_segment_count():
    # 4 clusters of 3 cases: all signs up have probability 1/16, half of it is 1/32
    cases = [case for thread in "abcd" for case in rows(3, segment=FAX, cluster=thread)]
    cases += rows(9, segment=FAX, cluster="e", is_same=True)  # it cannot rise
    assert able(cases, 1 / 32, scope="population") == ["channel=fax"]
    assert able(cases, 1 / 33, scope="population") == []
    assert able(cases, 1 / 16, scope="population", exact=True) == ["channel=fax"]
    assert able(cases, 1 / 17, scope="population", exact=True) == []
    assert able(cases, 1 / 8000) == ["channel=fax"]  # 12 cases by themselves: 1/8192
