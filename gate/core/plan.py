"""In which order trials are asked for, and when they are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gate.core.sequential import LOOKS, information

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.core.columns import Ints


def stratified_order(
    tags: Sequence[Mapping[str, str]],
    by: Sequence[tuple[str, ...]],
    *,
    seed: int,
    added: Sequence[bool] = (),
) -> list[int]:
    """Return the cases in a random order whose every beginning holds each segment's share.

    Args:
        tags: Of each case.
        by: The tags that segments are made of.
        seed: Of the order.
        added: Which cases the base does not know; they come after the others in `tags`, and leave
            the order of those as it is. Empty: none.

    Returns:
        Indices of `tags`. The j-th of a segment's n cases, in random order, stands about where
        the share j / n of all cases does.
    """
    wanted = sorted({tag for names in by for tag in names})
    strata: dict[tuple[bool, tuple[str | None, ...]], list[int]] = {}
    for index, each in enumerate(tags):
        is_added = bool(added) and added[index]
        strata.setdefault((is_added, tuple(each.get(tag) for tag in wanted)), []).append(index)
    rng = np.random.default_rng(seed % 2**63)
    place = np.empty(len(tags))
    for members in strata.values():
        drawn = rng.permutation(members)
        place[drawn] = (np.arange(len(members)) + rng.random(len(members))) / len(members)
    order: list[int] = np.argsort(place, kind="stable").tolist()
    return order


def look_ends(cases: int, repeats: int, *, looks: int = LOOKS) -> list[int]:
    """Return after how many of the cases x repeats pairs of trials each look comes.

    The looks are as far apart as whole pairs allow; a plan of few pairs has fewer looks.
    """
    pairs = cases * repeats
    return sorted({-(-pairs * (number + 1) // looks) for number in range(looks)})


def look_times(order: Sequence[int], ends: Sequence[int], recorded: Ints) -> tuple[float, ...]:
    """Return the information at each look as a share of the plan's.

    Args:
        order: In which the cases are asked, one repeat after the other.
        ends: From `look_ends`.
        recorded: Old trials of each case that are there from the start; 0: each new trial comes
            with an old one. Shape (N,).
    """
    seen = []
    for end in ends:
        new = trials_by(order, end)
        old = np.where(recorded > 0, recorded, new)
        seen.append(information(old, new))
    return tuple(each / seen[-1] for each in seen)


def trials_by(order: Sequence[int], end: int) -> Ints:
    """Return the new trials of each case among the first `end` pairs; shape (N,)."""
    passes, rest = divmod(end, len(order))
    trials = np.full(len(order), passes, dtype=np.int64)
    trials[np.asarray(order[:rest], dtype=np.int64)] += 1
    return trials
