from __future__ import annotations

import pytest
from scipy import stats
from unit.core.builders import rows, scored

from gate.core.columns import columns_of
from gate.core.missing import Missing, count_missing, imputed_both_ways


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        pytest.param(rows(5), (0, 0, None), id="nothing-is-missing"),
        # All ten that are lost are new: mid-p 2^-11, two-sided 2^-10
        pytest.param(
            rows(10, ".", "", new_missing=1), (0, 10, 2**-10), id="ten-new-ones-of-ten-pairs"
        ),
        pytest.param(
            rows(10, "", ".", old_missing=1), (10, 0, 2**-10), id="ten-old-ones-of-ten-pairs"
        ),
        pytest.param(
            rows(5, ".", "", new_missing=1) + rows(5, "", ".", old_missing=1),
            (5, 5, 1.0),
            id="as-many-of-each",
        ),
        pytest.param(
            rows(3, "", "", old_missing=1, new_missing=1), (3, 3, 1.0), id="pairs-without-any"
        ),
        pytest.param(
            rows(3, ".", "", old_recorded=True, new_missing=1),
            (0, 3, None),
            id="a-baseline-never-misses-one",
        ),
        pytest.param(
            rows(3, ".", "", is_same=True, new_missing=1), (0, 3, None), id="one-trial-is-both"
        ),
        pytest.param(rows(3, "", "", new_missing=1), (0, 3, None), id="old-was-never-called"),
        pytest.param(rows(3, "", "", old_missing=1), (3, 0, None), id="new-was-never-called"),
        pytest.param(
            rows(4, ".", "", old_recorded=True, new_missing=1) + rows(5), (0, 4, None),
            id="none-where-both-were-called",
        ),
    ],
)  # fmt: skip
def test_missing_trials_are_counted_and_compared(cases, expected):
    old, new, p_value = expected
    found = count_missing(columns_of(cases))
    assert found == Missing(
        old=old, new=new, p_value=None if p_value is None else pytest.approx(p_value)
    )


def test_missing_trials_of_one_case_are_hypergeometric():
    # Of 10 old and 5 new calls 4 were lost, all of them new. Source: scipy.stats.hypergeom
    law = stats.hypergeom(15, 4, 5)
    found = count_missing(columns_of([scored("." * 10, ".", new_missing=4)]))
    assert found.p_value == pytest.approx(2 * (law.pmf(4) / 2))


def test_where_nothing_is_missing_there_is_no_other_world():
    assert imputed_both_ways(columns_of(rows(3, ".", ""))) == ()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(scored(".", "", new_missing=2), id="new-ones"),
        pytest.param(scored("", ".", old_missing=2), id="old-ones"),
        pytest.param(scored("", "", old_missing=1, new_missing=1), id="both"),
    ],
)
def test_the_two_worlds_are_those_that_are_furthest_apart(case):
    worse, better = imputed_both_ways(columns_of([case]))
    there = len(case.old) + len(case.new)
    for world, old, new in ((worse, 0, 1), (better, 1, 0)):
        assert set(world.failed[there:][~world.is_new[there:]]) <= {old}
        assert set(world.failed[there:][world.is_new[there:]]) <= {new}
        assert len(world.failed) == there + 2
        assert not world.missing_old.any()
        assert not world.missing_new.any()
