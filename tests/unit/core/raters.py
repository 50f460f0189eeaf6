"""Raters and reviewers of items, as tables and letters."""

from __future__ import annotations

from hypothesis import strategies as st

CELLS = ((0, 0), (0, 1), (1, 0), (1, 1))


def raters(table):
    """Two raters whose decisions make this table, a row a category of the first."""
    cells = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [first for first, _ in cells], [second for _, second in cells]


def reviewed(*items):
    """Decisions by item, a letter a reviewer: `o` overridden, `k` kept, `.` not seen."""
    return [
        (item, reviewer, mark == "o")
        for item, marks in enumerate(items)
        for reviewer, mark in enumerate(marks)
        if mark != "."
    ]


# What two raters said of each item.
decided = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1)
