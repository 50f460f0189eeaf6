from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from gate.core.shard import Shard


@given(st.sets(st.text()), st.integers(1, 12))
@example(set(), 3)
def test_every_case_is_in_exactly_one_part_and_parts_are_alike_in_size(ids, count) -> None:
    parts = [Shard(index=index, count=count).part_of(ids) for index in range(1, count + 1)]
    assert sorted(case_id for part in parts for case_id in part) == sorted(ids)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_cases_are_dealt_out_by_the_digest_of_their_ids() -> None:
    # printf '"a"' | sha256sum, and so on: d 3fa5…, c 8799…, a ac8d…, b c100…
    assert Shard(index=1, count=2).part_of("abcd") == {"d", "a"}
    assert Shard(index=2, count=2).part_of("dcba") == {"c", "b"}
    assert str(Shard(index=2, count=8)) == "2/8"
