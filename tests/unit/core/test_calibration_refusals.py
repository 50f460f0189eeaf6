"""How often a proxy is refused, by what the labels know. Draws are seeded."""

from __future__ import annotations

import numpy as np
import pytest
from unit.core.signal_tables import World

from gate.core.calibration import calibrate, refusals, too_few

DRAWS = 100


def reasons(world, rows):
    """Why a proxy is refused in each draw, of those with enough labels."""
    tables = [world.draw(np.random.default_rng(seed), rows) for seed in range(DRAWS)]
    enough = [table for table in tables if not too_few(table)]
    assert len(enough) > 0.9 * DRAWS
    return [" ".join(refusals(calibrate(table))) for table in enough]


def share(found, reason):
    """Return the share of the draws with a reason."""
    return sum(reason in each for each in found) / len(found)


@pytest.mark.parametrize(
    ("world", "rows"),
    [
        pytest.param(World(base=-1.0, slope=0.0), 60, id="few-labels"),
        pytest.param(World(base=-1.0, slope=0.0), 200, id="more-labels"),
        pytest.param(World(base=-1.0, slope=0.0, size=5), 300, id="clusters"),
        pytest.param(World(base=-2.0, slope=0.0, segments="abcde"), 200, id="five-segments"),
    ],
)
def test_a_proxy_of_noise_is_refused(world, rows):
    assert share(reasons(world, rows), "not shown to rank better than a coin") >= 0.95


@pytest.mark.parametrize(
    ("world", "rows"),
    [
        pytest.param(World(slope=6.0), 150, id="one-that-tells-much"),
        pytest.param(World(base=-2.0, slope=4.0), 300, id="one-that-tells-something"),
        pytest.param(World(slope=6.0, size=5), 300, id="clusters"),
        pytest.param(World(slope=6.0, segments="abcd", apart=0.5), 300, id="segments-differ"),
    ],
)
def test_a_good_proxy_is_never_refused(world, rows):
    assert not any(reasons(world, rows))


def test_a_proxy_that_only_tells_segments_apart_is_refused():
    world = World(base=-2.0, slope=0.0, apart=2.5)
    assert share(reasons(world, 200), "not shown to tell outputs apart, but segments") >= 0.9


def test_a_proxy_that_runs_the_wrong_way_in_a_segment_is_refused():
    world = World(segments="abcd", wrong="d")
    found = reasons(world, 400)
    assert share(found, "runs the wrong way in tag=d") >= 0.99
    assert share(found, "runs the wrong way in tag=a") == 0
