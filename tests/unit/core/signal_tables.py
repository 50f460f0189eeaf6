"""Labelled outputs for the tests of calibration, with only what a test is about left to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from scipy.special import ndtr

from gate.core.signal_table import SignalTable

_MISSING = float("nan")


def labels(marks, *, segments=None, cluster=None, **signals):
    """Labels from marks: `.` was accepted, `x` overridden.

    A segment is a letter a label, `segments="aab"` is tag=a, tag=a, tag=b; a signal is one number
    for all labels or one for each, None where it is not known.
    """
    rows = len(marks)
    return SignalTable(
        signals={name: _column(values, rows) for name, values in signals.items()},
        overridden=np.array([mark == "x" for mark in marks], dtype=np.float64),
        segments=({},) * rows if segments is None else tuple({"tag": each} for each in segments),
        cluster=np.arange(rows) if cluster is None else np.array(cluster),
    )


def _column(values, rows):
    each = [values] * rows if isinstance(values, (int, float)) else values
    return np.array([_MISSING if value is None else value for value in each], dtype=np.float64)


def rows_of(table):
    """Yield the signals, None where one is not known, and the segment of each label."""
    for row in range(table.rows):
        known = {name: column[row] for name, column in table.signals.items()}
        yield (
            {name: float(value) for name, value in known.items() if not np.isnan(value)},
            table.segments[row],
        )


def in_order(table, order):
    """The same labels in another order."""
    return SignalTable(
        signals={name: column[order] for name, column in table.signals.items()},
        overridden=table.overridden[order],
        segments=tuple(table.segments[row] for row in order),
        cluster=table.cluster[order],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Outputs whose chance of an override rises with the signal `text`; `size` says nothing."""

    base: float = -3.0  # log-odds where `text` is 0
    slope: float = 6.0  # that are added where it is 1
    size: int = 1  # labels of a cluster, which have one text
    segments: str = "ab"
    wrong: str = ""  # segments in which it falls as much
    apart: float = 0.0  # log-odds between one segment and the next

    def draw(self, rng, rows):
        """Label so many outputs."""
        cluster = np.arange(rows) // self.size
        text = rng.random(rows)[cluster]
        letters = rng.choice(list(self.segments), rows)[cluster]
        way = np.where(np.isin(letters, list(self.wrong)), -1.0, 1.0)
        place = np.array([self.segments.index(letter) for letter in letters])
        odds = way * (self.base + self.slope * text) + self.apart * place
        chance = 1 / (1 + np.exp(-odds))
        return labels(
            np.where(rng.random(rows) < chance, "x", "."),
            segments=letters,
            cluster=cluster,
            text=text,
            size=rng.random(rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewers:
    """Outputs whose chance of an override is known, and a proxy that states it."""

    size: int = 1  # labels of a cluster
    alike: float = 0.5  # correlation inside one, of the chances and of what reviewers do with them
    bent: float = 1.0  # what the proxy states is the chance to this power

    def draw(self, rng, rows):
        """Return what the proxy states, 1 for each override, and the cluster of each label."""
        cluster = np.arange(rows) // self.size
        risk, mood = (self._normal(rng, cluster) for _ in range(2))
        chance = 1 / (1 + np.exp(1 - 2 * risk))
        return chance**self.bent, (ndtr(mood) < chance).astype(np.float64), cluster

    def _normal(self, rng, cluster):
        shared, own = rng.standard_normal((2, len(cluster)))
        return self.alike**0.5 * shared[cluster] + (1 - self.alike) ** 0.5 * own


@st.composite
def tables(draw, *, most=25):
    """Any labels of both classes, on signals that may be missing."""
    rows = draw(st.integers(2, most))
    value = st.none() | st.sampled_from([0.0, 0.25, 1.0]) | st.floats(0, 1)
    column = st.lists(value, min_size=rows, max_size=rows)
    marks = draw(st.text(".x", min_size=rows - 2, max_size=rows - 2))
    return labels(
        f".x{marks}",
        segments=draw(st.text("ab", min_size=rows, max_size=rows)),
        cluster=draw(st.lists(st.integers(0, 6), min_size=rows, max_size=rows)),
        text=draw(column),
        size=draw(column),
        failure=draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=rows, max_size=rows)),
    )
